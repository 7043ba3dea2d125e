"""Watching in a real Chromium, with real bytes from the bucket through short-lived addresses."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as project
from playwright.sync_api import BrowserContext, Page, Route, expect

from accounts.models import User
from billing.models import Subscription
from courses.models import Download, Lesson, Progress
from tests import build
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILM = Path(project.BASE_DIR) / "sandbox/library/assets/courses/reading-the-tide/two-bulges.mp4"
WORDS = b"WEBVTT\n\n00:00.000 --> 00:30.000\nThe moon pulls.\n"
NOW = "document.querySelector('video').currentTime"
PLAYING = (
    "() => { const v = document.querySelector('video'); return !v.paused && v.readyState > 2 && v.currentTime > %s }"
)


@pytest.fixture
def lesson(stage: Stage) -> Lesson:
    lesson = build.lesson(title="Two bulges", slug="bulges", seconds=32)
    for name, role, content_type, body in (
        ("Film", "media", "video/mp4", FILM.read_bytes()),
        ("English", "captions", "text/vtt", WORDS),
    ):
        file = build.file(lesson, name=name, role=role, language="en")
        file.versions.update(content_type=content_type)
        stage.store(file, body)
    return lesson


@pytest.fixture
def watching(context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson) -> Page:
    page = context_for(subscriber).new_page()
    page.goto(lesson.get_absolute_url())
    return page


def play(page: Page, *, beyond: float) -> None:
    page.locator(".player-start").click()
    page.wait_for_function(PLAYING % beyond)


def test_7_a_member_goes_on_within_a_second_of_where_they_were(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson
) -> None:
    Progress.objects.create(user=subscriber, lesson=lesson, position=12.5)
    page = context_for(subscriber).new_page()
    page.goto("/")
    page.get_by_role("link", name=re.compile("Continue at 0:12")).click()
    assert not Download.objects.exists(), "nothing is minted before the click"
    play(page, beyond=12)
    assert 12 < page.evaluate(NOW) < 14
    cue = "() => [...document.querySelector('video').textTracks][0]?.cues?.length"
    page.evaluate("() => { document.querySelector('video').textTracks[0].mode = 'showing' }")
    page.wait_for_function(cue)


def test_8_the_place_is_kept_on_pausing_and_on_leaving(watching: Page, lesson: Lesson) -> None:
    play(watching, beyond=1)
    with watching.expect_response(re.compile("/progress/")) as saved:
        watching.keyboard.press("k")
    assert saved.value.status == 200
    watching.evaluate("document.querySelector('video').currentTime = 20")
    watching.wait_for_function(f"() => {NOW} >= 20 && !document.querySelector('video').seeking")
    watching.wait_for_timeout(300)
    watching.goto("/courses/")
    patience = time.monotonic() + 5
    while Progress.objects.get().position < 20 and time.monotonic() < patience:
        watching.wait_for_timeout(50)
    watching.goto(lesson.get_absolute_url())
    expect(watching.locator(".player-start")).to_have_text(re.compile("0:20"))


def test_11_an_address_that_fails_is_renewed_once_at_the_same_second(
    watching: Page, stage: Stage, subscriber: User, lesson: Lesson
) -> None:
    refused: list[str] = []

    def refuse_first(route: Route) -> None:
        if "video" in route.request.url and not refused:
            refused.append(route.request.url)
            route.fulfill(status=403, body="<Error/>")
        else:
            route.continue_()

    Progress.objects.create(user=subscriber, lesson=lesson, position=15)
    watching.reload()
    watching.route(f"{stage.bucket}/**", refuse_first)
    play(watching, beyond=15)
    assert refused
    assert 15 <= watching.evaluate(NOW) < 17
    expect(watching.locator(".player-note")).to_be_hidden()


def test_11_after_an_hours_pause_it_goes_on_at_the_same_second(watching: Page) -> None:
    watching.clock.install()
    watching.reload()
    play(watching, beyond=0.2)
    # The player is made to hold nothing more, as it would of a long film.
    watching.evaluate(
        "() => { const v = document.querySelector('video'); v.pause(); Object.defineProperty(v, 'buffered', {value: {length: 0}}) }"
    )
    at = watching.evaluate(NOW)
    watching.clock.fast_forward("01:00:00")
    old = watching.evaluate("document.querySelector('video').src")
    watching.evaluate("() => { document.querySelector('video').play() }")
    watching.wait_for_function("(old) => document.querySelector('video').src !== old", arg=old)
    watching.wait_for_function(PLAYING % at)
    assert at <= watching.evaluate(NOW) < at + 2
    assert Download.objects.filter(version__content_type="video/mp4").count() == 2


def test_a_member_whose_plan_ended_is_told_why(watching: Page, lesson: Lesson) -> None:
    Subscription.objects.update(status="canceled")
    watching.locator(".player-start").click()
    expect(watching.locator(".player-note")).to_contain_text("Your membership has ended. Your place is kept")
    expect(watching.locator(".player-note a")).to_have_attribute("href", lesson.course.get_absolute_url())


def test_9_keys_drive_the_player_and_are_silent_while_typing(watching: Page) -> None:
    play(watching, beyond=0)
    watching.keyboard.press("m")
    assert watching.evaluate("document.querySelector('video').muted")
    watching.keyboard.press("5")
    assert 15 < watching.evaluate(NOW) < 18
    watching.keyboard.press(">")
    assert watching.evaluate("document.querySelector('video').playbackRate") == 1.25
    watching.evaluate(
        "() => { const i = document.createElement('input'); document.querySelector('main').append(i); i.focus() }"
    )
    watching.keyboard.press("m")
    assert watching.evaluate("document.querySelector('video').muted")


def test_without_javascript_the_lesson_can_be_taken_along(
    context_for: Callable[..., BrowserContext], subscriber: User, lesson: Lesson
) -> None:
    page = context_for(subscriber, java_script_enabled=False, accept_downloads=True).new_page()
    page.goto(lesson.get_absolute_url())
    with page.expect_download() as arriving:
        page.get_by_role("link", name=re.compile("Download the lesson")).click()
    assert arriving.value.path().read_bytes() == FILM.read_bytes()
