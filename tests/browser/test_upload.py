"""Uploads that meet trouble, in a real browser: reloads, lost networks, parts that fail, old URLs, other files, cancels."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as project
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, Page, Route, expect

from accounts.models import User
from courses import storage
from courses.models import Course, Ebook, File, FileVersion
from sandbox.s3 import BucketServer
from tests import build
from tests.browser.stage import Stage
from tests.courses.uploads.samples import MP4, PDF

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MIB = 1024**2
BODY = b"%PDF-1.7\n" + bytes(range(256)) * (18 * 4096) + b"\n%%EOF\n"
PARTS = [1, 2, 3]
Files = Callable[[str, bytes], Path]


@pytest.fixture
def made(tmp_path: Path) -> Files:
    def write(name: str, body: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        return path

    return write


@pytest.fixture
def big(made: Files) -> Path:
    """18 MiB: three parts."""
    return made("big.pdf", BODY)


@pytest.fixture
def quiet(bucket: BucketServer) -> Iterator[BucketServer]:
    """The bucket with an empty log; what a test has ordered to fail ends with it."""
    bucket.log.clear()
    clock = bucket.clock
    yield bucket
    bucket.clock = clock
    bucket.chaos.clear()


@pytest.fixture
def desk(context_for: Callable[..., BrowserContext], owner: User, stage: Stage, quiet: BucketServer) -> Page:
    page = context_for(owner).new_page()
    book: Ebook = build.ebook(title="The Tide Book", state="draft", published_at=None)
    page.goto(f"/admin/courses/ebook/{book.pk}/change/")
    return page


def choose(page: Page, *paths: Path, zone: str = "book") -> None:
    page.locator(f"[data-zone={zone}] input[type=file]").set_input_files([str(path) for path in paths])


def is_ready(page: Page, count: int = 1) -> None:
    expect(page.locator(".run[data-state=ready]")).to_have_count(count, timeout=30_000)


def text(page: Page) -> Any:
    return page.locator(".run [data-text]")


def arrived_whole(body: bytes) -> None:
    version = FileVersion.objects.get()
    assert (version.state, version.sha256) == ("ready", hashlib.sha256(body).hexdigest())
    assert storage.head(version.key).size == len(body)


def puts(bucket: BucketServer, *, status: int | None = 200) -> list[int]:
    """The numbers of the parts that were put with this answer, in order."""
    entries = [entry for entry in bucket.log if entry.method == "PUT" and status in (None, entry.status)]
    return [int(entry.target.split("partNumber=")[1].split("&")[0]) for entry in entries]


def until_put(page: Page, bucket: BucketServer, numbers: list[int]) -> None:
    for _ in range(400):
        if sorted(puts(bucket)) == numbers:
            return
        page.wait_for_timeout(50)
    pytest.fail(f"only parts {puts(bucket)} arrived")


def is_part(*numbers: int) -> Callable[[Any], bool]:
    return lambda request: any(f"partNumber={number}&" in str(request.target) for number in numbers)


@pytest.mark.usefixtures("worker")
def test_23_64_megabytes_survive_a_reload_and_go_on_with_the_same_file_only(
    desk: Page, made: Files, quiet: BucketServer
) -> None:
    body = b"%PDF-1.7\n" + b"t" * (64 * MIB - 16) + b"\n%%EOF\n"
    path = made("long.pdf", body)
    quiet.fail_next(1000, kind="reset", match=is_part(5, 7, 8))
    desk.locator("#files-heading").click()
    choose(desk, path)
    until_put(desk, quiet, [1, 2, 3, 4, 6])
    warned: list[str] = []
    desk.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    desk.reload()
    assert warned == ["beforeunload"]
    quiet.chaos.clear()

    # Another file of the same name and size, and the same one with another date.
    other = made("other/long.pdf", body[:-9] + b"X" + body[-8:])
    resume = desk.locator("input[data-resume]")
    for _ in range(2):
        resume.set_input_files(str(other))
        expect(desk.locator("[data-said]")).to_have_text(
            "This is another file than the one that was begun. Choose the same one."
        )
        other.write_bytes(body)
    assert sorted(puts(quiet)) == [1, 2, 3, 4, 6]

    resume.set_input_files(str(path))
    is_ready(desk)
    assert sorted(puts(quiet)) == list(range(1, 9))
    arrived_whole(body)


@pytest.mark.parametrize("held", [True, False], ids=["the bucket holds sums", "the bucket ignores them"])
def test_23_a_file_that_differs_only_in_what_has_arrived_is_told_apart_before_a_byte_is_sent(
    desk: Page, big: Path, quiet: BucketServer, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    if not held:
        monkeypatch.setattr(
            storage, "create_checked_multipart", lambda *names: (storage.create_multipart(*names), False)
        )
    quiet.fail_next(1000, kind="SlowDown", match=is_part(3))
    choose(desk, big)
    until_put(desk, quiet, [1, 2])
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.reload()
    quiet.chaos.clear()
    assert {"x-amz-checksum-sha256" in entry.target for entry in quiet.log if entry.method == "PUT"} == {held}
    # The sum that the server keeps of part 2 is no longer that of the file's.
    assert FileVersion.objects.get().parts.filter(number=2).update(sha256="0" * 64) == 1
    desk.locator("input[data-resume]").set_input_files(str(big))
    expect(desk.locator("[data-said]")).to_contain_text("another file")
    assert sorted(puts(quiet, status=None))[:2] == [1, 2]
    assert 3 not in puts(quiet)


@pytest.mark.usefixtures("worker")
def test_u71_a_lost_network_is_waited_for(desk: Page, big: Path, quiet: BucketServer) -> None:
    quiet.fail_next(1000, kind="reset", match=is_part(2, 3))
    choose(desk, big)
    until_put(desk, quiet, [1])
    desk.context.set_offline(True)
    expect(text(desk)).to_have_text("You are offline. It goes on by itself.")
    quiet.chaos.clear()
    quiet.log.clear()
    desk.wait_for_timeout(300)
    assert puts(quiet, status=None) == []
    desk.context.set_offline(False)
    is_ready(desk)
    assert sorted(puts(quiet)) == [2, 3]
    arrived_whole(BODY)


@pytest.mark.usefixtures("worker")
def test_u73_a_part_that_fails_twice_is_sent_again_and_the_others_are_not(
    desk: Page, big: Path, quiet: BucketServer
) -> None:
    quiet.fail_next(2, kind="SlowDown", match=is_part(2))
    choose(desk, big)
    is_ready(desk)
    assert sorted(puts(quiet)) == PARTS
    assert puts(quiet, status=503) == [2, 2]
    arrived_whole(BODY)


@pytest.mark.usefixtures("worker")
def test_u73_the_bucket_says_how_long_to_wait_and_is_obeyed(desk: Page, big: Path) -> None:
    asked: list[float] = []

    def busy_once(route: Route) -> None:
        if route.request.method != "PUT":
            return route.continue_()
        asked.append(datetime.now(UTC).timestamp())
        if len(asked) > 1:
            return route.continue_()
        headers = {"Retry-After": "2", "Access-Control-Allow-Origin": "*"}
        return route.fulfill(status=503, headers=headers | {"Access-Control-Expose-Headers": "Retry-After"})

    desk.route(re.compile("partNumber=1&"), busy_once)
    choose(desk, big)
    is_ready(desk)
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 2
    arrived_whole(BODY)


@pytest.mark.usefixtures("worker")
def test_a_url_that_grew_old_is_signed_anew_and_sent_again(
    desk: Page, big: Path, quiet: BucketServer, settings: Any
) -> None:
    """The bucket's clock runs two minutes ahead, until it has called two URLs expired."""
    settings.UPLOAD_TTL = 120
    late = timedelta(seconds=121)
    quiet.clock = lambda: datetime.now(UTC) + (late if len(puts(quiet, status=403)) < 2 else timedelta(0))
    choose(desk, big)
    is_ready(desk)
    assert len(puts(quiet, status=403)) >= 2
    assert {entry.code for entry in quiet.log if entry.status == 403} == {"AccessDenied"}
    assert sorted(puts(quiet)) == PARTS
    arrived_whole(BODY)


