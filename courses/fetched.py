"""The bucket's access log, taken in: which links were really fetched, how much of it, from where.

A line is known by its request id, so that the same log may be read as often as one likes. Lines that are no reading of a link, or no
lines at all, are counted and left. A thousand lines are held at a time.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from courses import clues, storage
from courses.clues import Logged
from courses.models import Download, Fetch, Publication
from courses.sources import source

logger = logging.getLogger(__name__)
BATCH = 1000
# Amazon delivers within hours, mostly, and sometimes days later.
LATE = timedelta(days=3)
KEPT = timedelta(days=400)
NIGHT = 3
READING = "REST.GET.OBJECT"


@dataclass
class Report:
    """How many lines there were, and what became of them. `again` had been read before."""

    lines: int = 0
    fetches: int = 0
    again: int = 0
    other: int = 0
    bad: int = 0
    unknown: int = 0

    def __str__(self) -> str:
        return (
            f"{self.lines} lines: {self.fetches} fetches by links taken in, {self.again} known already, {self.other} about other things, "
            f"{self.bad} not to be read. {self.unknown} carried a trace that is not ours."
        )


def take_in(lines: Iterable[str], report: Report) -> Report:
    """Read lines of the log and keep the fetches among them; memory stays flat. Two or three queries a thousand lines."""
    source_lines = iter(lines)
    while batch := list(islice(source_lines, BATCH)):
        report.lines += len(batch)
        keep(list(fetches_in(batch, report)), report)
    return report


def fetches_in(lines: list[str], report: Report) -> Iterator[Logged]:
    for line in lines:
        logged = clues.read_line(line.strip()) if line.strip() else None
        if logged is None:
            report.bad += 1
        elif logged.operation != READING or not logged.trace:
            report.other += 1
        else:
            yield logged


def keep(found: list[Logged], report: Report) -> None:
    """Write down what is new, all at once; what is there already stays as it is."""
    ids = {one.request_id: one for one in found}
    known = set(Fetch.objects.filter(pk__in=ids).values_list("pk", flat=True))
    report.again += len(found) - len(ids) + len(known)
    new = [one for name, one in ids.items() if name not in known]
    traces = {trace for one in new if (trace := clues.as_uuid(one.trace))}
    links = dict(Download.objects.filter(pk__in=traces).order_by().values_list("pk", "user"))
    rows = [row(one, links) for one in new]
    Fetch.objects.bulk_create(rows, ignore_conflicts=True)
    report.fetches += len(rows)
    report.unknown += sum(bool(one.unknown) for one in rows)


def row(logged: Logged, links: dict[Any, Any]) -> Fetch:
    """Return the row for a line. Of a visitor, and of a trace that is not ours, no address is kept."""
    trace = clues.as_uuid(logged.trace)
    ours = trace is not None and trace in links
    user_id = links.get(trace) if ours else None
    origin = source(logged.address if user_id else "", logged.agent if user_id else "")
    return Fetch(
        request_id=logged.request_id,
        download_id=trace if ours else None,
        unknown="" if ours else logged.trace,
        user_id=user_id,
        at=logged.at,
        status=logged.status,
        code=logged.code,
        sent=logged.sent,
        size=logged.size,
        address=origin.address,
        network=origin.network,
        agent=origin.agent,
    )


def take_in_bucket(*, since: datetime, report: Report) -> Report:
    """Read what came under the log's prefix since then. Raises StorageError, with what was read until then kept."""
    for key in storage.log_objects(since=since):
        take_in(storage.log_lines(key), report)
    logger.info("access log read lines=%d fetches=%d bad=%d", report.lines, report.fetches, report.bad)
    return report


def window(now: datetime) -> datetime:
    """Return since when the duty reads: some hours, because the log comes late, and once a night days, because a worker may have slept."""
    return now - (LATE if now.hour == NIGHT else timedelta(hours=6))


def forget(*, now: datetime) -> int:
    """Empty from where links older than TRACE_DAYS were asked and fetched, and drop fetches after KEPT; return how many rows changed."""
    old, empty = now - timedelta(days=settings.TRACE_DAYS), {"address": "", "network": "", "agent": ""}
    changed = Download.objects.filter(created_at__lt=old).exclude(**empty).update(**empty)
    changed += Fetch.objects.filter(at__lt=old).exclude(**empty).update(**empty)
    Fetch.objects.filter(at__lt=now - KEPT).delete()
    return changed


def volume_by_title(*, since: datetime, count: int = 20) -> list[tuple[Publication, int, int]]:
    """Return (title, bytes sent, fetches) of those from which most was fetched. Two queries."""
    title = "download__version__file__publication"
    rows = _summed(Fetch.objects.filter(at__gte=since, download__isnull=False), title)[:count]
    known = Publication.objects.only("pk", "kind", "slug", "title").in_bulk([row[0] for row in rows])
    return [(known[pk], sent, number) for pk, sent, number in rows if pk in known]


def volume_by_person(*, since: datetime, count: int = 20) -> list[tuple[int, int, int]]:
    """Return (person's number, bytes sent, fetches) of those who fetched most. One query."""
    return list(_summed(Fetch.objects.filter(at__gte=since, user__isnull=False), "user")[:count])


def _summed(rows: QuerySet[Fetch], name: str) -> "QuerySet[Fetch, tuple[int, int, int]]":
    summed = rows.order_by().values(name).annotate(total=Sum("sent"), number=Count("pk"))
    return summed.order_by("-total", name).values_list(name, "total", "number")
