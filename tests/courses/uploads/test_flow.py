"""Uploads on the server's side, with real bytes PUT through real presigned URLs to the embedded bucket."""

import hashlib
import random
from base64 import b64encode
from datetime import datetime, timedelta

import pytest
import time_machine

from config.models import AuditEntry, BackgroundTask
from courses import acceptance, storage, uploads
from courses.acceptance import Announced
from courses.models import FileVersion, UploadPart
from sandbox.s3 import BucketServer
from tests import build
from tests.courses.uploads.hands import (
    Work,
    a_file,
    arrived,
    begun,
    delivered,
    nothing_left,
    put,
    send,
    sign,
    uploaded,
)
from tests.courses.uploads.samples import PDF
from tests.effort import tries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
State = FileVersion.State
LONG = PDF + bytes(range(256)) * (18 * 4096) + b"\n%%EOF\n"


@pytest.mark.parametrize("sums", [True, False], ids=["with sums", "without"])
def test_an_upload_of_many_parts_arrives_whole_and_its_sum_is_known(now: datetime, work: Work, sums: bool) -> None:
    version = uploaded("big.pdf", LONG, now, work, sums=sums)
    assert version.part_count == 3
    assert (version.state, version.size, version.checked) == (State.READY, len(LONG), len(LONG))
    assert version.sha256 == hashlib.sha256(LONG).hexdigest() == hashlib.sha256(delivered(version)).hexdigest()
    assert version.sums_held is sums
    assert not UploadPart.objects.exists()


def test_nothing_serves_before_it_has_been_looked_at(now: datetime) -> None:
    version = arrived("a.pdf", PDF, now)
    assert (version.state, version.sha256, version.ready_at) == (State.VERIFYING, "", None)
    assert BackgroundTask.objects.get().task_path == "courses.tasks.verify"


def test_one_byte_goes_the_same_way(now: datetime, work: Work) -> None:
    version = begun("a.mp3", 1, now)
    [part] = sign(version, b"I", now=now)
    assert (part.offset, part.size) == (0, 1)
    assert put(part, b"I") == 200
    uploads.finish(version, now=now)
    work()
    version.refresh_from_db()
    assert version.state == State.REJECTED


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "empty"), (-1, "empty"), (acceptance.MAX_SIZE + 1, "too large"), (4 * 2**30 + 1, "too large")],
)
def test_u48_u51_an_impossible_size_is_refused_before_anything_begins(size: int, said: str, now: datetime) -> None:
    with pytest.raises(uploads.UploadRefused, match=said):
        begun("a.pdf", size, now)
    assert not FileVersion.objects.exists()


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "run.exe", "script.js", "noending", "", "a.pdf.html"])
def test_a_type_that_is_not_taken_is_refused_with_the_ones_that_are(name: str, now: datetime) -> None:
    with pytest.raises(uploads.UploadRefused, match=r"\.epub, \.pdf"):
        begun(name, 10, now, of=build.file(ready=False))


def test_a_file_that_begins_wrongly_is_refused_before_it_is_sent(now: datetime) -> None:
    page, before = b"<!doctype html><title>Not found</title>", set(storage.list_uploads("content/"))
    with pytest.raises(uploads.UploadRefused, match="like a web page"):
        uploads.start(a_file("a.pdf"), Announced("a.pdf", 2**31, opening=page), by=None, now=now)
    assert set(storage.list_uploads("content/")) == before


def test_t18_parts_fit_the_buckets_limits_for_every_size() -> None:
    most = acceptance.MAX_SIZE
    sizes = {1, 8 * 2**20, 8 * 2**20 + 1, most} | {2**n + d for n in range(1, 46) for d in (-1, 0, 1)}
    chance = random.Random(18)
    sizes |= {min(most, int(2 ** chance.uniform(0, 46))) for _ in range(tries(2000, 100_000))}
    for size in sorted(size for size in sizes if 1 <= size <= most):
        version = FileVersion(size=size, part_size=acceptance.part_size(size))
        count = version.part_count
        assert 1 <= count <= 10_000
        assert 5 * 2**20 <= version.part_size <= 5 * 2**30
        assert (count - 1) * version.part_size + version.size_of_part(count) == size
        assert 1 <= version.size_of_part(count) <= version.part_size


@pytest.mark.parametrize("numbers", [[], [0], [2], [10_001], [1, 1], [-1], list(range(1, 102))])
def test_u52_parts_that_do_not_exist_are_not_signed(numbers: list[int], now: datetime) -> None:
    version = begun("a.pdf", 100, now)
    with pytest.raises(uploads.UploadRefused):
        uploads.sign_parts(version, numbers, ["0" * 64] * len(numbers), now=now)


