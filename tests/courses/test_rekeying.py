"""Ending all links of a file: dead at once, the next click good, whatever the size, whoever shares the bytes, wherever it crashed."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from accounts.models import User
from config.models import AuditEntry
from courses import publishing, rekeying, serving, storage, sweep, tasks
from courses.models import Download, FileVersion, Rekeying
from courses.storage import moving
from sandbox.s3 import BucketServer
from sandbox.s3.chaos import Order
from tests import build
from tests.courses.uploads.hands import Work, a_file, ask, delivered, uploaded
from tests.courses.uploads.samples import PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
State = Rekeying.State


@pytest.fixture
def version(now: datetime, work: Work) -> FileVersion:
    return uploaded("a.pdf", PDF, now, work)


def link(person: User, version: FileVersion, now: datetime) -> str:
    version.refresh_from_db()
    return serving.mint(person, version, Download.Purpose.DOWNLOAD, now=now).url


def asked(version: FileVersion, now: datetime) -> Rekeying:
    """As the admin does it."""
    (move,) = rekeying.begin(version.file, now=now)
    tasks.rekey.enqueue(move.pk)
    return move


def status(url: str) -> int:
    return ask("GET", url)[0]


def test_every_link_that_was_out_is_dead_and_the_next_click_is_good(
    subscriber: User, client_for: type[Client], version: FileVersion, now: datetime, work: Work
) -> None:
    links = [link(subscriber, version, now) for _ in range(20)]
    assert {status(url) for url in links} == {200}
    asked(version, now)
    assert {status(url) for url in links} == {200}, "until the bytes have moved"
    work()
    assert {status(url) for url in links} <= {403, 404}
    old = version.key
    version.refresh_from_db()
    assert version.key != old
    fresh = client_for(subscriber).get(version.file.get_absolute_url()).headers["Location"]
    assert ask("GET", fresh) == (200, PDF)
    assert Download.objects.live(now=now).count() == 1
    with pytest.raises(storage.NotThere):
        storage.head(old, by="keeper")
    assert [entry.act for entry in AuditEntry.objects.filter(act__startswith="file.rekey").order_by("pk")] == [
        "file.rekey_asked",
        "file.rekeyed",
    ]


def test_a_copy_of_the_title_shares_the_bytes_and_goes_with_them(
    subscriber: User, version: FileVersion, now: datetime, work: Work
) -> None:
    title = version.file.publication
    copy = publishing.duplicate(title)
    shared = FileVersion.objects.get(file__publication=copy)
    assert shared.key == version.key
    assert [one.publication_id for one in rekeying.sharing(version.file, now=now)] == [copy.pk]
    other = link(subscriber, FileVersion.objects.select_related("file").get(pk=shared.pk), now)
    asked(version, now)
    work()
    version.refresh_from_db()
    shared.refresh_from_db()
    assert shared.key == version.key
    assert status(other) in (403, 404)
    assert delivered(shared) == PDF


def test_a_copy_that_began_before_the_switch_and_came_after_it_still_has_its_bytes(
    version: FileVersion, now: datetime, work: Work
) -> None:
    """The copy's row with the old key appears between the switch and the removal of the old bytes."""
    (move,) = rekeying.begin(version.file, now=now)
    rekeying.copy(move)
    rekeying.switch(move, now=now)
    late = build.version(build.file(ready=False), key=move.old_key, size=len(PDF))
    rekeying.go_on(move, now=now)
    late.refresh_from_db()
    assert (late.key, move.state) == (move.new_key, State.DONE)
    assert delivered(late) == PDF


def test_an_older_version_whose_link_is_still_out_moves_too_and_others_stay(
    subscriber: User, version: FileVersion, now: datetime, work: Work
) -> None:
    file = version.file
    forgotten = build.version(file, ready_at=now - timedelta(days=9))
    newest = uploaded("b.pdf", PDF, now, work, of=file)
    old_link, new_link = link(subscriber, version, now), link(subscriber, newest, now)
    before = forgotten.key
    for move in rekeying.begin(file, now=now):
        tasks.rekey.enqueue(move.pk)
    work()
    forgotten.refresh_from_db()
    assert {status(old_link), status(new_link)} <= {403, 404}
    assert forgotten.key == before
    assert Rekeying.objects.filter(state=State.DONE).count() == 2


