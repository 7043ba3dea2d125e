"""Downloading in a real Chromium: one click, names in any script, the page that stays, and every file of a title by one click."""

import itertools
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from billing.models import Subscription
from courses import storage
from courses.models import Course, Download, File
from tests import build
from tests.browser.stage import Stage
from tests.browser.test_axe import LOOKS, RULES
from tests.clients import put, replace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BODY = random.Random(1).randbytes(600_000)
NAMES = [
    "Приливы и отливы",
    "潮の本",
    "मराठी ज्वार",
    "كتاب المد",
    "🌊 Tides 🌊 👩‍🔬",
    "She said \"tides\" & 'ebbs'",
    "a/b\\c: 50% <off>; x=1, y*",
    "tide\u202efdp.exe",
    "..\u2028hidden\r\nX-Evil: 1",
    "潮" * 300,
    "con",
]


@pytest.fixture
def file(stage: Stage, subscriber: User) -> File:
    made = build.file(build.ebook(title="Slack water", slug="slack"), name="Slack water")
    put(made.versions.get(), BODY)
    return made


@pytest.fixture
def member(context_for: Callable[..., BrowserContext], subscriber: User) -> Page:
    return context_for(subscriber, accept_downloads=True).new_page()


def click(page: Page) -> Any:
    """Click the first download of the page that is open, and return what arrives."""
    with page.expect_download() as arriving:
        page.get_by_role("link", name=re.compile("^Download")).first.click()
    return arriving.value


