"""What the background promises, in one process: tasks are kept, tried again, given up, and come back by themselves."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_tasks_db.models import get_date_max

from config import background
from config.background import Habit, duty_id, habits
from config.models import BackgroundTask, Heartbeat
from config.worker import LEASE, Worker, failed, run_again, succeeded
from tests.config import tasks

pytestmark = pytest.mark.django_db
Work = Callable[..., int]
DUTY = "tests.config.tasks.tidy"


@pytest.fixture
def duty(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A duty that comes back every five minutes; what it did stands in the list, and it raises while `fail` is in it."""
    done: list[int] = []

    def tidy() -> None:
        done.append(len(done))
        if -1 in done:
            raise ValueError("not tidy")

    tidy.__module__, tidy.__qualname__ = "tests.config.tasks", "tidy"
    # Forgotten with the test, whatever a test sets over it.
    monkeypatch.setitem(habits, DUTY, Habit("tidy", 1))
    monkeypatch.setattr(tasks, "tidy", background.every(timedelta(minutes=5))(tidy), raising=False)
    return done


def test_a_task_runs_once_with_what_it_was_given(work: Work) -> None:
    tasks.greet.enqueue("Sam")
    assert (work(), work()) == (1, 0)
    assert Group.objects.get().name == "Sam"
    task = BackgroundTask.objects.get()
    assert (task.status, task.tries, task.traceback) == ("SUCCESSFUL", 1, "")


def test_a_task_of_a_transaction_that_is_rolled_back_never_was(work: Work) -> None:
    with transaction.atomic():
        tasks.greet.enqueue("Sam")
        assert BackgroundTask.objects.count() == 1
        transaction.set_rollback(True)
    assert (work(), BackgroundTask.objects.count(), Group.objects.count()) == (0, 0, 0)


def test_a_task_for_later_waits_for_its_time(work: Work) -> None:
    tasks.greet.using(run_after=timezone.now() + timedelta(hours=1)).enqueue("Sam")
    assert work() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        assert work() == 1


def test_a_failing_task_is_tried_again_with_growing_pauses_and_then_given_up(work: Work) -> None:
    tasks.break_cup.enqueue(7)
    waits = []
    now = timezone.now()
    for tries in (1, 2, 3):
        with time_machine.travel(now, tick=False):
            assert (work(failing=True), work(failing=True)) == (1, 0)
        task = BackgroundTask.objects.get()
        assert task.tries == tries
        waits.append((task.run_after - now).total_seconds())
        now = task.run_after
    assert 10 <= waits[0] <= 12.5
    assert 60 <= waits[1] <= 75
    assert task.status == "FAILED"
    assert "ValueError: cup 7" in task.traceback
    with time_machine.travel(now + timedelta(days=30)):
        assert work(failing=True) == 0


def test_the_pauses_grow_to_six_hours_and_are_never_the_same() -> None:
    least = [10, 60, 300, 1800, 7200, 21600, 21600]
    for tries, seconds in enumerate(least, start=1):
        assert seconds <= background.pause(tries).total_seconds() <= 1.25 * seconds
    assert len({background.pause(3) for _ in range(20)}) > 10


def test_a_task_that_works_the_second_time_is_done_and_its_error_forgotten(work: Work, tmp_path: Path) -> None:
    tasks.read.enqueue(str(tmp_path / "letter"))
    with pytest.raises(pytest.fail.Exception, match="FileNotFoundError"):
        work()
    (tmp_path / "letter").touch()
    with time_machine.travel(BackgroundTask.objects.get().run_after):
        assert work() == 1
    task = BackgroundTask.objects.get()
    assert (task.status, task.tries, task.traceback) == ("SUCCESSFUL", 2, "")


def test_a_task_that_asks_to_leave_takes_no_worker_with_it(work: Work) -> None:
    tasks.leave.enqueue()
    tasks.greet.enqueue("Sam")
    assert work(failing=True) == 2
    assert Group.objects.get().name == "Sam"


def test_a_task_whose_function_is_gone_waits_for_the_version_that_has_it(work: Work) -> None:
    """While one version replaces another, an old worker may meet a task of the new one."""
    tasks.greet.enqueue("Sam")
    BackgroundTask.objects.update(task_path="tests.config.tasks.not_yet")
    assert work(failing=True) == 1
    task = BackgroundTask.objects.get()
    assert (task.status, task.exception_class_path) == ("READY", "builtins.ImportError")
    assert background.habit_of(task.task_path).title == "Not yet"


def test_run_again_gives_a_task_all_its_tries(work: Work) -> None:
    tasks.break_cup.enqueue(7)
    BackgroundTask.objects.update(status="FAILED", worker_ids=["a", "b", "c"])
    assert run_again(BackgroundTask.objects.all()) == 1
    assert work(failing=True) == 1
    assert (BackgroundTask.objects.get().status, BackgroundTask.objects.get().tries) == ("READY", 1)


@pytest.mark.parametrize("status", ["RUNNING", "SUCCESSFUL"])
def test_run_again_leaves_alone_what_runs_or_is_done(status: str) -> None:
    tasks.greet.enqueue("Sam")
    BackgroundTask.objects.update(status=status)
    assert run_again(BackgroundTask.objects.all()) == 0


# --- Workers that die -------------------------------------------------------------------------


def running_under(worker: str, *, beat: timedelta | None) -> BackgroundTask:
    """Return a task that this worker claimed; its last beat was so long ago, or never."""
    tasks.greet.enqueue("Sam")
    now = timezone.now()
    BackgroundTask.objects.update(status="RUNNING", started_at=now, worker_ids=[worker])
    if beat is not None:
        Heartbeat.objects.create(worker=worker, started_at=now, beat_at=now - beat)
    return BackgroundTask.objects.get()


