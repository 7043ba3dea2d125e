"""Who holds which product at a moment: THE money rule. It reads rows; it never asks Stripe.

Half-open intervals throughout: at the very moment something ends, it has ended.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from billing.models import Grant, Purchase, Subscription


def live(*, now: datetime) -> Q:
    """The condition on a Subscription that it opens its products at `now`.

    `trialing` and `active` open; `past_due` opens for GRACE_DAYS from `unpaid_since`, because Stripe rolls the period before it
    collects. Two clocks bound all of them: the period's end plus SILENCE_HOURS, so that access ends by itself when nothing is heard
    from Stripe, and a known `cancel_at` exactly. Every other status, known or not, opens nothing.
    """
    silence = timedelta(hours=settings.SILENCE_HOURS)
    grace = timedelta(days=settings.GRACE_DAYS)
    paid = Q(status__in=("trialing", "active")) | Q(status="past_due", unpaid_since__gt=now - grace)
    return (
        paid
        & Q(current_period_end__gt=now - silence)
        & (Q(cancel_at__isnull=True) | Q(cancel_at__gt=now))
        & (Q(ended_at__isnull=True) | Q(ended_at__gt=now))
    )


def held(user_id: int, *, now: datetime) -> "QuerySet[Any, tuple[int, str]]":
    """Return (product pk, kind) of what this person holds at `now`: subscribed, bought or granted; the same product may come twice.

    Not yet evaluated, so that a caller can ask more in the same query; one query when it is. A union of three plain queries, because
    building one with EXISTS and outer references took Django half again as long as all the rest of the decision.
    """
    mine = Q(customer__user=user_id)
    subscribed = Subscription.objects.filter(live(now=now), mine).order_by()
    bought = Purchase.objects.filter(mine, state=Purchase.State.PAID).order_by()
    granted = Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), user=user_id, starts_at__lte=now
    ).order_by()
    return subscribed.values_list("products", "products__kind").union(
        bought.values_list("product", "product__kind"), granted.values_list("product", "product__kind"), all=True
    )
