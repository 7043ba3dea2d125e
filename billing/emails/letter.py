"""What every letter about money is made of: names in one line, dates written out, links to pages of ours, and facts to look up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from babel.dates import format_date
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext, to_locale

from billing.models import Product, Subscription
from config.mail import one_line

Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Letter:
    """One mail, not yet rendered: `emails/<template>.txt` and `.html`, their subject and what they are to say."""

    template: str
    subject: str
    context: dict[str, object] = field(default_factory=dict)


def written(moment: datetime) -> str:
    """Return the day in the reader's language, written out: "November 30, 2026"."""
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    return str(format_date(timezone.localtime(moment).date(), format="long", locale=locale))


def names(products: Iterable[Product]) -> str:
    """Return what was bought, in words: "Membership", "The Book and The Course"."""
    return get_text_list([one_line(one.name) for one in products], gettext("and"))


def plan_of(subscription: Subscription) -> str:
    """Return the name of what a subscription is to."""
    price = subscription.price
    return names(subscription.products.all()) or (one_line(price.product.name) if price else gettext("Membership"))


def link(view: str, *args: object) -> str:
    """Return the address of a page of ours. It opens nothing by itself: whoever follows it signs in there."""
    return settings.SITE_URL + reverse(view, args=args)


def library() -> str:
    return link("courses:library")


def account() -> str:
    return link("accounts:home")


def invoices() -> str:
    return link("accounts:invoices")


def invoice(invoice_id: str) -> str:
    """Return our page that leads to Stripe's page of an invoice, whose own address is nobody's but the payer's."""
    return link("accounts:invoice", invoice_id)


def claim(code: str) -> str:
    return link("accounts:claim_code", code)