@pytest.mark.parametrize("sums", [[], ["0" * 63], ["0" * 64] * 2, ["X" * 64], ["é" * 64]])
def test_a_part_without_its_sum_is_not_signed_where_the_bucket_holds_it(sums: list[str], now: datetime) -> None:
    version = begun("a.pdf", 100, now)
    with pytest.raises(uploads.UploadRefused, match="SHA-256"):
        uploads.sign_parts(version, [1], sums, now=now)


def test_u53_a_part_that_is_too_small_never_makes_a_file(now: datetime) -> None:
    """The length is signed, so a short part cannot arrive; were one there, the bucket would refuse to join it."""
    version = begun("big.pdf", len(LONG), now)
    [part] = sign(version, LONG, 1, now=now)
    assert put(part, LONG[:100]) == 403
    with pytest.raises(uploads.PartsMissing):
        uploads.finish(version, now=now)


def test_u54_what_is_missing_is_named_and_the_upload_goes_on(now: datetime, work: Work) -> None:
    version = begun("big.pdf", len(LONG), now)
    send(version, LONG, 1, 3, now=now)
    with pytest.raises(uploads.PartsMissing, match="not arrived yet: 1") as missing:
        uploads.finish(version, now=now)
    assert missing.value.numbers == [2]
    version.refresh_from_db()
    assert version.state == State.UPLOADING
    send(version, LONG, 2, now=now)
    uploads.finish(version, now=now)
    work()
    assert FileVersion.objects.get().state == State.READY


def test_u56_parts_may_arrive_in_any_order(now: datetime, work: Work) -> None:
    version = begun("big.pdf", len(LONG), now)
    for number in (3, 1, 2):
        send(version, LONG, number, now=now)
    uploads.finish(version, now=now)
    work()
    assert FileVersion.objects.get().sha256 == hashlib.sha256(LONG).hexdigest()


def test_u57_finishing_twice_gives_the_same_answer(now: datetime, work: Work) -> None:
    version = arrived("a.pdf", PDF, now)
    assert uploads.finish(FileVersion.objects.get(), now=now).state == State.VERIFYING
    work()
    assert uploads.finish(FileVersion.objects.get(), now=now).state == State.READY
    assert (FileVersion.objects.count(), BackgroundTask.objects.count()) == (1, 1)
    assert version.key in storage.list_keys("content/")


def test_u58_cancelling_what_has_arrived_changes_nothing(now: datetime, work: Work) -> None:
    version = arrived("a.pdf", PDF, now)
    assert uploads.abort(version).state == State.VERIFYING
    work()
    assert uploads.abort(FileVersion.objects.get()).state == State.READY
    assert version.key in storage.list_keys("content/")


def test_u59_the_type_is_not_the_browsers_to_say(now: datetime, work: Work) -> None:
    version = begun("a.pdf", len(PDF), now)
    [part] = sign(version, PDF, now=now)
    put(part, PDF, **{"Content-Type": "text/html"})
    uploads.finish(version, now=now)
    work()
    assert storage.head(version.key).content_type == "application/pdf"


@pytest.mark.parametrize("body", [PDF[:-1], PDF + b"x"], ids=["shorter", "longer"])
def test_u60_a_part_of_another_length_is_refused_by_the_bucket(body: bytes, now: datetime) -> None:
    version = begun("a.pdf", len(PDF), now)
    [part] = sign(version, PDF, now=now)
    assert put(part, body) == 403
    with pytest.raises(uploads.PartsMissing, match="not arrived yet"):
        uploads.finish(version, now=now)


def test_u61_a_part_with_another_sum_is_refused_by_a_bucket_that_holds_it(now: datetime) -> None:
    version = begun("a.pdf", len(PDF), now)
    [part] = sign(version, PDF, now=now)
    assert put(part, PDF[::-1]) == 400
    forged = {"x-amz-checksum-sha256": b64encode(hashlib.sha256(PDF[::-1]).digest()).decode()}
    assert put(part, PDF[::-1], **forged) == 403
    with pytest.raises(uploads.PartsMissing):
        uploads.finish(version, now=now)


