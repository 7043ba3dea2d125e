"""Named places at which a run lets a process die, fail or wait. They are put in from outside: the apps know nothing of them.

A plan is a list of `name:nth:action`, comma-separated. `nth` is a number, or `*` for every time; `action` is kill9, raise, sleep=SECONDS
or jitter=SECONDS (no wait every other time, else a random one up to that). Times are counted over all processes that share a folder.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models.signals import post_save

from billing.models import Customer, WebhookEvent

Hook = Callable[[], None]
Undo = Callable[[], Any]


@dataclass(frozen=True)
class Point:
    """`put` makes a hook be called at this place, and returns what takes it away again."""

    what: str
    put: Callable[[Hook], Undo]


def before(module: str, name: str) -> Callable[[Hook], Undo]:
    def put(hook: Hook) -> Undo:
        def wrapper(inner: Callable[..., Any], *given: Any, **named: Any) -> Any:
            hook()
            return inner(*given, **named)

        return replaced(module, name, wrapper)

    return put


def after(module: str, name: str) -> Callable[[Hook], Undo]:
    def put(hook: Hook) -> Undo:
        def wrapper(inner: Callable[..., Any], *given: Any, **named: Any) -> Any:
            done = inner(*given, **named)
            hook()
            return done

        return replaced(module, name, wrapper)

    return put


def replaced(module: str, name: str, wrapper: Callable[..., Any]) -> Undo:
    """Put `wrapper` in front of a function that is looked up by its module at every call. Raises AttributeError if it is gone."""
    owner = import_module(module)
    inner = getattr(owner, name)

    @wraps(inner)
    def standing_in(*given: Any, **named: Any) -> Any:
        return wrapper(inner, *given, **named)

    setattr(owner, name, standing_in)
    return lambda: setattr(owner, name, inner)


def saved(model: type[Any], which: Callable[[Any, bool], bool]) -> Callable[[Hook], Undo]:
    """The place right after a row was written, inside the transaction that writes it."""

    def put(hook: Hook) -> Undo:
        def receive(sender: Any, instance: Any, created: bool, **_: Any) -> None:
            if connection.in_atomic_block and which(instance, created):
                hook()

        post_save.connect(receive, sender=model, weak=False)
        return lambda: post_save.disconnect(receive, sender=model)

    return put


POINTS = {
    "F1": Point("the signature holds, nothing is stored", before("billing.events", "record")),
    "F2": Point("the event's row is inserted, not committed", saved(WebhookEvent, lambda _, created: created)),
    "F3": Point("all is done and committed, the answer is not sent", after("billing.events", "handle")),
    "F4": Point("the event is stored, Stripe is not asked yet", before("billing.sync", "converge")),
    "F5": Point("Stripe has answered, nothing is written", after("billing.gateway", "fetch_customer")),
    "F6": Point("everything is written, not committed", saved(Customer, lambda one, _: one.applied_ticket > 0)),
    "F7": Point("everything is committed, the event is not marked", after("billing.sync", "converge")),
    "F8": Point("the mail is out, its row does not say so", after("config.mail", "send")),
    "F9": Point("the download is recorded, the redirect is not sent", after("courses.serving", "mint")),
    "F10": Point(
        "the bucket has completed an upload, our row does not say so", after("courses.storage", "complete_multipart")
    ),
    "F11": Point("the customer is made at Stripe, not here", after("billing.gateway", "create_customer")),
    "F12": Point("the session is made at Stripe, not here", after("billing.gateway", "create_session")),
}


class Failure(Exception):
    """What `raise` raises: an error that nobody expected."""


@dataclass(frozen=True)
class Step:
    """One entry of a plan."""

    point: str
    nth: int | None
    action: str

    @classmethod
    def read(cls, text: str) -> "Step":
        point, nth, action = text.split(":")
        if point not in POINTS:
            raise ValueError(f"no failpoint is called {point}")
        return cls(point, None if nth == "*" else int(nth), action)


def act(action: str) -> None:
    name, _, seconds = action.partition("=")
    if name == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    elif name == "raise":
        raise Failure("as the plan says")
    elif name == "sleep":
        time.sleep(float(seconds))
    elif name == "jitter":
        time.sleep(max(0.0, random.uniform(-float(seconds), float(seconds))))
    else:
        raise ValueError(f"no action is called {action}")


def counted(folder: Path, point: str) -> int:
    """Count one more arrival at a point, over all processes, and return how many that makes."""
    handle = os.open(folder / point, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, b".")
        return os.lseek(handle, 0, os.SEEK_CUR)
    finally:
        os.close(handle)


def arrivals(folder: Path, point: str) -> int:
    """Return how often a point has been reached."""
    path = folder / point
    return path.stat().st_size if path.exists() else 0


def arm(plan: str, folder: Path) -> None:
    """Put every point of a plan in place for the rest of this process's life."""
    steps = [Step.read(text) for text in plan.split(",") if text]
    for point in {step.point for step in steps}:
        mine = [step for step in steps if step.point == point]

        def hook(point: str = point, mine: list[Step] = mine) -> None:
            number = counted(folder, point)
            for step in mine:
                if step.nth in (None, number):
                    act(step.action)

        POINTS[point].put(hook)


@contextmanager
def armed(point: str, hook: Hook) -> Iterator[None]:
    """Let `hook` be called at a point, inside this block and this process."""
    with ExitStack() as stack:
        stack.callback(POINTS[point].put(hook))
        yield
