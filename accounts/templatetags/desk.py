"""How the owner's pages write money and states, and lead to Stripe."""

from babel.numbers import format_percent
from django import template
from django.conf import settings
from django.utils.translation import get_language, to_locale

from billing.admin import mirrored
from billing.money import formatted

register = template.Library()
GOOD = ("active", "paid", "succeeded", "won", "trialing", "warning_closed")
BAD = (
    "canceled",
    "unpaid",
    "failed",
    "disputed",
    "uncollectible",
    "lost",
    "incomplete_expired",
    "refunded",
    "vanished",
)


@register.filter
def money_in(amount: int, currency: str) -> str:
    """Return an amount in minor units as people read it; nothing where the currency is not known."""
    return formatted(amount, currency) if currency else ""


@register.filter
def status_kind(status: str) -> str:
    """Return how a status of Stripe's is coloured: done, parked, or waiting for something."""
    return "done" if status in GOOD else "parked" if status in BAD else "waiting"


@register.simple_tag
def stripe_page(kind: str, stripe_id: str) -> str:
    return mirrored.stripe_page(kind, stripe_id)


@register.filter
def signed_money(amount: int, currency: str) -> str:
    """Return an amount with its sign, a plus for what came and a real minus for what went."""
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + formatted(abs(amount), currency)


@register.filter
def percent(share: float) -> str:
    """Return a share of 1 as "4.2 %" in the reader's language."""
    return format_percent(share, format="#,##0.0 %", locale=to_locale(get_language() or settings.LANGUAGE_CODE))


@register.filter
def unlocalized(number: float) -> str:
    """Return a number as SVG reads it, whatever the language."""
    return str(number)