@pytest.mark.parametrize("beat", [None, timedelta(seconds=LEASE + 1)], ids=["never beat", "stopped beating"])
def test_a_dead_workers_task_is_taken_up_again(work: Work, beat: timedelta | None) -> None:
    running_under("dead", beat=beat)
    assert work(failing=True) == 0
    task = BackgroundTask.objects.get()
    assert (task.status, task.tries) == ("READY", 1)
    with time_machine.travel(task.run_after):
        assert work() == 1
    assert Group.objects.count() == 1


def test_a_living_workers_task_is_left_to_it(work: Work) -> None:
    running_under("living", beat=timedelta(seconds=LEASE - 5))
    assert work() == 0
    assert BackgroundTask.objects.get().status == "RUNNING"


def test_a_task_that_kills_its_workers_is_given_up_in_the_end(work: Work) -> None:
    task = running_under("dead", beat=None)
    BackgroundTask.objects.update(worker_ids=["dead"] * habits[task.task_path].tries)
    work(failing=True)
    assert BackgroundTask.objects.get().status == "FAILED"
    assert BackgroundTask.objects.get().traceback == "The worker ended while this task ran."


def test_a_worker_takes_up_its_own_task_whose_end_could_not_be_written() -> None:
    worker = Worker()
    running_under(worker.id, beat=timedelta(seconds=1))
    assert worker.reap() == 1


def test_what_a_frozen_worker_says_late_is_not_written_over_the_others_word() -> None:
    row = running_under("frozen", beat=timedelta(hours=1))
    BackgroundTask.objects.update(started_at=timezone.now() + timedelta(seconds=70), worker_ids=["frozen", "other"])
    assert not succeeded(row, now=timezone.now())
    assert not failed(row, kind="", text="late", now=timezone.now())
    assert BackgroundTask.objects.get().status == "RUNNING"


# --- Duties -----------------------------------------------------------------------------------


def test_a_duty_comes_back_after_its_interval_and_keeps_one_row(duty: list[int]) -> None:
    now = timezone.now()
    for minutes, ran in ((0, 1), (4, 1), (6, 2), (7, 2), (11.5, 3)):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            Worker().drain()
        assert len(duty) == ran, minutes
    task = BackgroundTask.objects.get(pk=duty_id(DUTY))
    assert (task.status, task.tries) == ("READY", 0)


def test_a_failing_duty_is_tried_again_at_the_latest_with_its_interval_and_never_given_up(duty: list[int]) -> None:
    duty.append(-1)
    now = timezone.now()
    for _ in range(15):
        with time_machine.travel(now):
            Worker().drain()
        task = BackgroundTask.objects.get(pk=duty_id(DUTY))
        assert task.status == "READY"
        assert task.run_after - now <= timedelta(minutes=5, seconds=1)
        now = task.run_after + timedelta(milliseconds=1)
    assert len(duty) == 16
    assert "not tidy" in task.traceback


def test_a_duty_whose_interval_was_shortened_does_not_sleep_through_it(
    duty: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    Worker().drain()
    monkeypatch.setitem(habits, DUTY, Habit("tidy", 1, timedelta(seconds=30)))
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):
        Worker().begin()
    assert BackgroundTask.objects.get(pk=duty_id(DUTY)).run_after <= timezone.now() + timedelta(seconds=32)


def test_the_site_clears_up_what_ended_long_ago() -> None:
    now = timezone.now()
    for days, status in ((8, "SUCCESSFUL"), (6, "SUCCESSFUL"), (89, "FAILED"), (91, "FAILED")):
        made = tasks.greet.enqueue("Sam")
        BackgroundTask.objects.filter(pk=made.id).update(status=status, finished_at=now - timedelta(days=days))
    Worker().drain()
    ages = {(now - one.finished_at).days for one in BackgroundTask.objects.filter(task_path__endswith="greet")}
    assert ages == {6, 89}


# --- What the owner is told -------------------------------------------------------------------


def test_the_owner_can_see_that_no_worker_runs(work: Work) -> None:
    now = timezone.now()
    assert (background.overdue(now=now), background.last_seen()) == (0, None)
    tasks.greet.enqueue("Sam")
    tasks.greet.using(run_after=now + timedelta(hours=1)).enqueue("Lara")
    assert background.overdue(now=now + timedelta(minutes=1)) == 0
    assert background.overdue(now=now + timedelta(minutes=3)) == 1
    assert background.overdue(now=now + timedelta(minutes=63)) == 2
    work()
    seen = background.last_seen()
    assert seen is not None
    assert seen >= now
    assert background.overdue(now=now + timedelta(minutes=3)) == 0


def test_the_log_names_the_task_and_never_what_it_was_given(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    tasks.greet.enqueue("sam@example.com")
    tasks.break_cup.enqueue(7)
    work(failing=True)
    lines = [record.getMessage() for record in caplog.records if record.name == "config.worker"]
    assert len(lines) == 2
    assert lines[0].startswith("task done name=tests.config.tasks.greet id=")
    assert "tries=1 ms=" in lines[0]
    assert lines[1].endswith("error=builtins.ValueError")
    assert "example.com" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stumbles_while_a_task_ends_costs_no_second_run(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = iter([True, True])
    monkeypatch.setattr("config.worker.WRITE_AGAIN", (0, 0, 0))

    def outcome() -> bool:
        if next(refused, False):
            raise DatabaseError("gone")
        return True

    Worker().write(outcome)
    assert next(refused, None) is None


def test_a_new_task_is_due_at_once() -> None:
    tasks.greet.enqueue("Sam")
    assert BackgroundTask.objects.get().run_after == get_date_max()
