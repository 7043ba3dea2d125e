"""Signs that an account is used by several people: counted, shown to the owner, and never an act by themselves.

The figures of one day: from how many networks and with how many browsers links were asked, in how many browsers the person is signed in,
and from how many addresses one single link was fetched (which only the bucket's log can tell). Somebody with a phone, a laptop, a home and
an office stays well below all of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import Count, F, Max, Q, QuerySet, Sum

from courses.models import Allowance, Download, Fetch, LimitReached, SharingSign

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
# From here on it is a sign.
MANY = {"networks": 6, "agents": 5, "sessions": 8, "addresses": 4}


@dataclass(frozen=True)
class Figures:
    """Of the last day."""

    networks: int = 0
    agents: int = 0
    sessions: int = 0
    addresses: int = 0

    @property
    def many(self) -> set[str]:
        """The names of those figures that are a sign."""
        return {name for name, bound in MANY.items() if getattr(self, name) >= bound}


@dataclass(frozen=True)
class Links:
    """A person's links, for their page: what works now, what was really fetched in 30 days, and what looks like several people."""

    live: int
    last_ends_at: datetime | None
    fetched: int
    fetches: int
    figures: Figures
    sign: SharingSign | None
    limit: LimitReached | None
    lifted_until: datetime | None


def links_of(person: Any, *, now: datetime) -> Links:
    """Gather them. Nine queries."""
    live = Download.objects.live(now=now).filter(user=person).aggregate(count=Count("pk"), last=Max("expires_at"))
    taken = Fetch.objects.filter(user=person, at__gt=now - MONTH).aggregate(sent=Sum("sent"), count=Count("pk"))
    allowance = Allowance.objects.filter(pk=person.pk, until__gt=now).first()
    return Links(
        live=live["count"],
        last_ends_at=live["last"],
        fetched=taken["sent"] or 0,
        fetches=taken["count"],
        figures=figures_of(person.pk, now=now),
        sign=SharingSign.objects.filter(pk=person.pk).first(),
        limit=LimitReached.objects.filter(pk=person.pk, at__gt=now - MONTH).first(),
        lifted_until=allowance.until if allowance else None,
    )


def figures_of(user_id: int, *, now: datetime) -> Figures:
    found: dict[int, dict[str, int]] = {user_id: {}}
    for name, rows in counted(now=now).items():
        for _user, number in rows.filter(user=user_id):
            found[user_id][name] = max(number, found[user_id].get(name, 0))
    return Figures(**found[user_id])


def counted(*, now: datetime) -> "dict[str, QuerySet[Any, Any]]":
    """Return, for each figure, (person, number) of the last day."""
    asked = Download.objects.filter(created_at__gt=now - DAY, user__isnull=False).order_by().values("user")
    fetched = Fetch.objects.filter(at__gt=now - DAY, user__isnull=False).order_by().values("user", "download")
    here = UserSession.objects.order_by().values("user")

    def distinct(rows: "QuerySet[Any, Any]", name: str) -> "QuerySet[Any, Any]":
        number = Count(name, distinct=True, filter=~Q(**{name: ""}))
        return rows.annotate(number=number).values_list("user", "number")

    return {
        "networks": distinct(asked, "network"),
        "agents": distinct(asked, "agent"),
        "sessions": here.annotate(number=Count("pk")).values_list("user", "number"),
        "addresses": distinct(fetched, "network"),
    }


def watch(*, now: datetime) -> int:
    """Write down who shows a sign now; return how many do. What the owner has done about one stays with it. Five queries and one each."""
    found: dict[int, dict[str, int]] = {}
    for name, rows in counted(now=now).items():
        for user, number in rows.filter(number__gte=MANY[name]):
            found.setdefault(user, {})[name] = max(number, found.get(user, {}).get(name, 0))
    for user in found:
        figures = figures_of(user, now=now)
        values = {name: getattr(figures, name) for name in MANY}
        SharingSign.objects.update_or_create(user_id=user, defaults=values | {"seen_at": now})
    return len(found)


def unanswered(*, now: datetime) -> QuerySet[SharingSign]:
    """Signs of the last week about which nothing was done, or that went on for a day after it was."""
    recent = SharingSign.objects.filter(seen_at__gt=now - timedelta(days=7))
    return recent.filter(Q(asked_at=None) | Q(seen_at__gt=F("asked_at") + DAY))