@pytest.mark.parametrize("wrong", [1, 2, 3])
def test_u61_where_the_bucket_does_not_hold_it_our_own_read_does(now: datetime, work: Work, wrong: int) -> None:
    version = begun("big.pdf", len(LONG), now, sums=False)
    send(version, LONG, now=now)
    UploadPart.objects.filter(number=wrong).update(sha256=hashlib.sha256(b"other").hexdigest())
    uploads.finish(version, now=now)
    assert work() == 2
    version.refresh_from_db()
    assert (version.state, version.problem) == (State.REJECTED, "The file changed on its way. Upload it again.")
    assert nothing_left(version)


def test_t16_every_part_url_is_dead_once_the_upload_is_complete(now: datetime, work: Work) -> None:
    version = begun("big.pdf", len(LONG), now)
    parts = sign(version, LONG, now=now)
    for part in parts:
        put(part, LONG[part.offset : part.offset + part.size])
    uploads.finish(version, now=now)
    replayed = {put(part, LONG[part.offset : part.offset + part.size]) for part in parts for _ in range(tries(5, 34))}
    work()
    assert replayed == {404}
    assert delivered(version) == LONG


def test_what_has_arrived_need_not_be_sent_again(now: datetime) -> None:
    version = begun("big.pdf", len(LONG), now)
    send(version, LONG, 2, now=now)
    size = version.part_size
    assert uploads.parts_there(version) == {2: hashlib.sha256(LONG[size : 2 * size]).hexdigest()}


def test_a_crash_between_the_buckets_complete_and_our_commit_heals_by_finishing_again(now: datetime) -> None:
    version = begun("a.pdf", len(PDF), now)
    send(version, PDF, now=now)
    storage.complete_multipart(version.key, version.upload_id, storage.list_parts(version.key, version.upload_id))
    assert uploads.finish(version, now=now).state == State.VERIFYING


def test_an_upload_that_the_bucket_has_ended_is_said_to_be_over(now: datetime) -> None:
    version = begun("a.pdf", len(PDF), now)
    storage.abort_multipart(version.key, version.upload_id)
    with pytest.raises(uploads.UploadRefused, match="has ended this upload"):
        uploads.finish(version, now=now)


def test_cancelling_leaves_nothing_and_twice_is_no_error(now: datetime) -> None:
    version = begun("a.pdf", 100, now)
    send(version, b"x" * 100, now=now)
    version.file.versions.create(size=1, content_type="application/pdf", state="ready", ready_at=now)
    assert uploads.abort(version).state == State.ABORTED
    assert uploads.abort(version).state == State.ABORTED
    assert nothing_left(version)
    with pytest.raises(uploads.UploadRefused, match="over"):
        uploads.sign_parts(version, [1], now=now)
    with pytest.raises(uploads.UploadRefused, match="cancelled"):
        uploads.finish(version, now=now)


def test_a_cancel_that_the_bucket_did_not_hear_is_seen_to_in_the_background(
    now: datetime, work: Work, bucket: BucketServer
) -> None:
    version = begun("a.pdf", 100, now)
    send(version, b"x" * 100, now=now)
    bucket.fail_next(10, kind="InternalError")
    assert uploads.abort(version).state == State.ABORTED
    bucket.chaos.clear()
    assert work() == 1
    assert nothing_left(version)
    assert not FileVersion.objects.exists(), "a file that never was goes with its only upload"


def test_r5_a_bucket_in_trouble_leaves_the_upload_as_it_was(now: datetime, work: Work, bucket: BucketServer) -> None:
    version = begun("a.pdf", len(PDF), now)
    send(version, PDF, now=now)
    bucket.fail_next(10, kind="InternalError")
    with pytest.raises(storage.StorageError):
        uploads.finish(version, now=now)
    bucket.chaos.clear()
    version.refresh_from_db()
    assert version.state == State.UPLOADING
    uploads.finish(version, now=now)
    bucket.fail_next(10, kind="InternalError")
    work(failing=True)
    assert FileVersion.objects.get().state == State.VERIFYING
    bucket.chaos.clear()
    with time_machine.travel(BackgroundTask.objects.get().run_after + timedelta(seconds=1)):
        work()
    assert FileVersion.objects.get().state == State.READY


def test_checking_twice_decides_once(now: datetime, work: Work) -> None:
    uploaded("a.pdf", PDF, now, work)
    BackgroundTask.objects.update(status="READY", worker_ids=[])
    work()
    assert AuditEntry.objects.filter(act="file.ready").count() == 1


def test_t33_every_step_of_an_upload_is_on_record(now: datetime, work: Work) -> None:
    version = uploaded("a.pdf", PDF, now, work)
    acts = AuditEntry.objects.filter(target_pk=str(version.file_id)).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["upload.started", "upload.arrived", "file.ready"]