def test_asking_twice_moves_once(version: FileVersion, now: datetime, work: Work) -> None:
    asked(version, now)
    assert rekeying.begin(version.file, now=now) == []
    work()
    assert Rekeying.objects.count() == 1
    assert len(rekeying.begin(version.file, now=now)) == 1


# --- Large objects ----------------------------------------------------------------------------


def test_a_large_object_is_copied_in_parts_and_goes_on_after_a_crash(
    monkeypatch: pytest.MonkeyPatch, now: datetime, bucket: BucketServer
) -> None:
    monkeypatch.setattr(moving, "ONE_COPY", 5 * 1024**2)
    monkeypatch.setattr(storage, "ONE_COPY", 5 * 1024**2)
    body = PDF + bytes(12 * 1024**2)
    version = build.version(a_file("a.pdf"), size=len(body))
    moving.client("keeper").put_object(Bucket=bucket.bucket, Key=version.key, Body=body)
    (move,) = rekeying.begin(version.file, now=now)
    # The worker dies after the second part: its upload and two parts are in the bucket.
    move.upload_id = storage.begin_copy(move.new_key, move.content_type)
    move.save()
    parts = storage.copy_parts(move.old_key, move.new_key, move.upload_id, move.size, [])
    next(parts), next(parts)
    rekeying.go_on(Rekeying.objects.get(pk=move.pk), now=now)
    copied = [one for one in bucket.log if one.operation == "UploadPartCopy" and move.new_key in one.target]
    assert len(copied) == 3, "the parts that are there are not copied again"
    version.refresh_from_db()
    assert delivered(version) == body


@given(st.integers(min_value=1, max_value=int(48.8 * 1024**4)))
def test_t18_parts_of_any_size_are_ten_thousand_at_most_and_in_range(size: int) -> None:
    found = moving.ranges(size)
    sizes = [last - first + 1 for first, last in found]
    assert len(found) <= 10_000
    assert sum(sizes) == size
    assert max(sizes) <= 5 * 1024**3
    assert all(one >= 5 * 1024**2 for one in sizes[:-1])


# --- Crashes ----------------------------------------------------------------------------------


class Died(BaseException):
    """The process is gone; nothing after this runs."""


