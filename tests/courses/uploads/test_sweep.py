"""The sweep: what a crash broke off is taken on, what belongs to nobody goes, what is READY stays."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from config import background
from courses import storage, sweep, tasks, uploads
from courses.acceptance import Announced
from courses.models import File, FileVersion
from sandbox.s3 import BucketServer
from tests import build
from tests.courses.uploads.hands import Work, a_file, arrived, begun, delivered, nothing_left, put, send, uploaded
from tests.courses.uploads.samples import BAD, PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_bucket")]
State = FileVersion.State
DAY = timedelta(days=1)


@pytest.fixture
def empty_bucket(bucket: BucketServer) -> None:
    """Take away what other tests left: here the whole bucket is held against the rows."""
    for key in list(storage.list_keys("content/")):
        storage.delete_object(key)
    for key, upload in list(storage.list_uploads("content/")):
        storage.abort_multipart(key, upload)


def swept(later: timedelta = timedelta(0), **options: Any) -> sweep.Report:
    return sweep.run(now=timezone.now() + later, check=tasks.verify.enqueue, **options)


def half_done(now: datetime, *, days: float) -> FileVersion:
    version = begun("a.pdf", len(PDF), now)
    send(version, PDF, now=now - timedelta(days=days))
    return version


def complete(version: FileVersion) -> None:
    """Let the bucket have it, and nobody here know."""
    storage.complete_multipart(version.key, version.upload_id, storage.list_parts(version.key, version.upload_id))


def test_only_uploads_that_nobody_goes_on_with_are_cancelled(now: datetime, work: Work) -> None:
    old, young, ready = half_done(now, days=8), half_done(now, days=6), uploaded("a.pdf", PDF, now, work)
    FileVersion.objects.update(created_at=now - 30 * DAY)
    assert swept() == sweep.Report(cancelled=1)
    assert nothing_left(old)
    assert not File.objects.filter(pk=old.file_id).exists()
    uploads.finish(young, now=now)
    work()
    assert FileVersion.objects.ready().count() == 2
    assert delivered(ready) == PDF


def test_u74_an_upload_completed_in_the_bucket_and_never_here_is_taken_on(now: datetime, work: Work) -> None:
    version = half_done(now, days=0)
    complete(version)
    assert swept() == sweep.Report(adopted=1)
    work()
    version.refresh_from_db()
    assert version.state == State.READY
    assert delivered(version) == PDF


def test_an_upload_that_the_bucket_ended_by_its_own_rule_is_over_here_too(now: datetime) -> None:
    version = half_done(now, days=0)
    storage.abort_multipart(version.key, version.upload_id)
    assert swept() == sweep.Report(cancelled=1)
    assert not FileVersion.objects.exists()


def test_a_check_whose_task_is_gone_is_begun_again(now: datetime, work: Work) -> None:
    version = half_done(now, days=0)
    complete(version)
    FileVersion.objects.update(state=State.VERIFYING)
    assert swept(timedelta(minutes=59)) == sweep.Report()
    assert swept(timedelta(minutes=61)) == sweep.Report(checked_again=1)
    assert work() == 1
    version.refresh_from_db()
    assert version.state == State.READY


def test_objects_and_uploads_without_rows_go_once_they_are_a_day_old(now: datetime, work: Work) -> None:
    kept = uploaded("a.pdf", PDF, now, work)
    for version in (arrived("b.pdf", PDF, now), half_done(now, days=0)):
        version.delete()
    work()
    assert swept(timedelta(hours=23)) == sweep.Report()
    assert swept(timedelta(hours=25)) == sweep.Report(objects=1, uploads=1)
    assert list(storage.list_keys("content/")) == [kept.key]
    assert not list(storage.list_uploads("content/"))


def test_the_bytes_of_what_was_refused_go_at_once(now: datetime) -> None:
    version = half_done(now, days=0)
    complete(version)
    FileVersion.objects.update(state=State.REJECTED, problem="No.")
    cancelled = half_done(now, days=0)
    FileVersion.objects.filter(pk=cancelled.pk).update(state=State.ABORTED)
    assert swept() == sweep.Report(objects=1, uploads=1)
    assert nothing_left(version)
    assert nothing_left(cancelled)


def test_d36_a_ready_row_without_bytes_is_told_of_and_kept(now: datetime, work: Work) -> None:
    version = uploaded("a.pdf", PDF, now, work)
    storage.delete_object(version.key)
    report = swept(timedelta(seconds=5))
    assert report.lost == [version.pk]
    assert f"without bytes in the bucket: versions {version.pk}." in str(report)
    assert FileVersion.objects.get().state == State.READY


def test_a_sweep_against_the_wrong_database_removes_nothing(now: datetime, work: Work) -> None:
    """A restored backup, or a copy of the site that shares the bucket, must not empty it."""
    for _ in range(22):
        arrived("a.pdf", PDF, now)
    File.objects.all().delete()
    work()
    report = swept(8 * DAY)
    assert (report.kept, report.objects) == (22, 0)
    assert "is this the right database?" in str(report)
    assert len(list(storage.list_keys("content/"))) == 22
    assert swept(8 * DAY, insist=True).objects == 22


def test_a_bucket_that_does_not_answer_is_said_and_asked_again_next_time(now: datetime, bucket: BucketServer) -> None:
    half_done(now, days=8)
    bucket.fail_next(30, kind="InternalError")
    report = swept()
    bucket.chaos.clear()
    assert "did not answer to 3 questions" in str(report)
    assert swept().cancelled == 1


@pytest.mark.usefixtures("stripe")
def test_the_command_says_what_it_did_and_the_worker_does_it_every_day(now: datetime) -> None:
    half_done(now, days=8)
    said = StringIO()
    call_command("sweep_uploads", "--days", "9", stdout=said)
    assert said.getvalue() == (
        "0 finished uploads taken on, 0 checks begun again, 0 abandoned uploads cancelled. "
        "Removed from the bucket: 0 objects and 0 uploads that belong to nothing.\n"
    )
    assert background.habits["courses.tasks.sweep_uploads"].every == timedelta(days=1)
    tasks.sweep_uploads.call()
    assert not FileVersion.objects.exists()


# --- T19 --------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here; nothing after this line happens."""


