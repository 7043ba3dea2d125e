"""What the tests of watching share: a film in the bucket, a recording made of silence, and a line that can be cut."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from playwright.sync_api import BrowserContext, Page, Route

from courses.models import Course, Lesson
from tests import build
from tests.browser.stage import Stage

FILM = Path(settings.BASE_DIR) / "sandbox/library/assets/courses/reading-the-tide/two-bulges.mp4"
WORDS = b"WEBVTT\n\n00:00.000 --> 00:30.000\nThe moon pulls.\n"
# Forty seconds of MPEG layer III frames in which nothing is said.
RECORDING = (b"\xff\xfb\x90\x64" + bytes(413)) * 1536
CHAPTERS = "0:00 One bulge\n0:10 Another\n0:24 A day and fifty minutes"
NOW = "document.querySelector('video, audio').currentTime"
SOURCE = "document.querySelector('video, audio').src"
PLAYING = "() => { const v = document.querySelector('video, audio'); return !v.paused && v.readyState > 2 && v.currentTime > %s }"


def film(stage: Stage, of: Course | None = None, **fields: object) -> Lesson:
    """A lesson with a film of 32 seconds and English captions, their bytes in the bucket."""
    values = {"title": "Two bulges", "slug": "bulges", "seconds": 32, "chapters": CHAPTERS}
    return filmed(stage, build.lesson(of, **values | fields), "video/mp4", FILM.read_bytes())


def recording(stage: Stage, of: Course | None = None, **fields: object) -> Lesson:
    values = {"title": "Wind", "slug": "wind", "seconds": 40, "chapters": "0:00 Wind\n0:20 Water"}
    return filmed(stage, build.lesson(of, **values | fields), "audio/mpeg", RECORDING)


def filmed(stage: Stage, lesson: Lesson, content_type: str, body: bytes) -> Lesson:
    parts = (("Film", "media", content_type, body), ("English", "captions", "text/vtt", WORDS))
    for name, role, kind, content in parts:
        file = build.file(lesson, name=name, role=role, language="en")
        file.versions.update(content_type=kind)
        stage.store(file, content)
    return lesson


def play(page: Page, *, beyond: float = 0) -> None:
    page.locator(".player-start").click()
    page.wait_for_function(PLAYING % beyond)


def jump(page: Page, second: float) -> None:
    page.evaluate(f"document.querySelector('video, audio').currentTime = {second}")
    page.wait_for_function(f"() => {NOW} >= {second} && !document.querySelector('video, audio').seeking")


@dataclass
class Line:
    """The way from a browser to the site and the bucket: it carries a film's beginning, and the rest when told to `flow`; it can be cut."""

    context: BrowserContext
    bucket: str
    piece: int = 120_000
    is_cut: bool = False
    is_slow: bool = True
    waiting: list[Route] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.route(re.compile("/files/|/progress/"), self.site)
        self.context.route(f"{self.bucket}/**", self.carry)

    def site(self, route: Route) -> None:
        route.abort("internetdisconnected") if self.is_cut else route.continue_()

    def carry(self, route: Route) -> None:
        """Let the real bucket answer, and no more than a piece of what was asked for, as any server may."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", route.request.headers.get("range", ""))
        if self.is_cut:
            return route.abort("internetdisconnected")
        if asked is None:
            return route.continue_()
        if self.is_slow and int(asked[1]) >= self.piece:
            return self.waiting.append(route)
        last = int(asked[1]) + self.piece - 1
        last = min(last, int(asked[2])) if asked[2] else last
        answer = route.fetch(headers=route.request.headers | {"range": f"bytes={asked[1]}-{last}"})
        self.statuses.append(answer.status)
        return route.fulfill(response=answer)

    def flow(self) -> None:
        """Let through what has waited; the bucket looks at its address now."""
        self.is_slow = False
        waiting, self.waiting = self.waiting, []
        for route in waiting:
            self.carry(route)
