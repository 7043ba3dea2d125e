"""Who holds which product at a moment: THE money rule. It reads rows; it never asks Stripe.

Half-open intervals throughout: at the very moment something ends, it has ended.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import Grant, Product, Purchase, Subscription


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


def held(user_id: int, *, now: datetime) -> QuerySet[Product]:
    """Return the products this person holds at `now`: subscribed, bought or granted. Not yet evaluated; one query when it is."""
    mine = Q(customer__user=user_id)
    subscribed = Subscription.objects.filter(live(now=now), mine, products=OuterRef("pk"))
    bought = Purchase.objects.filter(mine, product=OuterRef("pk"), state=Purchase.State.PAID)
    granted = Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), user=user_id, product=OuterRef("pk"), starts_at__lte=now
    )
    return Product.objects.filter(Exists(subscribed) | Exists(bought) | Exists(granted)).order_by()