def test_24_a_cancelled_upload_leaves_nothing_in_the_bucket(desk: Page, big: Path, quiet: BucketServer) -> None:
    before = set(storage.list_keys("content/")), set(storage.list_uploads("content/"))
    quiet.fail_next(1000, kind="SlowDown", match=is_part(3))
    choose(desk, big)
    until_put(desk, quiet, [1, 2])
    desk.get_by_role("button", name="Cancel", exact=True).click()
    expect(text(desk)).to_have_text("Cancelled. Nothing is left in the bucket.")
    assert not FileVersion.objects.exists()
    assert not File.objects.exists()
    assert (set(storage.list_keys("content/")), set(storage.list_uploads("content/"))) == before


@pytest.mark.usefixtures("worker")
def test_a_pause_stops_the_wire_and_goes_on(desk: Page, big: Path, quiet: BucketServer) -> None:
    quiet.fail_next(1000, kind="SlowDown", match=is_part(1, 2, 3))
    choose(desk, big)
    desk.get_by_role("button", name="Pause").click()
    expect(text(desk)).to_have_text("Paused.")
    expect(desk.get_by_role("button", name="Go on")).to_be_focused()
    quiet.chaos.clear()
    quiet.log.clear()
    desk.wait_for_timeout(500)
    assert puts(quiet, status=None) == []
    desk.get_by_role("button", name="Go on").click()
    is_ready(desk)
    arrived_whole(BODY)


