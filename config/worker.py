"""The worker: takes tasks one at a time, sees that none is lost, and ends in good order. django-tasks-db gives the rows and their locks.

Who lives? Each worker beats in `Heartbeat` every BEAT seconds, from a thread of its own, so that a task may take hours. A task that is
RUNNING under a worker without a beat for LEASE seconds was left behind by a death, and goes back into the queue like one that
failed, with its try counted: a task that kills its workers is given up in the end. So is one that is RUNNING under ourselves
while we run nothing: its end could not be written. A worker that was only frozen may find that its task has been taken up by another;
what it then has to say is not written over the other's. Clocks of several machines must agree to within half a minute.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from traceback import format_exception
from types import FrameType

from django.db import Error, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max
from django_tasks_db.utils import exclusive_transaction

from config.background import duty_id, habit_of, habits, pause
from config.models import BackgroundTask, Heartbeat, TaskQuerySet

logger = logging.getLogger(__name__)

BEAT = 10  # seconds
LEASE = 60
POLL = 1
REAP_EVERY = 15
REMEMBERED = timedelta(days=1)
# Waits between attempts to write down how a task ended, so that a database that restarts costs no second run.
WRITE_AGAIN = (0.2, 1, 3, 10, 20, 30)
LONGEST_ERROR = 10_000
WORKERS_NAMED = 50


class Worker:
    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.stopping = False
        self.away = False

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask for the end, as a signal's handler may: the running task is finished, and nothing new is begun."""
        self.stopping = True

    def run(self) -> None:
        """Run what is due until told to stop, through times in which the database is away."""
        logger.info("worker started id=%s", self.id)
        with self.pulse() as beating:
            begun, reap_at = False, 0.0
            while not self.stopping and beating.is_alive():
                try:
                    if not begun:
                        begun = self.begin()
                    if time.monotonic() >= reap_at:
                        self.reap()
                        reap_at = time.monotonic() + REAP_EVERY
                    if not self.run_next():
                        self.rest()
                    self.back()
                except Error as error:
                    self.gone(error)
                    # After an outage the others need time to beat again before they may be taken for dead.
                    reap_at = time.monotonic() + LEASE
                    self.rest()
        if not self.stopping:
            raise RuntimeError("the heartbeat ended; see its error above")
        logger.info("worker stopped id=%s", self.id)

    def rest(self) -> None:
        """Wait for POLL seconds, or until told to stop."""
        over = time.monotonic() + POLL
        while not self.stopping and time.monotonic() < over:
            time.sleep(POLL / 5)

    def drain(self, *, duties: bool = True) -> int:
        """Run what is due until nothing is; return how many were run. A task that fails is due again later, not now."""
        self.begin(duties=duties)
        self.reap()
        done = 0
        while not self.stopping and self.run_next():
            done += 1
        return done

    # --- Taking and running -------------------------------------------------------------------

    def run_next(self) -> bool:
        """Run the task that is due first. Return whether there was one."""
        row = self.claim()
        if row is None:
            return False
        began, path, tries = time.monotonic(), row.task_path, len(row.worker_ids)
        try:
            task = row.task
            task.call(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a task raises is its failure, not the worker's
            kind, text, took = kind_of(error), "".join(format_exception(error)), milliseconds(began)
            # The error's words may hold an address; they stand in the row, and the log names the kind alone.
            logger.warning("task failed name=%s id=%s tries=%d ms=%d error=%s", path, row.pk, tries, took, kind)
            self.write(lambda: failed(row, kind=kind, text=text, now=timezone.now()))
        else:
            logger.info("task done name=%s id=%s tries=%d ms=%d", path, row.pk, tries, milliseconds(began))
            self.write(lambda: succeeded(row, now=timezone.now()))
        return True

    def claim(self) -> DBTaskResult | None:
        due = DBTaskResult.objects.ready()
        # SQLite has one write lock for all; an idle worker only looks.
        if not due.exists():
            return None
        with exclusive_transaction():
            row = due.get_locked()
            if row is not None:
                row.claim(self.id)
        return row

    def write(self, outcome: Callable[[], bool]) -> None:
        """Write how a task ended. Raises Error when the database stays away; the task is then taken up again."""
        for wait in (*WRITE_AGAIN, None):
            try:
                if not outcome():
                    logger.warning(
                        "task was taken up by another worker meanwhile; worker=%s was away too long", self.id
                    )
            except Error as error:
                if wait is None or connection.in_atomic_block:
                    raise
                self.gone(error)
                time.sleep(wait)
            else:
                return

    # --- Keeping the queue --------------------------------------------------------------------

    def begin(self, *, duties: bool = True) -> bool:
        """Be known to live before the first claim, and see that every duty has its row."""
        self.beat()
        now = timezone.now()
        for path, habit in habits.items():
            if duties and habit.every:
                arm(path, habit.every, now=now)
        return True

    def reap(self) -> int:
        """Take up what dead workers left RUNNING; return how many. Called while this worker runs nothing."""
        now = timezone.now()
        living = set(
            Heartbeat.objects.filter(beat_at__gt=now - timedelta(seconds=LEASE)).values_list("worker", flat=True)
        ) - {self.id}
        lost = [row for row in DBTaskResult.objects.running() if not living.intersection(row.worker_ids[-1:])]
        for row in lost:
            logger.warning("task lost by its worker name=%s id=%s tries=%d", row.task_path, row.pk, len(row.worker_ids))
            failed(row, kind="", text="The worker ended while this task ran.", now=now)
        Heartbeat.objects.filter(beat_at__lt=now - REMEMBERED).delete()
        return len(lost)

    # --- Signs of life ------------------------------------------------------------------------

    @contextmanager
    def pulse(self) -> Iterator[threading.Thread]:
        """Beat from a thread while the block runs."""
        over = threading.Event()
        thread = threading.Thread(target=self.keep_beating, args=(over,), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            over.set()
            thread.join()

    def keep_beating(self, over: threading.Event) -> None:
        while True:
            try:
                self.beat()
            except Error as error:
                self.gone(error)
            if over.wait(BEAT):
                break
        connection.close()

    def beat(self) -> None:
        now = timezone.now()
        Heartbeat.objects.update_or_create(
            worker=self.id, defaults={"beat_at": now}, create_defaults={"beat_at": now, "started_at": now}
        )

    def gone(self, error: Error) -> None:
        """Drop a connection that failed, and say so once."""
        connection.close()
        if not self.away:
            logger.warning("the database does not answer: %s; trying again", type(error).__name__)
        self.away = True

    def back(self) -> None:
        if self.away:
            logger.info("the database answers again")
        self.away = False


def arm(path: str, interval: timedelta, *, now: datetime) -> None:
    """Write the row of a duty that has none, wake one that was given up, and let none wait longer than its interval."""
    rows = BackgroundTask.objects.filter(pk=duty_id(path))
    if not rows.exists():
        values = {"task_path": path, "backend_name": "default", "args_kwargs": {"args": [], "kwargs": {}}}
        BackgroundTask.objects.bulk_create(
            [BackgroundTask(pk=duty_id(path), run_after=now, **values)], ignore_conflicts=True
        )
    rows.filter(status__in=["SUCCESSFUL", "FAILED"]).update(status="READY", run_after=now, worker_ids=[])
    rows.filter(status="READY", run_after__gt=now + interval).update(run_after=now + interval)


def succeeded(row: DBTaskResult, *, now: datetime) -> bool:
    habit = habit_of(row.task_path)
    ended = {"finished_at": now, "exception_class_path": "", "traceback": ""}
    if habit.every:
        return mine(row).update(status="READY", run_after=now + habit.every, worker_ids=[], **ended) == 1
    return mine(row).update(status="SUCCESSFUL", **ended) == 1


def failed(row: DBTaskResult, *, kind: str, text: str, now: datetime) -> bool:
    """Put the task back for its next try; after its last one leave it FAILED. A duty is never given up."""
    habit, tries = habit_of(row.task_path), len(row.worker_ids)
    error = {"exception_class_path": kind, "traceback": text[-LONGEST_ERROR:], "finished_at": now}
    if habit.every is None and tries >= habit.tries:
        logger.error("task given up name=%s id=%s tries=%d", row.task_path, row.pk, tries)
        return mine(row).update(status="FAILED", **error) == 1
    wait = pause(tries) if habit.every is None else min(pause(tries), habit.every)
    named = row.worker_ids[-WORKERS_NAMED:]
    return mine(row).update(status="READY", run_after=now + wait, worker_ids=named, **error) == 1


def mine(row: DBTaskResult) -> TaskQuerySet:
    """Return the row as it was claimed, or nothing: the moment of the claim tells one run from the next."""
    return BackgroundTask.objects.filter(pk=row.pk, status="RUNNING", started_at=row.started_at)


def run_again(tasks: TaskQuerySet) -> int:
    """Let these run now, with all their tries before them; leave out what runs or is done. Return how many."""
    again = tasks.filter(status__in=["READY", "FAILED"])
    return again.update(status="READY", run_after=get_date_max(), worker_ids=[])


def kind_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
