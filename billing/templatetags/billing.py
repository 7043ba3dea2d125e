"""What pages need to speak of money, and the banner that says when a payment is missing."""

from typing import Any

from django import template
from django.utils import timezone

from billing.models import Price
from billing.money import formatted, rhythm
from billing.standing import Standing, late

register = template.Library()


@register.filter
def money(price: Price) -> str:
    return formatted(price.unit_amount, price.currency)


@register.filter
def each(price: Price) -> str:
    """Return "a month", "every 3 months", "once"."""
    return rhythm(price.interval, price.interval_count)


@register.simple_tag(takes_context=True)
def payment_missing(context: template.Context) -> Standing | None:
    """Return the standing of a signed-in person whose payment is missing: no query for strangers, one for others."""
    user: Any = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return None
    return late(user.pk, now=timezone.now())
