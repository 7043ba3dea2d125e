"""What a person changed in the portal: asked of Stripe when they come back, and said in a sentence."""

from datetime import datetime

from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import gateway, sync
from billing.models import Invoice, Subscription
from billing.standing import NO_CARD, amount


def catch_up(customer_id: str, subscription_id: str, flow: str) -> None:
    """Make our rows match Stripe; wake a subscription that waited for the card that was given now. Raises gateway.GatewayError."""
    sync.converge(customer_id)
    waits = {"status": "paused", "pause_reason": NO_CARD, "card_missing": False}
    if flow == "payment_method_update" and Subscription.objects.filter(stripe_id=subscription_id, **waits).exists():
        gateway.resume_subscription(subscription_id)
        sync.converge(customer_id)


def outcome(subscription_id: str, flow: str, *, now: datetime) -> str:
    """Return a sentence that says what is true of the subscription after this step; empty where no step was asked for."""
    one = Subscription.objects.filter(stripe_id=subscription_id).select_related("price__product").first()
    if one is None:
        return _("Your card is saved.") if flow == "payment_method_update" else ""
    said = {
        "subscription_cancel": _cancelled,
        "subscription_update": _changed,
        "subscription_pause": _paused,
        "payment_method_update": _paid,
    }
    return said[flow](one, now) if flow in said else ""


def _cancelled(one: Subscription, now: datetime) -> str:
    if one.ended_at and one.ended_at <= now:
        return _("Cancelled. Your access has ended, and you are not charged again.")
    if one.cancel_at:
        return _("Cancelled. You keep access until %(date)s.") % {"date": day(one.cancel_at)}
    return _("Nothing was cancelled: your plan goes on.")


def _changed(one: Subscription, now: datetime) -> str:
    name = one.price.product.name if one.price else _("Membership")
    return _("Your plan is %(plan)s, %(amount)s.") % {"plan": name, "amount": amount(one)}


def _paused(one: Subscription, now: datetime) -> str:
    if one.status == "paused":
        return _("Paused. Nothing is charged and nothing is open while it rests.")
    return _("Nothing was charged or closed. If you asked for a pause, it begins when the paid time is over.")


def _paid(one: Subscription, now: datetime) -> str:
    if one.status in ("past_due", "unpaid") and Invoice.objects.filter(subscription=one, status="open").exists():
        return _("Your card is saved. The missing payment is tried again by itself; pay it now to be sure.")
    if one.status in ("active", "trialing"):
        return _("Your card is saved, and your plan goes on.")
    return _("Your card is saved.")


def day(moment: datetime) -> str:
    return str(date(timezone.localtime(moment), "DATE_FORMAT"))
