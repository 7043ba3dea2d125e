"""The worker as a real process, on the database the site has: killed, stopped, doubled, and cut off from its database."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from config.models import BackgroundTask, Heartbeat
from config.worker import LEASE, Worker
from tests.config import tasks
from tests.house.scene import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[..., int]
PATIENCE = 30
WORK = ("-m", "tests.config.alone")
HURRIED = (*WORK, "--hurried")


def database_url() -> str:
    """Return the address of the database that this test uses."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@contextmanager
def worker(log: Path, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as output:
        variables = os.environ | {"DATABASE_URL": database_url()}
        child = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=variables, stderr=output, stdout=output)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    return tmp_path / "traces"


def test_a_worker_killed_in_the_middle_of_a_task_loses_nothing(work: Work, log: Path, traces: Path) -> None:
    """The next worker takes it up once the dead one has not beaten for the length of a lease."""
    tasks.stumble.enqueue(str(traces))
    tasks.trace.enqueue(str(traces), "next")
    with worker(log, *WORK) as child:
        until(lambda: lines(traces), "the task begins")
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert lines(traces) == ["begin"]
    assert work() == 1, "only the one that waited; the other's worker may still live, for all we know"
    now = timezone.now()
    Heartbeat.objects.filter(worker=BackgroundTask.objects.get(status="RUNNING").worker_ids[0]).update(
        beat_at=now - timedelta(seconds=LEASE + 1)
    )
    assert Worker().reap() == 1
    BackgroundTask.objects.filter(status="READY").update(run_after=now)
    work(failing=True)
    assert lines(traces)[-1] == "end"
    left = BackgroundTask.objects.filter(task_path__startswith="tests").exclude(status="SUCCESSFUL")
    assert not left.exists()


def test_the_other_worker_takes_up_by_itself_what_a_killed_one_left(log: Path, traces: Path) -> None:
    tasks.stumble.enqueue(str(traces))
    with worker(log, *HURRIED) as first:
        until(lambda: lines(traces), "the task begins")
        with worker(log, *HURRIED):
            until(lambda: Heartbeat.objects.count() >= 2, "the other worker lives")
            time.sleep(3)
            assert lines(traces) == ["begin"], "a task longer than a lease is left to the worker that lives"
            first.send_signal(signal.SIGKILL)
            until(lambda: BackgroundTask.objects.filter(status="SUCCESSFUL").exists(), "it is done by the other")
    assert lines(traces) == ["begin", "end"]


def test_workers_side_by_side_never_run_one_task_twice(log: Path, traces: Path) -> None:
    """Tasks as short as can be, all due while every worker is awake: most of the time they are claiming."""
    words = [f"task{number}" for number in range(300)]
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(worker(log, *HURRIED))
        until(lambda: Heartbeat.objects.count() == 3, "all are awake")
        with transaction.atomic():
            for word in words:
                tasks.trace.enqueue(str(traces), word)
        until(lambda: len(lines(traces)) >= 2 * len(words), "all are done")
        until(
            lambda: not BackgroundTask.objects.exclude(status="SUCCESSFUL").filter(task_path__endswith="trace"), "end"
        )
    begun = Counter(line.split()[1] for line in lines(traces) if line.startswith("begin"))
    assert begun == dict.fromkeys(words, 1)
    assert len({line.split()[2] for line in lines(traces)}) >= 2, "more than one worker worked"


def test_sigterm_lets_the_running_task_finish_and_begins_no_other(log: Path, traces: Path) -> None:
    tasks.trace.enqueue(str(traces), "one", seconds=1.5)
    tasks.trace.enqueue(str(traces), "two")
    with worker(log, *WORK) as child:
        until(lambda: lines(traces), "the task begins")
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    assert [line.split()[:2] for line in lines(traces)] == [["begin", "one"], ["end", "one"]]
    assert Counter(BackgroundTask.objects.filter(task_path__endswith="trace").values_list("status", flat=True)) == {
        "SUCCESSFUL": 1,
        "READY": 1,
    }
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_stops_within_seconds(log: Path, number: int) -> None:
    with worker(log, *WORK) as child:
        until(lambda: "task done" in (log.read_text() if log.exists() else ""), "its own duty is done")
        child.send_signal(number)
        assert child.wait(5) == 0
    assert log.read_text().strip().splitlines()[-1].endswith(re.findall(r"worker stopped id=\w+", log.read_text())[-1])


def test_until_empty_ends_when_nothing_is_due(log: Path, traces: Path) -> None:
    tasks.trace.enqueue(str(traces), "one")
    tasks.trace.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(str(traces), "later")
    with worker(log, *WORK, "--until-empty") as child:
        assert child.wait(PATIENCE) == 0
    assert [line.split()[:2] for line in lines(traces)] == [["begin", "one"], ["end", "one"]]
    assert "Tasks run: 2." in log.read_text()


@contextmanager
def away() -> Iterator[None]:
    """Let the database turn everybody out and away but this test, for three seconds and the block."""
    found = connection.settings_dict
    connection.ensure_connection()
    mine = connection.connection.info.backend_pid
    where = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    with psycopg.connect(**where, dbname="template1", autocommit=True) as desk:
        try:
            desk.execute(f'ALTER DATABASE "{found["NAME"]}" WITH ALLOW_CONNECTIONS false')
            for _ in range(3):
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
                desk.execute(others, [found["NAME"], mine])
                time.sleep(1)
            yield
        finally:
            desk.execute(f'ALTER DATABASE "{found["NAME"]}" WITH ALLOW_CONNECTIONS true')


@pytest.mark.postgres
def test_a_worker_outlives_a_database_that_goes_away(log: Path, traces: Path) -> None:
    with worker(log, *HURRIED) as child:
        until(Heartbeat.objects.exists, "it lives")
        with away():
            tasks.trace.enqueue(str(traces), "after")
            assert child.poll() is None
            assert lines(traces) == []
        until(lambda: len(lines(traces)) == 2, "it works again")
        until(lambda: "the database answers again" in log.read_text(), "it says so")
        assert child.poll() is None
    assert log.read_text().count("the database does not answer") <= 3
    assert "Traceback" not in log.read_text()
