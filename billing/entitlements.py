"""Who holds which product at a moment: THE money rule. It reads rows; it never asks Stripe.

Each way to hold something is a set of named conditions, all of which must be true: `held` joins them, and `explain` asks them one by
one, so that what is decided and what is said about it cannot differ. Half-open intervals throughout: at the very moment something
ends, it has ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any

from django.conf import settings
from django.db.models import Case, Q, QuerySet, Value, When

from billing.gateway import InvoiceSnapshot
from billing.models import Grant, Product, Purchase, Subscription

# Statuses that open while their clocks run. `past_due` is held to a clock of its own; every other, known or not, opens nothing.
OPENING = ("trialing", "active")
Conditions = dict[str, Q]


def bounds(*, now: datetime) -> dict[str, datetime]:
    """Return the three moments that decide at `now`: itself, since when Stripe must have been heard, since when a debt is forgiven."""
    silence, grace = timedelta(hours=settings.SILENCE_HOURS), timedelta(days=settings.GRACE_DAYS)
    # In a zone with summer time Python would subtract hours of the wall clock, one of which may not exist or come twice.
    now = now.astimezone(UTC)
    return {"now": now, "heard": now - silence, "forgiven": now - grace}


def subscription_conditions(*, now: datetime, heard: datetime, forgiven: datetime) -> Conditions:
    """What must be true of a Subscription for it to open its products at `now`.

    `trialing` and `active` open; `past_due` opens for GRACE_DAYS from `unpaid_since`, because Stripe rolls the period before it
    collects. Two clocks bound all of them: the period's end plus SILENCE_HOURS, so that access ends by itself when nothing is heard
    from Stripe, and a known `cancel_at` exactly. Nothing opens while the latest payment is given back or fought over.
    """
    return {
        "status": Q(status__in=OPENING) | Q(status="past_due", unpaid_since__gt=forgiven),
        "money_kept": Q(taken_back=""),
        "stripe_heard": Q(current_period_end__gt=heard),
        "not_cancelled": Q(cancel_at__isnull=True) | Q(cancel_at__gt=now),
        "not_ended": Q(ended_at__isnull=True) | Q(ended_at__gt=now),
    }


def purchase_conditions() -> Conditions:
    return {"paid": Q(state=Purchase.State.PAID)}


def grant_conditions(*, now: datetime) -> Conditions:
    return {"begun": Q(starts_at__lte=now), "not_ended": Q(ends_at__isnull=True) | Q(ends_at__gt=now)}


def all_of(conditions: Conditions) -> Q:
    return reduce(and_, conditions.values())


def live(*, now: datetime) -> Q:
    """The condition on a Subscription that it opens its products at `now`."""
    return all_of(subscription_conditions(**bounds(now=now)))


def is_open(subscription: Subscription, *, now: datetime) -> bool:
    """Return whether this subscription opens its products at `now`. One query."""
    return Subscription.objects.filter(live(now=now), pk=subscription.pk).exists()


def grace_ends_at(subscription: Subscription) -> datetime | None:
    """Return until when a missing payment is forgiven, or None where none is missing."""
    if subscription.status != "past_due" or subscription.unpaid_since is None:
        return None
    forgiven = subscription.unpaid_since + timedelta(days=settings.GRACE_DAYS)
    return min(forgiven, subscription.cancel_at or forgiven)


def held(user_id: int, *, now: datetime) -> "QuerySet[Any, tuple[int, str]]":
    """Return (product pk, kind) of what this person holds at `now`: subscribed, bought or granted; the same product may come twice.

    Not yet evaluated; one query when it is.
    """
    return held_between(user_id, **bounds(now=now))


def held_between(
    user_id: int, *, now: datetime, heard: datetime, forgiven: datetime
) -> "QuerySet[Any, tuple[int, str]]":
    """`held`, with its moments given one by one, so that a caller can ask more in the same query and prepare it."""
    mine = Q(customer__user=user_id)
    opening = all_of(subscription_conditions(now=now, heard=heard, forgiven=forgiven))
    subscribed = Subscription.objects.filter(opening, mine, products__isnull=False).order_by()
    bought = Purchase.objects.filter(all_of(purchase_conditions()), mine).order_by()
    granted = Grant.objects.filter(all_of(grant_conditions(now=now)), user=user_id).order_by()
    return subscribed.values_list("products", "products__kind").union(
        bought.values_list("product", "product__kind"), granted.values_list("product", "product__kind"), all=True
    )


def taken_back(invoices: Iterable[InvoiceSnapshot]) -> str:
    """Return what became of a subscription's latest payments: "" (kept), "refunded" or "disputed".

    The payments are those for the latest time that anything was paid for: all of it given back closes, a part of it does not; one
    of them under an open or lost dispute closes. The next payment, for a later time, opens again.
    """
    paid = [one for one in invoices if one.status == "paid" and one.total > 0]
    latest = max((one.covers_until for one in paid if one.covers_until), default=None)
    current = [one for one in paid if one.covers_until and one.covers_until == latest]
    if any(one.disputed for one in current):
        return Subscription.TakenBack.DISPUTED
    refunded, amount = sum(one.amount_refunded for one in current), sum(one.amount_paid for one in current)
    return Subscription.TakenBack.REFUNDED if amount and refunded >= amount else ""


def held_by(customer_id: int, *, now: datetime) -> "QuerySet[Any, tuple[int, str]]":
    """`held`, of a customer who is nobody's yet: what waits for whoever claims it."""
    mine = Q(customer=customer_id)
    subscribed = Subscription.objects.filter(live(now=now), mine).order_by()
    bought = Purchase.objects.filter(all_of(purchase_conditions()), mine).order_by()
    return subscribed.values_list("products", "products__kind").union(
        bought.values_list("product", "product__kind"), all=True
    )


@dataclass(frozen=True)
class Holding:
    """A row through which a person might hold something, with the answer to each of its conditions."""

    row: Subscription | Purchase | Grant
    answers: dict[str, bool]

    @property
    def opens(self) -> bool:
        return all(self.answers.values())

    @property
    def products(self) -> list[Product]:
        """What the row opens while it opens."""
        return list(self.row.products.all()) if isinstance(self.row, Subscription) else [self.row.product]


def explain(user_id: int, *, now: datetime) -> list[Holding]:
    """Return every row through which this person holds or held something, those that open first. Four queries."""
    mine = Q(customer__user=user_id)
    asked: list[tuple[QuerySet[Any], Conditions]] = [
        (
            Subscription.objects.filter(mine).select_related("price__product", "customer").prefetch_related("products"),
            subscription_conditions(**bounds(now=now)),
        ),
        (Purchase.objects.filter(mine).select_related("product", "customer"), purchase_conditions()),
        (Grant.objects.filter(user=user_id).select_related("product", "given_by"), grant_conditions(now=now)),
    ]
    found = [_holding(row, conditions) for rows, conditions in asked for row in _answered(rows, conditions)]
    return sorted(found, key=lambda holding: not holding.opens)


def _answered(rows: QuerySet[Any], conditions: Conditions) -> QuerySet[Any]:
    """Let the database answer each condition as it would when it decides: what is NULL there counts as no."""
    answers = {f"answer_{name}": _as_answer(condition) for name, condition in conditions.items()}
    return rows.annotate(**answers)


def _as_answer(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False))


def _holding(row: Any, conditions: Conditions) -> Holding:
    return Holding(row=row, answers={name: getattr(row, f"answer_{name}") for name in conditions})
