"""What pages need to speak of money, and the banner that says what has to be set right with it."""

from typing import Any

from django import template
from django.utils import timezone

from billing.models import Invoice, Price, Purchase
from billing.money import formatted, rhythm
from billing.standing import Standing, trouble
from billing.statement import state_of, state_of_purchase

register = template.Library()


@register.filter
def money(price: Price) -> str:
    return formatted(price.unit_amount, price.currency)


@register.filter
def each(price: Price) -> str:
    """Return "a month", "every 3 months", "once"."""
    return rhythm(price.interval, price.interval_count)


@register.filter
def amount(minor: int, currency: str) -> str:
    """Return an amount in minor units with its currency: `{{ invoice.total|amount:invoice.currency }}`."""
    return formatted(minor, currency)


@register.filter
def invoice_state(invoice: Invoice) -> str:
    return state_of(invoice)


@register.filter
def purchase_state(purchase: Purchase) -> str:
    return state_of_purchase(purchase)


@register.simple_tag(takes_context=True)
def payment_missing(context: template.Context) -> Standing | None:
    """Return the standing of a signed-in person who has to pay or to give a card: no query for strangers, one for others."""
    user: Any = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return None
    return trouble(user.pk, now=timezone.now())
