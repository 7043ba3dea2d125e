"""What the owner's dashboard says of money, counted as Stripe's Billing analytics count it, each currency for itself.

An active member is a customer with a paid subscription that is active or past due. MRR is the monthly value of those subscriptions, less
discounts that last, without trials and taxes. A member is lost when their last one ends or becomes unpaid. The churn rate is the members
lost in a time, over those there at its beginning and those that came in it. Days and months are UTC's.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, F, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Substr

from billing.models import Invoice, Purchase, Refund, RevenueChange, Subscription
from billing.revenue import COUNTED, monthly

MONTHS = 12
PAYING = Q(status__in=COUNTED, amount__gt=0)
# Stripe counts an attempt that succeeded, too: a paid invoice has failed once if it took more than one.
FAILED = Q(attempt_count__gt=1) | Q(attempt_count=1) & ~Q(status=Invoice.Status.PAID)
VOID_REFUNDS = ("failed", "canceled")
# Purchases whose money came, whatever became of it later.
TAKEN = (Purchase.State.PAID, Purchase.State.REFUNDED, Purchase.State.DISPUTED)


@dataclass
class Movement:
    """How one currency's MRR moved, in minor units a month; losses are negative."""

    new: int = 0
    expansion: int = 0
    reactivation: int = 0
    contraction: int = 0
    churn: int = 0

    @property
    def net(self) -> int:
        return self.new + self.expansion + self.reactivation + self.contraction + self.churn


@dataclass(frozen=True)
class Members:
    """`churn_rate` is a share of 1, or None where there was nobody to lose."""

    active: int
    on_trial: int
    new: int
    back: int
    lost: int

    @property
    def churn_rate(self) -> float | None:
        there = self.active - self.new - self.back + self.lost
        return self.lost / (there + self.new) if there + self.new > 0 else None


@dataclass(frozen=True)
class Failures:
    """Invoices of a time whose payment failed at least once: how many, how many of them are paid by now, and what is missing."""

    count: int
    paid_since: int
    missing: dict[str, int]


@dataclass(frozen=True)
class Figures:
    """`mrr`, `movements`, `mrr_by_day` and `revenue_by_month` are keyed by currency; amounts are in minor units."""

    members: Members
    mrr: dict[str, int]
    movements: dict[str, Movement]
    mrr_by_day: dict[str, list[tuple[date, int]]]
    revenue_by_month: dict[str, list[tuple[date, int]]]
    failures: Failures
    until: datetime


@dataclass
class Moves:
    """What became of the members and of each currency in a time."""

    amounts: defaultdict[str, Movement] = field(default_factory=lambda: defaultdict(Movement))
    members: Counter[str] = field(default_factory=Counter)


def figures(*, since: datetime, now: datetime) -> Figures:
    """Count everything for the time from `since` to `now`; eight queries, however much there is."""
    mrr, moved = monthly_revenue(), moves(since=since)
    counted = Subscription.objects.aggregate(
        active=Count("customer", distinct=True, filter=PAYING),
        on_trial=Count("customer", distinct=True, filter=Q(status="trialing")),
    )
    members = Members(**counted, **{name: moved.members[name] for name in ("new", "back", "lost")})
    return Figures(
        members=members,
        mrr=mrr,
        movements=dict(moved.amounts),
        mrr_by_day=_mrr_by_day(mrr, since=since, now=now),
        revenue_by_month=revenue_by_month(now=now),
        failures=failures(since=since),
        until=now,
    )


def monthly_revenue() -> dict[str, int]:
    """Return the MRR of now, by currency, the largest first. One query, of as many rows as there are different prices."""
    paying = Subscription.objects.filter(PAYING).order_by()
    total: Counter[str] = Counter()
    for currency, amount, interval, count, status, number in paying.values_list(
        "currency", "amount", "interval", "interval_count", "status"
    ).annotate(number=Count("*")):
        total[currency] += number * monthly(amount, interval, count, status=status)
    return dict(total.most_common())


