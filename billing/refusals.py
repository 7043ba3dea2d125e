"""How many bells were refused of late, and why: kept in the cache, so that a flood of forgeries writes no row.

Each process counts for itself and writes its count down at most once a minute for each reason, and only when nobody else has in that
minute. The numbers are therefore rough; that there were any is not.
"""

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.cache import cache

logger = logging.getLogger(__name__)
DAY = timedelta(hours=24)
MINUTE = 60
KEPT = 25 * 3600


class Refusal(StrEnum):
    FORGED = "forged"
    MISTIMED = "mistimed"
    OTHER_MODE = "mode"
    OTHER_ACCOUNT = "account"


@dataclass(frozen=True)
class Refused:
    """What was refused for one reason within a day: how often, roughly, and when last."""

    reason: Refusal
    count: int
    last: datetime


class Notebook:
    """The counts of this process that are not yet written down."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pending: Counter[Refusal] = Counter()
        self.written: dict[Refusal, int] = {}

    def take(self, reason: Refusal, *, minute: int) -> int:
        """Count one more; return all that wait to be written, or 0 while this minute's word has been said."""
        with self.lock:
            self.pending[reason] += 1
            if self.written.get(reason) == minute:
                return 0
            self.written[reason] = minute
            return self.pending.pop(reason)

    def give_back(self, reason: Refusal, count: int) -> None:
        with self.lock:
            self.pending[reason] += count


notebook = Notebook()


def note(reason: Refusal, *, now: datetime) -> None:
    """Remember a refusal. It never fails: the answer to a forgery does not depend on the cache."""
    minute = int(now.timestamp()) // MINUTE
    count = notebook.take(reason, minute=minute)
    if not count:
        return
    try:
        kept: dict[str, Any] = cache.get(_key(reason)) or {"minute": 0, "hours": {}}
        if kept["minute"] >= minute:
            notebook.give_back(reason, count)
            return
        hour = minute // 60
        hours = {known: number for known, number in kept["hours"].items() if known > hour - 25}
        hours[hour] = hours.get(hour, 0) + count
        cache.set(_key(reason), {"minute": minute, "hours": hours}, timeout=KEPT)
    except Exception:
        logger.exception("a refusal could not be counted reason=%s", reason)


def lately(*, now: datetime) -> list[Refused]:
    """Return what was refused within the last 24 hours. One look at the cache."""
    kept = cache.get_many([_key(reason) for reason in Refusal])
    hour = int(now.timestamp()) // 3600
    found = []
    for reason in Refusal:
        if entry := kept.get(_key(reason)):
            last = datetime.fromtimestamp(entry["minute"] * MINUTE, UTC)
            count = sum(number for known, number in entry["hours"].items() if known > hour - 24)
            if count and last > now - DAY:
                found.append(Refused(reason, count, last))
    return found


def _key(reason: Refusal) -> str:
    return f"bells-refused:{reason}"
