"""U74: the process is killed between the bucket's Complete and our commit, and in the middle of a check. Real processes, real SIGKILL."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from courses import storage, sweep, tasks
from courses.models import FileVersion
from tests.config.test_worker_processes import database_url
from tests.courses.uploads.hands import Work, begun, delivered, send
from tests.courses.uploads.samples import PDF
from tests.house.scene import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bucket")]
State = FileVersion.State


def die(act: str, step: str, version: FileVersion) -> None:
    command = [sys.executable, "-m", "tests.courses.uploads.dying", act, step, str(version.pk)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url()}, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL


def test_u74_killed_between_the_buckets_complete_and_our_commit(now: datetime, work: Work) -> None:
    version = begun("a.pdf", len(PDF), now)
    send(version, PDF, now=now)
    die("finish", "complete_multipart", version)
    version.refresh_from_db()
    assert version.state == State.UPLOADING, "never a ready row that nobody has looked at"
    with pytest.raises(storage.NotThere):
        storage.list_parts(version.key, version.upload_id)
    assert sweep.run(now=timezone.now(), check=tasks.verify.enqueue).adopted == 1
    work()
    version.refresh_from_db()
    assert version.state == State.READY
    assert delivered(version) == PDF


def test_u74_killed_in_the_middle_of_a_check(now: datetime, work: Work) -> None:
    version = begun("a.pdf", len(PDF), now)
    send(version, PDF, now=now)
    storage.complete_multipart(version.key, version.upload_id, storage.list_parts(version.key, version.upload_id))
    FileVersion.objects.update(state=State.VERIFYING)
    die("verify", "read_range", version)
    version.refresh_from_db()
    assert (version.state, version.ready_at) == (State.VERIFYING, None)
    later = timezone.now() + timedelta(hours=2)
    assert sweep.run(now=later, check=tasks.verify.enqueue).checked_again == 1
    work()
    version.refresh_from_db()
    assert version.state == State.READY