STEPS = (
    "create_checked_multipart",
    "list_parts",
    "complete_multipart",
    "head",
    "read_range",
    "read_all",
    "abort_multipart",
    "delete_object",
)


class Failpoint:
    """Ends the process at the n-th call to the bucket, before or after it has been heard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.late = 0, False
        for name in STEPS:
            monkeypatch.setattr(storage, name, self.wrapped(getattr(storage, name)))

    def wrapped(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.late:
                raise Killed
            result = act(*args, **kwargs)
            if self.left == 0:
                raise Killed
            return result

        return wrapper


def one_life(file: File, body: bytes, *, cancels: bool, now: datetime) -> None:
    version = uploads.start(file, Announced("a.pdf", len(body), sums=True), by=None, now=now)
    send(version, body, now=now)
    if cancels:
        uploads.abort(version)
    else:
        uploads.finish(version, now=now)
        tasks.verify.call(version.pk)
        tasks.discard.call(version.pk)


def test_t19_a_hundred_uploads_killed_at_any_step_leave_no_orphans(
    now: datetime, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, failpoint, killed = random.Random(19), Failpoint(monkeypatch), 0
    bodies = [PDF, BAD["pdf cut short"][1]]
    for _ in range(100):
        failpoint.left, failpoint.late = chance.randint(1, 9), chance.random() < 0.5
        try:
            one_life(a_file("a.pdf"), chance.choice(bodies), cancels=chance.random() < 0.2, now=now)
        except Killed:
            killed += 1
    failpoint.left = 0
    assert killed > 50
    for _ in range(2):
        swept(8 * DAY)
        work()
    assert not FileVersion.objects.filter(state__in=[State.UPLOADING, State.VERIFYING]).exists()
    ready = set(FileVersion.objects.ready().values_list("key", flat=True))
    assert set(storage.list_keys("content/")) == ready
    assert len(ready) > 20
    assert not list(storage.list_uploads("content/"))


def test_a_sweep_meets_a_start_between_the_bucket_and_its_row_and_leaves_it_alone(now: datetime) -> None:
    key = build.version(build.file(), ready=False).key
    FileVersion.objects.all().delete()
    upload = storage.create_multipart(key, "application/pdf")
    assert swept() == sweep.Report()
    version = FileVersion(key=key, upload_id=upload, size=len(PDF), part_size=8 * 2**20, content_type="application/pdf")
    version.file = build.file()
    version.save()
    [part] = uploads.sign_parts(version, [1], now=now)
    assert put(part, PDF) == 200
