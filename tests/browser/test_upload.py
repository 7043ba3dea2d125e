"""Uploads that meet trouble, in a real browser: parts that fail, a reload in the middle, another file, a cancel."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from courses import storage
from courses.models import Ebook, FileVersion
from sandbox.s3 import BucketServer
from tests import build
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MIB = 1024**2
BODY = b"%PDF-1.7\n" + bytes(range(256)) * (26 * 4096) + b"\n%%EOF\n"


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """26 MiB: four parts."""
    path = tmp_path / "big.pdf"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def desk(context_for: Callable[..., BrowserContext], owner: User, stage: Stage) -> Page:
    page = context_for(owner).new_page()
    book: Ebook = build.ebook(title="The Tide Book", state="draft", published_at=None)
    page.goto(f"/admin/courses/ebook/{book.pk}/change/")
    return page


def choose(page: Page, path: Path) -> None:
    page.locator("[data-zone=book] input[type=file]").set_input_files(str(path))


def sha256(version: FileVersion) -> str:
    found = hashlib.sha256()
    for start in range(0, version.size, 8 * MIB):
        found.update(storage.read_range(version.key, start, min(8 * MIB, version.size - start)))
    return found.hexdigest()


def puts(bucket: BucketServer) -> list[int]:
    """The part numbers that arrived whole, in order of arrival."""
    entries = [entry for entry in bucket.log if entry.operation == "UploadPart" and entry.status == 200]
    return [int(entry.target.split("partNumber=")[1].split("&")[0]) for entry in entries]


def test_a_part_that_fails_twice_is_sent_again_and_the_others_are_not(
    desk: Page, big: Path, bucket: BucketServer
) -> None:
    bucket.log.clear()
    bucket.fail_next(2, kind="SlowDown", match=lambda request: "partNumber=2" in str(request.target))
    choose(desk, big)
    expect(desk.locator(".run[data-state=ready]")).to_have_count(1, timeout=30_000)
    version = FileVersion.objects.get()
    assert sorted(puts(bucket)) == [1, 2, 3, 4]
    assert sha256(version) == hashlib.sha256(BODY).hexdigest()


def test_an_interrupted_upload_goes_on_after_a_reload_with_the_same_file_only(
    desk: Page, big: Path, bucket: BucketServer, tmp_path: Path
) -> None:
    bucket.log.clear()
    bucket.fail_next(1000, kind="reset", match=lambda request: "partNumber=4" in str(request.target))
    choose(desk, big)
    expect(desk.locator(".run progress")).to_have_count(1)
    desk.wait_for_function("() => document.querySelector('.run progress').value > 0.7")
    while len(puts(bucket)) < 3:
        desk.wait_for_timeout(50)
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.reload()
    bucket.chaos.clear()
    assert sorted(puts(bucket)) == [1, 2, 3]

    other = tmp_path / "other" / "big.pdf"
    other.parent.mkdir()
    other.write_bytes(BODY[:-3] + b"E\n\n")
    desk.locator("input[data-resume]").set_input_files(str(other))
    expect(desk.locator("[data-said]")).to_have_text(
        "This is another file than the one that was begun. Choose the same one."
    )
    assert sorted(puts(bucket)) == [1, 2, 3]

    desk.locator("input[data-resume]").set_input_files(str(big))
    expect(desk.locator(".run[data-state=ready]")).to_have_count(1, timeout=30_000)
    assert sorted(puts(bucket)) == [1, 2, 3, 4]
    assert sha256(FileVersion.objects.get()) == hashlib.sha256(BODY).hexdigest()


def test_a_cancelled_upload_leaves_nothing_in_the_bucket(desk: Page, big: Path, bucket: BucketServer) -> None:
    before = set(storage.list_keys("content/")), set(storage.list_uploads("content/"))
    bucket.fail_next(1000, kind="SlowDown", match=lambda request: "partNumber=4" in str(request.target))
    choose(desk, big)
    desk.wait_for_function("() => document.querySelector('.run progress')?.value > 0.5")
    desk.get_by_role("button", name="Cancel", exact=True).click()
    expect(desk.locator(".run [data-text]")).to_have_text("Cancelled. Nothing is left in the bucket.")
    bucket.chaos.clear()
    assert not FileVersion.objects.exists()
    assert (set(storage.list_keys("content/")), set(storage.list_uploads("content/"))) == before


def test_a_pause_stops_the_wire_and_goes_on(desk: Page, big: Path, bucket: BucketServer) -> None:
    bucket.fail_next(1000, kind="SlowDown", match=lambda request: "partNumber=" in str(request.target))
    choose(desk, big)
    desk.get_by_role("button", name="Pause").click()
    expect(desk.locator(".run [data-text]")).to_have_text("Paused.")
    bucket.chaos.clear()
    bucket.log.clear()
    desk.wait_for_timeout(500)
    assert puts(bucket) == []
    desk.get_by_role("button", name="Go on").click()
    expect(desk.locator(".run[data-state=ready]")).to_have_count(1, timeout=30_000)
    assert sha256(FileVersion.objects.get()) == hashlib.sha256(BODY).hexdigest()
