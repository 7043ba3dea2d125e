"""The daily sweep: abandoned uploads go, interrupted checks are released, what is READY stays."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from courses import storage, uploads
from courses.models import FileVersion
from sandbox.s3 import BucketServer
from tests.courses.uploads.samples import PDF
from tests.courses.uploads.test_flow import a_file, nothing_left, put, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
State = FileVersion.State


def begun(now: datetime, *, days: float) -> FileVersion:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=len(PDF), by=None, now=now - timedelta(days=days))
    assert put(uploads.sign_parts(version, [1])[0].url, PDF) == 200
    return version


def sweep() -> str:
    said = StringIO()
    call_command("sweep_uploads", stdout=said, stderr=said)
    return said.getvalue()


def test_only_uploads_that_nobody_goes_on_with_are_cancelled(now: datetime) -> None:
    old, young, ready = begun(now, days=8), begun(now, days=6), uploaded("a.pdf", PDF, now - timedelta(days=30))
    FileVersion.objects.filter(pk=ready.pk).update(created_at=now - timedelta(days=30))
    assert sweep() == "1 uploads cancelled, 0 released, 0 rejected files made sure of.\n"
    assert FileVersion.objects.get(pk=old.pk).state == State.ABORTED
    assert nothing_left(old)
    assert uploads.finish(young, now=now).state == State.READY
    assert storage.head(ready.key).size == len(PDF)


def test_a_check_that_died_is_released_and_can_be_finished(now: datetime) -> None:
    version = begun(now, days=1)
    FileVersion.objects.filter(pk=version.pk).update(state=State.VERIFYING)
    assert "1 released" in sweep()
    version.refresh_from_db()
    assert uploads.finish(version, now=now).state == State.READY


def test_an_upload_completed_in_the_bucket_and_never_here_leaves_nothing(now: datetime) -> None:
    version = begun(now, days=8)
    storage.complete_multipart(version.key, version.upload_id, storage.list_parts(version.key, version.upload_id))
    sweep()
    assert version.key not in storage.list_keys("content/")


def test_a_bucket_that_does_not_answer_is_said_and_tried_again(now: datetime, bucket: BucketServer) -> None:
    begun(now, days=8)
    bucket.fail_next(10, kind="InternalError")
    assert "tried again next time" in sweep()
    bucket.chaos.clear()
    assert "1 uploads cancelled" in sweep()
