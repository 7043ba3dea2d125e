"""Every page of the shop, for whom it is made, in light and dark, from a phone to a desk: axe finds nothing, nothing is refused."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import BrowserContext

from accounts.models import User
from billing.models import Product
from courses.models import Progress, Topic
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
SAMPLE = "5a3b1e0c-0000-4000-8000-000000000001"
LOOKS = [(320, "light"), (1280, "dark")]
NOBODY = [
    "/",
    "/courses/",
    "/courses/?free=1&level=advanced",
    "/courses/?topic=tides&length=short",
    "/search/?q=tdie",
    "/ebooks/",
    "/topics/tides/",
    "/search/",
    "/search/?q=tide",
]
NOBODY += [
    "/search/?q=nothing-like-it",
    "/courses/tides/",
    "/courses/tides/watch/",
    "/courses/tides/read/",
    "/ebooks/slack/",
    "/gone/",
    f"/files/{SAMPLE}/read/",
]
SUBSCRIBER = [
    "/",
    "/library/",
    "/library/?kind=course",
    "/courses/tides/",
    "/courses/tides/watch/",
    "/courses/tides/hear/",
    "/courses/over/",
    "/courses/over/end/",
    "/ebooks/slack/",
    f"/files/{SAMPLE}/read/",
    "/plans/",
]
SUBSCRIBER += ["/account/", "/account/invoices/", "/account/downloads/"]
SUBSCRIBER += ["/downloads/course/tides/", "/downloads/ebook/slack/"]
NOBODY += ["/plans/", "/account/claim/", "/account/claim/ABCDE-FGHJK/"]
NEWCOMER = ["/library/", "/courses/tides/locked/", "/ebooks/slack/"]


@pytest.fixture
def shop(plan: Product, subscriber: User) -> None:
    """A shop with one of each thing that a page can show."""
    build.price(plan, trial_days=7)
    build.price(plan, unit_amount=12000, interval="year")
    topic = Topic.objects.create(name="Tides", slug="tides", description="When the water comes.")
    text = "# Words\n\nSome *text* with `code`.\n\n- one\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    course = build.course(
        title="Reading the tide", slug="tides", author="Tomas Penhale", summary="Tides.", description=text
    )
    book = build.ebook(title="Slack water", slug="slack", summary="A tide book.", description=text, level="beginner")
    free = build.ebook(title="Free", slug="free", access="free")
    for title in (course, book, free):
        title.topics.add(topic)
    watch = build.lesson(
        course, title="Watch the tide", slug="watch", seconds=95, preview=True, chapters="0:00 In\n1:00 Out"
    )
    build.file(watch, name="Film", role="media").versions.update(content_type="video/mp4")
    build.file(watch, name="English", role="captions", language="en").versions.update(content_type="text/vtt")
    build.file(watch, name="Worksheet")
    build.lesson(course, title="Read the tide", slug="read", body=text, preview=True)
    build.lesson(course, title="Locked", slug="locked", seconds=70)
    build.file(book, name="Slack water").versions.update(sha256="ab" * 32)
    build.file(book, name="Sample", role="sample", pk=SAMPLE)
    listen = build.lesson(course, title="Hear the tide", slug="hear", seconds=95)
    build.file(listen, name="Sound", role="media").versions.update(content_type="audio/mpeg")
    over = build.lesson(build.course(title="Over", slug="over"), title="The end", slug="end", body=text)
    Progress.objects.create(user=subscriber, lesson=over, completed_at=timezone.now())
    Progress.objects.create(user=subscriber, lesson=watch, position=40, updated_at=timezone.now() - timedelta(hours=1))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize(("who", "paths"), [("nobody", NOBODY), ("subscriber", SUBSCRIBER), ("newcomer", NEWCOMER)])
def test_20_everybody_can_use_every_page(
    request: pytest.FixtureRequest,
    context_for: Callable[..., BrowserContext],
    shop: None,
    now: datetime,
    who: str,
    paths: list[str],
    width: int,
    scheme: str,
) -> None:
    person = None if who == "nobody" else request.getfixturevalue(who)
    page = context_for(person, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    refused: list[str] = []
    page.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.on("pageerror", lambda error: refused.append(str(error)))
    found = {}
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500
        violations = Axe().run(page, options=RULES).response["violations"]
        # The other scheme changes colours alone.
        page.emulate_media(color_scheme="light" if scheme == "dark" else "dark", reduced_motion="reduce")
        violations += page.evaluate("axe.run(document, {runOnly: ['color-contrast']})")["violations"]
        page.emulate_media(color_scheme=scheme)
        found[path] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{path} scrolls sideways at {width}"
        )
    assert {path: each for path, each in found.items() if each} == {}
    assert refused == []
