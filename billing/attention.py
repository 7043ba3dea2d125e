"""What of money needs the owner: each as a sentence, with the list in the admin that shows it, and the right it takes to see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import entitlements
from billing.models import Customer, Dispute, Invoice, Notice, Product, Purchase, Subscription, WebhookEvent

MONTH = timedelta(days=30)
OVER = ("canceled", "incomplete_expired")
TO_ANSWER = ("needs_response", "warning_needs_response")
UNFINISHED = "invoice.finalization_failed"
FRAUD = "radar.early_fraud_warning.created"
STUBBORN = 3
# Whoever has one of these rights may see a part of the list.
RIGHTS = tuple(f"billing.view_{name}" for name in ("dispute", "subscription", "webhookevent", "customer", "notice"))


@dataclass(frozen=True)
class Alarm:
    """Something to look at. `urgent` costs money or members while it waits."""

    text: str
    address: str
    urgent: bool = False
    permission: str = ""


def alarms(*, now: datetime) -> Iterator[Alarm]:
    """Yield what needs the owner, the most urgent first. Seven queries."""
    yield from _disputes(now=now)
    if count := unknown_products().count():
        text = ngettext(
            "%(count)d subscription is to a product that is not known here, and opens nothing.",
            "%(count)d subscriptions are to products that are not known here, and open nothing.",
            count,
        )
        yield _alarm(text, count, Subscription, urgent=True, unknown="1")
    if count := _payers_of_two(now=now).count():
        text = ngettext("%(count)d person pays for two plans.", "%(count)d people pay for two plans.", count)
        yield _alarm(text, count, Subscription, urgent=True, twice="1")
    if count := unfinished(now=now).count():
        text = ngettext(
            "%(count)d invoice could not be finalised at Stripe; an address for its tax may be missing.",
            "%(count)d invoices could not be finalised at Stripe; addresses for their tax may be missing.",
            count,
        )
        yield _alarm(text, count, WebhookEvent, type=UNFINISHED)
    if count := WebhookEvent.objects.filter(type=FRAUD, received_at__gt=now - MONTH).count():
        text = ngettext(
            "%(count)d early fraud warning in 30 days; a refund now may spare you a dispute.",
            "%(count)d early fraud warnings in 30 days; refunds now may spare you disputes.",
            count,
        )
        yield _alarm(text, count, WebhookEvent, type=FRAUD)
    if count := unclaimed(now=now).count():
        text = ngettext(
            "%(count)d purchase belongs to nobody yet.", "%(count)d customers paid and belong to nobody yet.", count
        )
        yield _alarm(text, count, Customer, unclaimed="1")
    if count := Notice.objects.waiting().filter(tries__gte=STUBBORN).count():
        text = ngettext("%(count)d mail keeps failing.", "%(count)d mails keep failing.", count)
        yield Alarm(text % {"count": count}, "", permission="billing.view_notice")


def _alarm(text: str, count: int, model: type, *, urgent: bool = False, **query: str) -> Alarm:
    name = model._meta.model_name  # type: ignore[attr-defined]
    address = f"{reverse(f'admin:billing_{name}_changelist')}?{urlencode(query)}"
    return Alarm(text % {"count": count}, address, urgent, f"billing.view_{name}")


def _disputes(*, now: datetime) -> Iterator[Alarm]:
    for one in Dispute.objects.filter(status__in=TO_ANSWER).order_by("evidence_due_by", "pk")[:5]:
        address = reverse("admin:billing_dispute_change", args=[one.pk])
        text = _("A dispute waits for your answer.")
        if one.evidence_due_by:
            due = date_format(timezone.localtime(one.evidence_due_by), "j F Y")
            told = _("A dispute waits for your answer until %(date)s.")
            late = _("A dispute waited for your answer until %(date)s.")
            text = (late if one.evidence_due_by <= now else told) % {"date": due}
        yield Alarm(text, address, urgent=True, permission="billing.view_dispute")


# --- The rows behind them, which the lists in the admin filter by, too ------------------------


def unknown_products() -> QuerySet[Subscription]:
    """Subscriptions that go on and are tied to no product of ours."""
    return Subscription.objects.filter(products=None, ended_at=None).exclude(status__in=OVER)


def with_two_plans(*, now: datetime) -> QuerySet[Subscription]:
    """The live plan subscriptions of those who have more than one."""
    people = _payers_of_two(now=now).values("customer__user")
    return Subscription.objects.filter(_live_plan(now), customer__user__in=people).distinct()


def _payers_of_two(*, now: datetime) -> "QuerySet[Subscription, Any]":
    live = Subscription.objects.filter(_live_plan(now)).exclude(customer__user=None).order_by()
    return live.values("customer__user").annotate(plans=Count("pk", distinct=True)).filter(plans__gt=1)


def _live_plan(now: datetime) -> Q:
    return entitlements.live(now=now) & Q(products__kind=Product.Kind.PLAN)


def unfinished(*, now: datetime) -> QuerySet[WebhookEvent]:
    """News of the last 30 days that an invoice could not be finalised, where it has not been since."""
    finalised = Invoice.objects.filter(stripe_id=OuterRef("object_id"))
    return WebhookEvent.objects.filter(type=UNFINISHED, received_at__gt=now - MONTH).exclude(Exists(finalised))


def unclaimed(*, now: datetime) -> QuerySet[Customer]:
    """Customers without a person who hold something."""
    mine = {"customer": OuterRef("pk")}
    subscribed = Exists(Subscription.objects.filter(entitlements.live(now=now), **mine))
    bought = Exists(Purchase.objects.filter(state=Purchase.State.PAID, **mine))
    return Customer.objects.filter(Q(subscribed) | Q(bought), user=None)