@pytest.mark.parametrize("name", NAMES, ids=[f"{number}" for number in range(len(NAMES))])
def test_13_one_click_saves_the_file_under_a_readable_name(member: Page, file: File, name: str) -> None:
    File.objects.update(name=name[:255])
    member.goto("/ebooks/slack/")
    saved = click(member)
    # Chromium alone puts an underscore for what joins two emoji into one.
    assert saved.suggested_filename == storage.download_name(name[:255], "application/pdf").replace("\u200d", "_")
    assert saved.path().read_bytes() == BODY
    assert Download.objects.count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_that_stays_says_what_came_and_starts_it_again(
    context_for: Callable[..., BrowserContext], subscriber: User, file: File, scripts: bool
) -> None:
    page = context_for(subscriber, accept_downloads=True, java_script_enabled=scripts).new_page()
    page.goto("/ebooks/slack/")
    click(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your download has started")
    expect(page.locator(".sum")).to_have_text(file.versions.get().sha256)
    with page.expect_download() as again:
        page.get_by_role("link", name="Start it again").click()
    assert again.value.path().read_bytes() == BODY
    expect(page.get_by_label("The address to keep or pass on")).to_have_value(page.url)
    page.get_by_role("link", name="Back to Slack water").click()
    assert page.url.endswith("/ebooks/slack/")


def test_starting_again_gives_the_same_version_though_it_was_replaced_meanwhile(member: Page, file: File) -> None:
    member.goto("/ebooks/slack/")
    click(member)
    replace(file, BODY[::-1])
    with member.expect_download() as again:
        member.get_by_role("link", name="Start it again").click()
    assert again.value.path().read_bytes() == BODY


def test_an_address_from_the_history_leads_to_a_fresh_file_or_to_the_offer_and_never_to_xml(
    member: Page, file: File
) -> None:
    with member.expect_download() as arriving:
        member.goto(file.get_absolute_url())
    assert arriving.value.path().read_bytes() == BODY
    member.goto("/ebooks/slack/")
    Subscription.objects.update(status="canceled")
    member.go_back()
    expect(member.get_by_role("heading", level=1)).to_contain_text("not open to you")


def test_an_object_that_is_gone_is_said_in_our_words(member: Page, stage: Stage, file: File) -> None:
    storage.delete_object(file.versions.get().key)
    member.goto("/ebooks/slack/")
    member.get_by_role("link", name=re.compile("^Download")).first.click()
    expect(member.get_by_role("heading", level=1)).to_have_text("This file cannot be reached right now")
    assert member.url.startswith(stage.site)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_20_everybody_can_use_the_page_that_stays(
    context_for: Callable[..., BrowserContext], subscriber: User, file: File, width: int, scheme: str
) -> None:
    page = context_for(subscriber, viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto("/ebooks/slack/")
    click(page)
    page.locator("summary").click()
    assert Axe().run(page, options=RULES).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# --- Every file by one click ------------------------------------------------------------------

# The folder that a reader would choose: the browser's own file system for this site, which needs no dialog.
FOLDER = "window.showDirectoryPicker = () => navigator.storage.getDirectory();"
NO_FOLDER = "delete window.showDirectoryPicker;"
READ = """async () => {
  const found = {};
  const root = await navigator.storage.getDirectory();
  for await (const [folder, inside] of root) for await (const [name, handle] of inside) {
    const bytes = await (await handle.getFile()).arrayBuffer();
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    found[`${folder}/${name}`] = [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return found;
}"""


@pytest.fixture
def course(stage: Stage, subscriber: User) -> Course:
    made: Course = build.course(title="Reading the tide", slug="tides")
    for number, title in enumerate(("Ebb", "潮", "Flow")):
        film = build.file(build.lesson(made, title=title), name="Film", role="media")
        film.versions.update(content_type="video/mp4")
        put(film.versions.get(), BODY[number:])
    return made


def sums(course: Course) -> dict[str, str]:
    """Return the newest versions' sums by the names that they are saved under."""
    names = ("01 Ebb.mp4", "02 潮.mp4", "03 Flow.mp4")
    files = course.files.order_by("created_at")
    return {f"Reading the tide/{name}": file.versions.first().sha256 for name, file in zip(names, files, strict=True)}


def go(page: Page, script: str) -> None:
    page.add_init_script(script)
    page.goto("/courses/tides/")
    page.get_by_role("link", name="Every file, to keep").click()
    page.get_by_role("button", name=re.compile("Download all 3")).click()


def said(page: Page, words: str) -> None:
    expect(page.locator("#fetch-said")).to_contain_text(words, timeout=30_000)


def test_every_file_comes_one_after_the_other_into_a_folder_and_is_checked(member: Page, course: Course) -> None:
    go(member, FOLDER)
    said(member, "All of it is here.")
    found = member.evaluate(READ)
    assert found.pop("Reading the tide/SHA256SUMS")
    assert found == sums(course)
    expect(member.locator(".fetch-state")).to_have_text(["here, checked"] * 3)
    assert Download.objects.count() == 3
    assert not [moment for moment in pairs(Download.objects.order_by("created_at")) if moment[0] == moment[1]]


def pairs(rows: Any) -> list[tuple[Any, Any]]:
    listed = list(rows.values_list("created_at", flat=True))
    return list(itertools.pairwise(listed))


def test_a_line_that_drops_and_an_address_that_ran_out_are_gone_on_from(
    member: Page, stage: Stage, course: Course, bucket: Any
) -> None:
    bucket.fail_next(2, kind="cut", match=lambda request: request.method == "GET")
    bucket.fail_next(1, match=lambda request: request.method == "GET")
    go(member, FOLDER)
    said(member, "All of it is here.")
    found = member.evaluate(READ)
    assert found.items() >= sums(course).items()
    assert [entry.status for entry in bucket.log if entry.method == "GET"].count(206) >= 2
    bucket.chaos.clear()


def test_a_file_that_is_replaced_while_it_comes_is_the_old_one_whole(member: Page, course: Course, bucket: Any) -> None:
    old = sums(course)
    first = course.files.order_by("created_at")[0]
    bucket.fail_next(1, kind="cut", match=lambda request: request.method == "GET")
    go(member, FOLDER)
    said(member, "The connection was lost")
    build.version(first, size=5, content_type="video/mp4", sha256="00" * 32)
    said(member, "All of it is here.")
    assert member.evaluate(READ)["Reading the tide/01 Ebb.mp4"] == old["Reading the tide/01 Ebb.mp4"]


def test_a_file_that_cannot_come_keeps_none_of_the_others_and_can_be_tried_again(member: Page, course: Course) -> None:
    broken = course.files.order_by("created_at")[1]
    version = broken.versions.get()
    key, sound = version.key, version.sha256
    broken.versions.update(sha256="00" * 32)
    go(member, FOLDER)
    said(member, "Some files did not come: 1")
    expect(member.locator(".fetch-state")).to_have_text(["here, checked", "came damaged", "here, checked"])
    assert "Reading the tide/02 潮.mp4" not in member.evaluate(READ)
    broken.versions.update(sha256=sound, key=key)
    member.reload()
    member.get_by_role("button", name=re.compile("Download all 3")).click()
    said(member, "All of it is here.")
    assert Download.objects.count() == 4, "what was here already was not fetched again"


def test_where_no_folder_can_be_chosen_the_files_go_to_the_browsers_downloads(member: Page, course: Course) -> None:
    arrived: list[Any] = []
    member.on("download", lambda each: arrived.append(each))  # noqa: PLW0108 - Playwright marks the function
    go(member, NO_FOLDER)
    said(member, "All of it is here.")
    expect(member.locator(".fetch-state")).to_have_text(["here, checked"] * 3)
    member.wait_for_timeout(500)
    assert [each.suggested_filename for each in arrived] == ["01 Ebb.mp4", "02 潮.mp4", "03 Flow.mp4"]
    assert [each.path().read_bytes() for each in arrived] == [BODY[number:] for number in range(3)]


@pytest.mark.parametrize("length", [700_000, 500_000])
def test_a_file_that_was_replaced_before_it_began_is_said_so_and_the_page_anew_brings_it(
    member: Page, course: Course, length: int
) -> None:
    member.add_init_script(FOLDER)
    member.goto("/downloads/course/tides/")
    first = course.files.order_by("created_at")[0]
    put(build.version(first, content_type="video/mp4", size=length), BODY[:100_000] * (length // 100_000))
    member.get_by_role("button", name=re.compile("Download all 3")).click()
    said(member, "Some files did not come: 1")
    expect(member.locator(".fetch-state").first).to_have_text("was replaced meanwhile: open this page again")
    member.reload()
    member.get_by_role("button", name=re.compile("Download all 3")).click()
    said(member, "All of it is here.")
    assert member.evaluate(READ).items() >= sums(course).items()


@pytest.mark.parametrize("how", ["cancelled", "signed out"])
def test_whoever_may_not_any_more_is_told_why_in_the_middle(
    member: Page, course: Course, bucket: Any, how: str
) -> None:
    bucket.fail_next(1, kind="cut", match=lambda request: request.method == "GET")
    go(member, FOLDER)
    said(member, "The connection was lost")
    if how == "cancelled":
        Subscription.objects.update(status="canceled", ended_at=datetime.now(UTC))
    else:
        member.context.clear_cookies()
    said(member, {"cancelled": "Your membership does not open this", "signed out": "You are signed out"}[how])
    assert Download.objects.count() == 1


def test_stopping_keeps_what_is_here_and_going_on_fetches_the_rest_alone(
    member: Page, course: Course, bucket: Any
) -> None:
    bucket.fail_next(1, kind="cut", match=lambda request: request.method == "GET")
    go(member, FOLDER)
    said(member, "The connection was lost")
    member.get_by_role("button", name="Stop").click()
    said(member, "Stopped.")
    bucket.log.clear()
    member.get_by_role("button", name=re.compile("Download all 3")).click()
    said(member, "All of it is here.")
    assert [entry.status for entry in bucket.log if entry.method == "GET"] == [206, 200, 200]
    found = member.evaluate(READ)
    assert found.items() >= sums(course).items()


def test_a_used_up_budget_is_waited_for(member: Page, course: Course, settings: Any) -> None:
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 1}
    member.clock.install()
    go(member, FOLDER)
    said(member, "A lot at once")
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 120}
    member.clock.fast_forward(61_000)
    said(member, "All of it is here.")