@pytest.mark.usefixtures("worker")
def test_signed_out_in_the_middle_it_waits_and_goes_on_after_signing_in(
    desk: Page, big: Path, quiet: BucketServer, stage: Stage
) -> None:
    quiet.fail_next(1000, kind="SlowDown", match=is_part(2))
    choose(desk, big)
    until_put(desk, quiet, [1, 3])
    session = Session.objects.get()
    cookie = next(each for each in desk.context.cookies() if each["name"] == project.SESSION_COOKIE_NAME)
    Session.objects.all().delete()
    expect(text(desk)).to_contain_text("You have been signed out.")
    quiet.chaos.clear()
    session.save(force_insert=True)
    desk.context.add_cookies([cookie])  # type: ignore[list-item]
    # Whoever signs in anew has a new token as well, and this page still has the old one.
    desk.context.clear_cookies(name=project.CSRF_COOKIE_NAME)
    desk.context.new_page().goto(f"{stage.site}/admin/courses/file/")
    desk.get_by_role("button", name="Go on").click()
    is_ready(desk)
    assert sorted(puts(quiet)) == PARTS


@pytest.mark.usefixtures("worker")
def test_22_ten_files_on_a_course_become_ten_lessons_in_natural_order_two_at_a_time(
    desk: Page, made: Files, quiet: BucketServer
) -> None:
    course: Course = build.course(state="draft", published_at=None)
    paths = [made(f"Lesson {number}.mp4", MP4) for number in range(1, 11)]
    desk.goto(f"/admin/courses/course/{course.pk}/change/")
    expect(desk.locator(".title-desk-hint")).to_have_text("Add a lesson before you publish the course.")
    most: list[int] = []

    def seen(count: int) -> None:
        most.append(count)

    desk.expose_function("seen", seen)
    desk.evaluate(
        """() => {
            const running = document.querySelector("[data-running]");
            const going = ".run:not([data-state]) [data-pause]:not([hidden])";
            new MutationObserver(() => seen(running.querySelectorAll(going).length))
                .observe(running, { subtree: true, childList: true, attributes: true });
        }"""
    )
    choose(desk, *sorted(paths, key=str), zone="lessons")
    is_ready(desk, 10)
    assert [lesson.title for lesson in course.lessons.order_by("position")] == [f"Lesson {n}" for n in range(1, 11)]
    assert max(most) == 2
    assert FileVersion.objects.ready().filter(file__role="media").count() == 10
    # The page has followed by itself: the outline, and what it says is lacking.
    expect(desk.locator(".o-lesson input.o-title").nth(9)).to_have_value("Lesson 10")
    expect(desk.locator(".o-lesson .o-mark-good")).to_have_count(10)
    expect(desk.locator(".title-desk-hint")).to_be_hidden()
    desk.locator(".run").first.get_by_role("link", name="Open the lesson").click()
    expect(desk.locator("#id_title")).to_have_value("Lesson 1")
    expect(desk.locator(".file .state")).to_have_text("ready")