STEPS = ["before the copy", "after the copy", "in the switch", "after the switch", "after the old bytes went"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("swept", [False, True], ids=["", "with a sweep in between"])
def test_a_crash_at_any_step_loses_nothing_and_the_next_worker_finishes(
    subscriber: User,
    version: FileVersion,
    now: datetime,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    swept: bool,
) -> None:
    out, (move,) = link(subscriber, version, now), rekeying.begin(version.file, now=now)
    break_at(step, monkeypatch)
    with pytest.raises(Died):
        rekeying.go_on(move, now=now)
    monkeypatch.undo()
    version.refresh_from_db()
    assert delivered(version) == PDF, "at every moment a click gets its bytes"
    if swept:
        sweep.run(now=now + timedelta(days=3), check=lambda pk: None, insist=True)
        version.refresh_from_db()
        assert delivered(version) == PDF
    rekeying.go_on(Rekeying.objects.get(pk=move.pk), now=now)
    version.refresh_from_db()
    assert (delivered(version), version.key, Rekeying.objects.get().state) == (PDF, move.new_key, State.DONE)
    assert status(out) in (403, 404)


def break_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(after: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def die(*args: Any, **kwargs: Any) -> None:
            if after:
                after(*args, **kwargs)
            raise Died

        return die

    targets = {
        "before the copy": (storage, "copy_object", dying()),
        "after the copy": (storage, "copy_object", dying(storage.copy_object)),
        "in the switch": (rekeying.audit, "record", dying()),
        "after the switch": (storage, "delete_for_good", dying()),
        "after the old bytes went": (storage, "delete_for_good", dying(storage.delete_for_good)),
    }
    monkeypatch.setattr(*targets[step])


def test_a_bucket_that_is_down_is_asked_again_and_nothing_is_lost(
    version: FileVersion, now: datetime, bucket: BucketServer, work: Work
) -> None:
    asked(version, now)
    bucket.chaos.add(Order(50, "InternalError", lambda request: True))
    work(failing=True)
    bucket.chaos.clear()
    assert Rekeying.objects.get().state == State.COPYING
    assert delivered(version) == PDF
    rekeying.go_on(Rekeying.objects.get(), now=now)
    assert Rekeying.objects.get().state == State.DONE


def test_bytes_that_are_gone_fail_it_and_a_file_deleted_meanwhile_leaves_nothing(
    now: datetime, version: FileVersion
) -> None:
    lost = build.version(build.file(ready=False))
    (move,) = rekeying.begin(lost.file, now=now)
    rekeying.go_on(move, now=now)
    assert (move.state, FileVersion.objects.get(pk=lost.pk).key) == (State.FAILED, lost.key)
    (gone,) = rekeying.begin(version.file, now=now)
    rekeying.copy(gone)
    version.file.delete()
    rekeying.go_on(gone, now=now)
    assert gone.state == State.DONE
    for key in (gone.old_key, gone.new_key):
        with pytest.raises(storage.NotThere):
            storage.head(key, by="keeper")


def test_no_version_of_the_old_bytes_stays_in_a_bucket_that_keeps_versions(settings: Any) -> None:
    settings.S3_REGION, settings.S3_ADDRESSING_STYLE = "eu-central-1", "virtual"
    settings.S3_ENDPOINT_URL = "https://s3.eu-central-1.amazonaws.com"
    with mock_aws():
        amazon = boto3.client("s3", region_name="eu-central-1")
        where = {"Bucket": settings.S3_BUCKET}
        amazon.create_bucket(**where, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        amazon.put_bucket_versioning(**where, VersioningConfiguration={"Status": "Enabled"})
        key, other = f"content/{uuid.uuid4()}", f"content/{uuid.uuid4()}"
        for name in (key, key, other):
            amazon.put_object(**where, Key=name, Body=b"x")
        assert storage.delete_for_good(key) == 3
        left = amazon.list_object_versions(**where)
        assert [entry["Key"] for entry in left["Versions"]] == [other]
        assert "DeleteMarkers" not in left


# --- The button -------------------------------------------------------------------------------


def test_the_owner_ends_all_links_with_a_reason_after_showing_who_they_are(
    owner: User, client_for: type[Client], version: FileVersion, subscriber: User, now: datetime, work: Work
) -> None:
    browser, address = client_for(owner), f"/admin/courses/file/{version.file_id}/end-links/"
    out = link(subscriber, version, now)
    assert "1 link is out for it now." in browser.get(address).content.decode()
    assert browser.post(address, {"reason": ""}).status_code == 200
    assert not Rekeying.objects.exists()
    assert browser.post(address, {"reason": "Leaked on a forum"}).status_code == 302
    page = browser.get(f"/admin/courses/file/{version.file_id}/change/").content.decode()
    assert "Being copied since" in page
    work()
    page = browser.get(f"/admin/courses/file/{version.file_id}/change/").content.decode()
    assert "are dead" in page
    assert "no link to this file works now" in page
    assert status(out) in (403, 404)
    assert AuditEntry.objects.get(act="file.rekey_asked").reason == "Leaked on a forum"


def test_the_click_in_flight_while_the_bytes_move_is_answered_with_a_link_all_the_same(
    subscriber: User, version: FileVersion, now: datetime
) -> None:
    """A link minted just before the switch dies with the others; the next click, on the same permalink, is good."""
    (move,) = rekeying.begin(version.file, now=now)
    rekeying.copy(move)
    before = link(subscriber, version, now)
    rekeying.go_on(move, now=now)
    assert status(before) in (403, 404)
    assert status(link(subscriber, version, now)) == 200
    assert urlsplit(before).path != urlsplit(link(subscriber, version, now)).path
