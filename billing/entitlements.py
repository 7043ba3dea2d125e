"""Who holds which product at a moment: THE money rule. It reads rows; it never asks Stripe.

Half-open intervals throughout: at the very moment something ends, it has ended.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from billing.models import Grant, Purchase, Subscription


def bounds(*, now: datetime) -> dict[str, datetime]:
    """Return the three moments that decide at `now`: itself, since when Stripe must have been heard, since when a debt is forgiven."""
    silence, grace = timedelta(hours=settings.SILENCE_HOURS), timedelta(days=settings.GRACE_DAYS)
    return {"now": now, "heard": now - silence, "forgiven": now - grace}


def live(*, now: datetime) -> Q:
    """The condition on a Subscription that it opens its products at `now`.

    `trialing` and `active` open; `past_due` opens for GRACE_DAYS from `unpaid_since`, because Stripe rolls the period before it
    collects. Two clocks bound all of them: the period's end plus SILENCE_HOURS, so that access ends by itself when nothing is heard
    from Stripe, and a known `cancel_at` exactly. Every other status, known or not, opens nothing.
    """
    return live_between(**bounds(now=now))


def live_between(*, now: datetime, heard: datetime, forgiven: datetime) -> Q:
    paid = Q(status__in=("trialing", "active")) | Q(status="past_due", unpaid_since__gt=forgiven)
    return (
        paid
        & Q(current_period_end__gt=heard)
        & (Q(cancel_at__isnull=True) | Q(cancel_at__gt=now))
        & (Q(ended_at__isnull=True) | Q(ended_at__gt=now))
    )


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
    opening = live_between(now=now, heard=heard, forgiven=forgiven)
    subscribed = Subscription.objects.filter(opening, mine).order_by()
    bought = Purchase.objects.filter(mine, state=Purchase.State.PAID).order_by()
    granted = Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), user=user_id, starts_at__lte=now
    ).order_by()
    return subscribed.values_list("products", "products__kind").union(
        bought.values_list("product", "product__kind"), granted.values_list("product", "product__kind"), all=True
    )