@pytest.mark.usefixtures("worker")
def test_a_file_that_the_browser_still_holds_goes_on_by_itself_after_a_reload(desk: Page, quiet: BucketServer) -> None:
    """A handle of the browser's own file system stands in for one of the person's: both are kept, asked and read the same way."""
    quiet.fail_next(1000, kind="SlowDown", match=is_part(2, 3))
    desk.evaluate(
        """async () => {
            const root = await navigator.storage.getDirectory();
            const handle = await root.getFileHandle("kept.pdf", { create: true });
            const writable = await handle.createWritable();
            await writable.write(new Blob(["%PDF-1.7\\n", new Uint8Array(18 * 1024 * 1024), "\\n%%EOF\\n"]));
            await writable.close();
            const transfer = new DataTransfer();
            transfer.items.add(await handle.getFile());
            DataTransferItem.prototype.getAsFileSystemHandle = async () => handle;
            const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
            document.querySelector("[data-zone=book]").dispatchEvent(drop);
        }"""
    )
    until_put(desk, quiet, [1])
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.reload()
    quiet.chaos.clear()
    expect(desk.locator("[data-said]")).to_have_text("It is the same file. The upload goes on.")
    expect(desk.locator(".file")).to_be_hidden()
    is_ready(desk)
    assert sorted(puts(quiet)) == PARTS


def test_whoever_waits_for_a_check_is_told_that_no_worker_runs(desk: Page, made: Files) -> None:
    choose(desk, made("small.pdf", PDF))
    expect(text(desk)).to_contain_text("is manage.py work running?")
    expect(desk.locator("progress")).to_have_js_property("value", 1)


@pytest.mark.usefixtures("worker")
def test_29_a_replaced_file_shows_its_history_and_the_old_one_comes_back(desk: Page, made: Files) -> None:
    choose(desk, made("first.pdf", PDF))
    is_ready(desk)
    desk.locator("input[data-replace]").set_input_files(str(made("second.pdf", PDF + b"\n")))
    is_ready(desk, 2)
    desk.locator(".file").get_by_role("link", name="History").click()
    rows = desk.locator(".versions tbody tr")
    expect(rows.locator(".state")).to_have_text(["serves", "ready"])
    rows.nth(1).get_by_role("button", name="Let this one serve again").click()
    expect(rows.locator(".state")).to_have_text(["ready", "serves"])
    expect(desk.locator(".acts")).to_contain_text("an older version serves again")
    found = Axe().run(desk, context="#history", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [violation["id"] for violation in found.response["violations"]] == []


def test_the_panel_at_work_is_accessible_and_speaks(desk: Page, big: Path, quiet: BucketServer) -> None:
    quiet.fail_next(1000, kind="SlowDown", match=is_part(3))
    choose(desk, big)
    until_put(desk, quiet, [1, 2])
    expect(desk.locator("[data-total]")).to_contain_text("0 / 1 · ")
    expect(desk.get_by_role("progressbar", name="big.pdf")).to_be_visible()
    expect(desk.locator("[data-said]")).to_have_attribute("aria-live", "polite")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    found = Axe().run(desk, context="#files", options=options)
    assert [violation["id"] for violation in found.response["violations"]] == []
    said = json.dumps(desk.evaluate("() => document.querySelector('[data-text]').textContent"))
    assert "%" in said or "busy" in said