def moves(*, since: datetime) -> Moves:
    """Follow every change of revenue since then, member by member: what Stripe calls new, expansion, reactivation, contraction, churn."""
    mine = ("subscription__customer", "currency")
    recent = RevenueChange.objects.filter(at__gte=since)
    before = RevenueChange.objects.filter(at__lt=since, subscription__customer__in=recent.values(mine[0]))
    stood = before.order_by().values_list(*mine).annotate(total=Sum(F("after") - F("before")), most=Max("after"))
    revenue = {(customer, currency): total for customer, currency, total, _ in stood}
    known = {(customer, currency) for customer, currency, _, most in stood if most > 0}
    moved = Moves()
    for customer, currency, was, becomes in recent.order_by("at", "pk").values_list(*mine, "before", "after"):
        who, change = (customer, currency), becomes - was
        stands = revenue.get(who, 0)
        revenue[who] = stands + change
        kind = _kind(stands, change, known=who in known)
        amounts = moved.amounts[currency]
        setattr(amounts, kind, getattr(amounts, kind) + change)
        moved.members[{"new": "new", "reactivation": "back", "churn": "lost"}.get(kind, kind)] += 1
        known.add(who)
    return moved


def _kind(stands: int, change: int, *, known: bool) -> str:
    if stands <= 0:
        return "reactivation" if known else "new"
    if stands + change <= 0:
        return "churn"
    return "expansion" if change > 0 else "contraction"


def _mrr_by_day(mrr: dict[str, int], *, since: datetime, now: datetime) -> dict[str, list[tuple[date, int]]]:
    """Return each currency's MRR at the end of every day, counted back from now."""
    changes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    found = _by_day(RevenueChange.objects.filter(at__gte=since)).annotate(change=Sum(F("after") - F("before")))
    for currency, day, change in found:
        changes[currency][day] += change
    days = [(now - timedelta(days=back)).astimezone(UTC).date() for back in range((now - since).days)]
    series: dict[str, list[tuple[date, int]]] = {}
    for currency in mrr.keys() | changes.keys():
        # What Stripe's clock has dated after today counts as today's.
        stands, points = mrr.get(currency, 0), []
        late = sum(change for day, change in changes[currency].items() if day > str(days[0]))
        for day in days:
            points.append((day, stands))
            stands -= changes[currency][str(day)] + late
            late = 0
        series[currency] = points[::-1]
    return series


def revenue_by_month(*, now: datetime) -> dict[str, list[tuple[date, int]]]:
    """Return what was paid less what was refunded, by the month in which either happened, for the last twelve months."""
    months = _months(now)
    since = _begin(months[0])
    total: defaultdict[str, Counter[date]] = defaultdict(Counter)
    sold = Purchase.objects.filter(invoice="", state__in=TAKEN, created_at__gte=since)
    given_back = Refund.objects.filter(created_at__gte=since).exclude(status__in=VOID_REFUNDS)
    for rows, at, amount, sign in (
        (Invoice.objects.filter(paid_at__gte=since), "paid_at", "amount_paid", 1),
        (sold, "created_at", "amount", 1),
        (given_back, "created_at", "amount", -1),
    ):
        # Boundaries compared one by one: a tenth of what both databases take to write a month for each row.
        nth = Case(
            *(When(**{f"{at}__lt": _begin(later)}, then=Value(place)) for place, later in enumerate(months[1:])),
            default=Value(MONTHS - 1),
        )
        found = rows.order_by().annotate(nth=nth).values_list("currency", "nth").annotate(sum=Sum(amount))
        for currency, place, money in found:
            total[currency][months[place]] += sign * money
    return {currency: [(month, found[month]) for month in months] for currency, found in total.items()}


def failures(*, since: datetime) -> Failures:
    failed = Invoice.objects.filter(FAILED, created_at__gte=since).order_by()
    paid, count = 0, 0
    missing: dict[str, int] = {}
    for currency, status, number, due in failed.values_list("currency", "status").annotate(
        number=Count("*"), due=Sum("amount_due")
    ):
        count += number
        if status == Invoice.Status.PAID:
            paid += number
        elif status in (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE):
            missing[currency] = missing.get(currency, 0) + due
    return Failures(count=count, paid_since=paid, missing=missing)


def _by_day(rows: "QuerySet[RevenueChange]") -> "QuerySet[RevenueChange, Any]":
    """Group by currency and day. Both databases write a moment with its day in front, in UTC."""
    written = Substr(Cast("at", CharField()), 1, len("2026-01-31"))
    return rows.order_by().annotate(day=written).values_list("currency", "day")


def _months(now: datetime) -> list[date]:
    last = now.astimezone(UTC).date().replace(day=1)
    return [_back(last, months) for months in range(MONTHS - 1, -1, -1)]


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def _back(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
