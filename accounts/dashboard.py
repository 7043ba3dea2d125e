"""The owner's first page: how the site does, and what needs a look. Each part takes the right to see the rows that it counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import charts
from accounts.charts import Chart
from accounts.models import Inspection
from billing import attention, bells
from billing.attention import Alarm
from billing.figures import Figures, Movement, figures
from config import background
from courses import attention as links
from courses.figures import Opened, most_opened

PERIODS = (30, 90, 365)
MONEY = ("billing.view_subscription", "billing.view_invoice")
OPENINGS = "courses.view_download"
WORKER = "config.view_backgroundtask"
# A worker gives a sign of life every few seconds.
SILENT = timedelta(minutes=5)


@dataclass(frozen=True)
class Currency:
    """One currency's part of the page; amounts are in its minor unit."""

    code: str
    mrr: int
    movement: Movement
    by_day: Chart
    by_month: Chart | None


@dataclass(frozen=True)
class Board:
    """`figures` and `top` are None for whoever may not see them."""

    days: int
    figures: Figures | None
    currencies: list[Currency]
    top: list[Opened] | None
    alarms: list[Alarm]
    watches: bool


def board(viewer: Any, *, days: int, now: datetime) -> Board:
    """Gather the page for the last `days` days, one of PERIODS. About thirty queries, however many members there are."""
    since = now - timedelta(days=days)
    counted = figures(since=since, now=now) if viewer.has_perms(MONEY) else None
    found = list(alarms(viewer, now=now))
    return Board(
        days=days,
        figures=counted,
        currencies=currencies(counted) if counted else [],
        top=most_opened(since=since) if viewer.has_perm(OPENINGS) else None,
        alarms=sorted(found, key=lambda alarm: not alarm.urgent),
        watches=viewer.has_perms([*MONEY, bells.RIGHT]),
    )


def period(asked: str) -> int:
    """Return the number of days that a link asks for, or the shortest one."""
    return next((days for days in PERIODS if str(days) == asked), PERIODS[0])


def currencies(counted: Figures) -> list[Currency]:
    """Return the part of each currency in which anything is earned, that with the most revenue first."""
    known = dict.fromkeys([*counted.mrr, *counted.mrr_by_day, *counted.revenue_by_month])
    return [
        Currency(
            code=code,
            mrr=counted.mrr.get(code, 0),
            movement=counted.movements.get(code, Movement()),
            by_day=charts.line(counted.mrr_by_day.get(code) or [(counted.until.date(), 0)]),
            by_month=charts.bars(counted.revenue_by_month[code]) if code in counted.revenue_by_month else None,
        )
        for code in known
    ]


def alarms(viewer: Any, *, now: datetime) -> Iterator[Alarm]:
    """Yield those alarms that this viewer has the right to see; nothing is counted for who has none."""
    sources = (
        (attention.RIGHTS, attention.alarms),
        ((bells.RIGHT,), bells.alarms),
        ((WORKER,), worker_alarms),
        (links.RIGHTS, links.alarms),
        ((WORKER,), inspection_alarms),
    )
    for rights, source in sources:
        if any(map(viewer.has_perm, rights)):
            yield from (alarm for alarm in source(now=now) if viewer.has_perm(alarm.permission))


def worker_alarms(*, now: datetime) -> Iterator[Alarm]:
    """Yield what is wrong with the work in the background. Two queries."""
    seen, late = background.last_seen(), background.overdue(now=now)
    address = reverse("admin:config_backgroundtask_changelist")
    if seen is None or seen < now - SILENT:
        text = (
            _("No background worker has ever run, so no mail about money is sent. Start “manage.py work”.")
            if seen is None
            else _("The background worker has been silent for %(time)s. Start “manage.py work” again.")
            % {"time": timesince(seen, now)}
        )
        yield Alarm(text, address, urgent=True, permission=WORKER)
    elif late:
        text = ngettext("%(count)d task is overdue.", "%(count)d tasks are overdue.", late) % {"count": late}
        yield Alarm(text, address, permission=WORKER)


def inspection_alarms(*, now: datetime) -> Iterator[Alarm]:
    """Yield what the last look at the invariants found broken. One query."""
    last = Inspection.objects.first()
    if last is not None and last.broken:
        names = ", ".join(last.broken)
        text = _("Something that must always be true is not (%(names)s). “manage.py check_invariants” says what.") % {
            "names": names
        }
        yield Alarm(text, reverse("admin:config_backgroundtask_changelist"), urgent=True, permission=WORKER)
