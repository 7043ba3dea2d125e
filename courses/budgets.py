"""How much one person may take: links a minute and a day, different files, different titles. A soft stop, never a lock.

A file counts once in its window, however often it is clicked: a double click, a resume, a second device or a film's next link cost
nothing, only links themselves are counted, generously, against programs that run wild. HEADs and prefetches never come here.

Each click writes its row first and counts then. Of any number at once, those that are let through saw each other, so that they never
are more than the budget; at its very edge some may be refused that would just have fitted.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from billing.prepared import Prepared
from courses.models import Allowance, Download, LimitReached

logger = logging.getLogger(__name__)
MINUTE, TEN_MINUTES, DAY = timedelta(minutes=1), timedelta(minutes=10), timedelta(days=1)
# What was taken before this is theirs to take again. A younger row may be that of a click which is just being refused.
SETTLED = timedelta(seconds=10)
WINDOWS = {
    "LINKS_PER_MINUTE": MINUTE,
    "LINKS_PER_DAY": DAY,
    "FILES_PER_TEN_MINUTES": TEN_MINUTES,
    "FILES_PER_DAY": DAY,
    "TITLES_PER_DAY": DAY,
}
# What is counted once, by the column that tells one from another.
DISTINCT = {
    "FILES_PER_TEN_MINUTES": "version",
    "FILES_PER_DAY": "version",
    "TITLES_PER_DAY": "version__file__publication",
}


class Spent(Exception):
    """This person has had as many as `limit` allows: `allowed` of them. The next is theirs at `resets_at`."""

    def __init__(self, limit: str, allowed: int, resets_at: datetime, *, now: datetime) -> None:
        super().__init__(limit)
        self.limit, self.allowed, self.resets_at = limit, allowed, resets_at
        self.seconds = max(1, int((resets_at - now).total_seconds()) + 1)


@dataclass(frozen=True)
class Used:
    """What a person has taken, this click included, by limit; `again` says that this very version was taken before."""

    counts: dict[str, int]
    again: bool


def _taken(
    *, user_id: int, version_id: int, day: datetime, ten: datetime, minute: datetime, settled: datetime
) -> "QuerySet[Any, Any]":
    rows = Download.objects.filter(user=user_id, created_at__gt=day).order_by().values("user")
    return rows.annotate(
        links_minute=Count("pk", filter=Q(created_at__gt=minute)),
        links_day=Count("pk"),
        files_ten=Count("version", distinct=True, filter=Q(created_at__gt=ten)),
        files_day=Count("version", distinct=True),
        titles_day=Count("version__file__publication", distinct=True),
        again=Count("pk", filter=Q(version=version_id, created_at__lt=settled)),
    ).values_list("links_minute", "links_day", "files_ten", "files_day", "titles_day", "again")


TAKEN = Prepared(_taken, user_id=int, version_id=int, day=datetime, ten=datetime, minute=datetime, settled=datetime)


def used(user_id: int, version_id: int, *, now: datetime) -> Used:
    """Count what this person has taken. One query."""
    moments = {"day": now - DAY, "ten": now - TEN_MINUTES, "minute": now - MINUTE, "settled": now - SETTLED}
    rows = TAKEN.rows(user_id=user_id, version_id=version_id, **moments)
    *counts, again = rows[0] if rows else (0, 0, 0, 0, 0, 0)
    return Used(dict(zip(WINDOWS, counts, strict=True)), bool(again))


def hold(row: Download, user_id: int, *, now: datetime) -> None:
    """Let this new row of a person stand, or remove it and raise Spent. One query, and three more on the way to a refusal."""
    limit = limit_met(used(user_id, row.version_id, now=now))
    if not limit or (limit != "LINKS_PER_MINUTE" and is_lifted(user_id, now=now)):
        return
    row.delete()
    logger.debug("link refused user=%s limit=%s", user_id, limit)
    if limit != "LINKS_PER_MINUTE":
        remember(user_id, limit, now=now)
    raise Spent(limit, settings.BUDGETS[limit], resets_at(user_id, limit, now=now), now=now)


def limit_met(found: Used) -> str:
    """Return the name of the first limit that this click goes over, or nothing."""
    for name, count in found.counts.items():
        if count > settings.BUDGETS[name] and not (found.again and name in DISTINCT):
            return name
    return ""


def is_lifted(user_id: int, *, now: datetime) -> bool:
    return Allowance.objects.filter(pk=user_id, until__gt=now).exists()


def remember(user_id: int, limit: str, *, now: datetime) -> None:
    """Write down that a limit was met, for the owner to see; a day of refusals is one time."""
    row, made = LimitReached.objects.get_or_create(user_id=user_id, defaults={"limit": limit, "at": now})
    if not made and row.at < now - DAY:
        LimitReached.objects.filter(pk=user_id).update(limit=limit, at=now, times=row.times + 1)


def resets_at(user_id: int, limit: str, *, now: datetime) -> datetime:
    """Return when one more is allowed: when as many as are too many have left the window, each counted from its latest click."""
    window, allowed = WINDOWS[limit], settings.BUDGETS[limit]
    rows = Download.objects.filter(user=user_id, created_at__gt=now - window).order_by()
    if limit in DISTINCT:
        times = sorted(rows.values(DISTINCT[limit]).annotate(at=Max("created_at")).values_list("at", flat=True))
    else:
        times = sorted(rows.values_list("created_at", flat=True))
    place = len(times) - allowed
    return times[place] + window if 0 <= place < len(times) else now + MINUTE
