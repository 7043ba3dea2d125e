"""The pages about links, on a phone, a tablet and at a desk, in light and dark: axe finds nothing, nothing scrolls sideways."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from courses import fetched, serving
from courses.models import Download, LimitReached, SharingSign
from courses.sources import source
from tests import build
from tests.browser.stage import Stage
from tests.browser.test_axe import RULES
from tests.courses.test_tracing import line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


@pytest.fixture
def scene(subscriber: User, newcomer: User) -> dict[str, Any]:
    """Links of two people to two titles, of which one was fetched from four networks."""
    now = datetime.now(UTC)
    files = [
        build.file(build.ebook(title=title), name=title)
        for title in ("The Book of Tides and of everything that is left by them", "Slack water")
    ]
    versions = [file.versions.select_related("file").get() for file in files]
    for number in range(8):
        here = source(f"10.{number}.0.5", AGENT)
        person = subscriber if number < 6 else newcomer
        serving.mint(person, versions[number % 2], Download.Purpose.PLAY, now=now, source=here)
    url = serving.mint(
        subscriber, versions[0], Download.Purpose.DOWNLOAD, now=now, source=source("203.0.113.9", AGENT)
    ).url
    fetched.take_in([line(url, at=now, address=f"198.51.{number}.7", sent=4) for number in range(4)], fetched.Report())
    SharingSign.objects.create(user=subscriber, networks=7, agents=1, sessions=1, addresses=4, seen_at=now)
    LimitReached.objects.create(user=subscriber, limit="FILES_PER_DAY", at=now)
    return {"url": url, "file": files[0], "person": subscriber}


def paste(page: Page, text: str) -> None:
    page.goto("/admin/courses/download/trace/")
    page.fill("#trace-text", text)
    page.click("text=Look it up")
    page.wait_for_load_state()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (768, "dark"), (1280, "light"), (320, "dark")])
def test_20_everybody_can_use_the_pages_about_links(
    context_for: Callable[..., BrowserContext],
    owner: User,
    scene: dict[str, Any],
    stage: Stage,
    width: int,
    scheme: str,
    settings: Any,
) -> None:
    page = context_for(owner, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    person, file = scene["person"].pk, scene["file"].pk
    paths = [
        "/admin/courses/download/live/",
        f"/admin/accounts/user/{person}/",
        f"/admin/accounts/user/{person}/shut-out/",
        f"/admin/accounts/user/{person}/lift/",
        f"/admin/accounts/user/{person}/sign-in-again/",
        f"/admin/courses/file/{file}/end-links/",
        f"/admin/courses/file/{file}/change/",
    ]
    visits: dict[str, Callable[[], object]] = {path: lambda path=path: page.goto(path) for path in paths}  # type: ignore[misc]
    altered = scene["url"].replace("X-Amz-Expires=120", "X-Amz-Expires=900")
    for name, text in {"works": scene["url"], "altered": altered, "nothing": "hello"}.items():
        visits[f"trace {name}"] = lambda text=text: paste(page, text)  # type: ignore[misc]
    found, sideways = {}, {}
    for name, visit in visits.items():
        visit()
        assert "reauthenticate" not in page.url
        found[name] = violations_of(page)
        sideways[name] = page.evaluate("document.documentElement.scrollWidth")
    reader = context_for(scene["person"], viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    settings.BUDGETS = settings.BUDGETS | {"TITLES_PER_DAY": 2}
    third = build.file(build.ebook())
    stage.store(third, b"%PDF-1.7")
    with reader.expect_response(lambda answer: answer.status == 429):
        reader.goto(third.get_absolute_url())
    expect(reader.get_by_role("heading", level=1)).to_have_text("A little slower, please")
    found["limit"], sideways["limit"] = violations_of(reader), reader.evaluate("document.documentElement.scrollWidth")
    assert {name: each for name, each in found.items() if each} == {}
    assert {name: wide for name, wide in sideways.items() if wide > width} == {}


def violations_of(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
