"""What is opened most: for the owner's dashboard."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from courses.models import Download, FileVersion, Publication

TOP = 8


@dataclass(frozen=True)
class Opened:
    """How often a title's files were fetched and played. A long film asks for a link anew every quarter of an hour."""

    title: Publication
    downloads: int
    plays: int


def most_opened(*, since: datetime) -> list[Opened]:
    """Return the titles opened most since then, the foremost first. Three queries, and the first counts without a join."""
    counted = Download.objects.filter(created_at__gte=since).order_by()
    found = list(counted.values_list("version", "purpose").annotate(number=Count("*")))
    titles = dict(
        FileVersion.objects.filter(pk__in={version for version, _, _ in found})
        .order_by()
        .values_list("pk", "file__publication")
    )
    sums: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for version, purpose, number in found:
        sums[titles[version]][purpose] += number
    first = sorted(sums, key=lambda pk: (-sums[pk].total(), pk))[:TOP]
    known = Publication.objects.only("pk", "kind", "slug", "title").in_bulk(first)
    return [
        Opened(known[pk], sums[pk][Download.Purpose.DOWNLOAD], sums[pk][Download.Purpose.PLAY])
        for pk in first
        if pk in known
    ]
