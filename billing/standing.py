"""Where a person stands with their membership, in words and dates: for the account, the plans, the library and the banner."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from billing import entitlements
from billing.checkout import STANDING
from billing.models import Price, Product, Subscription
from billing.money import formatted


@dataclass(frozen=True)
class Standing:
    """`renews_at` or `ends_at` is set, never both; `grace_ends_at` while a payment is missing and access still open."""

    plan: str
    status: str
    words: str
    open: bool
    price: Price | None
    amount: str
    renews_at: datetime | None
    ends_at: datetime | None
    grace_ends_at: datetime | None
    trial_ends_at: datetime | None


def standing(user_id: int, *, now: datetime) -> Standing | None:
    """Return the standing of the person's foremost plan subscription (an open one before any other), or None. Two queries at most."""
    mine = Subscription.objects.filter(customer__user=user_id, products__kind=Product.Kind.PLAN, status__in=STANDING)
    found = mine.filter(ended_at=None).select_related("price__product").order_by("-created_at").distinct()
    if not found:
        return None
    opened = set(mine.filter(entitlements.live(now=now)).values_list("pk", flat=True))
    foremost = next((one for one in found if one.pk in opened), found[0])
    return of(foremost, open_now=foremost.pk in opened, now=now)


def of(subscription: Subscription, *, open_now: bool, now: datetime) -> Standing:
    status = subscription.status
    ends_at = subscription.cancel_at
    grace = subscription.unpaid_since + timedelta(days=settings.GRACE_DAYS) if subscription.unpaid_since else None
    on_trial = status == "trialing"
    return Standing(
        plan=subscription.price.product.name if subscription.price else _("Membership"),
        status=status,
        words=words(status, open_now=open_now, ending=ends_at is not None),
        open=open_now,
        price=subscription.price,
        amount=formatted(subscription.price.unit_amount, subscription.price.currency) if subscription.price else "",
        renews_at=subscription.current_period_end if status in ("active", "trialing") and not ends_at else None,
        ends_at=ends_at,
        grace_ends_at=grace if status == "past_due" and open_now else None,
        trial_ends_at=subscription.trial_end if on_trial else None,
    )


def words(status: str, *, open_now: bool, ending: bool) -> str:
    if status == "past_due":
        return _("A payment is missing") if open_now else _("On hold until the missing payment is made")
    if status == "unpaid":
        return _("On hold until the missing payment is made")
    if status == "paused":
        return _("Paused")
    if not open_now:
        return _("We are waiting for news from Stripe")
    if ending:
        return _("Cancelled, and open to the last day you paid for")
    return _("On trial") if status == "trialing" else _("Active")


def late(user_id: int, *, now: datetime) -> Standing | None:
    """Return the standing of a person whose payment is missing while the grace still runs, or None. One query."""
    mine = Subscription.objects.filter(entitlements.live(now=now), customer__user=user_id, status="past_due")
    found = mine.select_related("price__product").order_by("unpaid_since").first()
    return of(found, open_now=True, now=now) if found else None
