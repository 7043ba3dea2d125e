"""Work outside the request: an app declares tasks in `<app>/tasks.py`, and `manage.py work` runs them. It knows no app.

    @background.task(tries=6)
    def send_notice(notice: int) -> None: ...

    with transaction.atomic():
        notice = Notice.objects.create(…)
        send_notice.enqueue(notice.pk)

A task is a row written by `enqueue` in the caller's own transaction: it exists exactly if that transaction commits. Its arguments are
JSON, and ids only, because they are kept and shown: the task reads the facts again when it runs. What it returns is thrown away.

Tasks are AT LEAST ONCE. A worker may die after the work and before it is written down, and then the work is done again; so a task asks
first whether it is still to be done (`sent_at is None`), or does what may be done twice. One that raises is tried again after 10 s,
1 min, 5 min, 30 min, 2 h, then every 6 h, each up to a quarter longer so that many do not come back at once; after its last try it
stays FAILED, with its error, for the owner to see and to run again.

    @background.every(timedelta(minutes=1))
    def deliver_notices() -> None: ...

A duty is a task without arguments that comes back by itself: once per interval, however many workers there are, never two at once, and
after a failure at the latest with the next interval. It is due for the first time when a worker first meets it.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ParamSpec

from django.db.models import Max
from django.utils.functional import Promise
from django_tasks import task as declare
from django_tasks.base import Task

from config.models import BackgroundTask, Heartbeat

P = ParamSpec("P")
Words = str | Promise

PAUSES = (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)  # seconds; the last one repeats
JITTER = 0.25
TRIES = 10  # About 27 hours from the first to the last.
LATE = timedelta(minutes=2)
NAMESPACE = uuid.UUID("5b0a4f0e-6a37-4f0b-9a3e-0d5f5c8e7a11")


@dataclass(frozen=True)
class Habit:
    """What is known of a task beyond its function: its name for the owner, its number of tries, and how often it comes by itself."""

    title: Words
    tries: int
    every: timedelta | None = None


habits: dict[str, Habit] = {}


def task(*, tries: int = TRIES, title: Words = "") -> Callable[[Callable[P, None]], Task[P, None]]:
    """Declare a task that is tried `tries` times at most. `title` names it in the admin; else its function's name does."""

    def wrap(function: Callable[P, None]) -> Task[P, None]:
        return remember(function, Habit(title or plain(function.__name__), tries))

    return wrap


def every(interval: timedelta, *, title: Words = "") -> Callable[[Callable[[], None]], Task[[], None]]:
    """Declare a duty that comes back `interval` after it ended."""

    def wrap(function: Callable[[], None]) -> Task[[], None]:
        return remember(function, Habit(title or plain(function.__name__), TRIES, interval))

    return wrap


def remember(function: Callable[P, None], habit: Habit) -> Task[P, None]:
    made: Task[P, None] = declare(function)
    habits[made.module_path] = habit
    return made


def habit_of(path: str) -> Habit:
    """Return what is known of the task at `path`; one whose function is gone has the defaults."""
    return habits.get(path) or Habit(plain(path.rpartition(".")[2]), TRIES)


def plain(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def duty_id(path: str) -> uuid.UUID:
    """Return the id of the one row that a duty has, whichever worker writes it first."""
    return uuid.uuid5(NAMESPACE, path)


def pause(tries: int) -> timedelta:
    """Return how long to wait after this many tries."""
    seconds = PAUSES[min(tries, len(PAUSES)) - 1]
    return timedelta(seconds=seconds * random.uniform(1, 1 + JITTER))  # noqa: S311 - it spreads load, and guards nothing


def overdue(*, now: datetime) -> int:
    """Return how many tasks should have begun two minutes ago: more than none means that no worker runs, or too few."""
    return BackgroundTask.objects.overdue(now=now, grace=LATE).count()


def last_seen() -> datetime | None:
    """Return when a worker last gave a sign of life; None if none ever did."""
    return Heartbeat.objects.aggregate(last=Max("beat_at"))["last"]
