"""All that is known of one member, for the owner and whoever the owner lets see it: each part takes its own right."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Max, Q, QuerySet, Sum

from accounts.models import User
from billing.figures import TAKEN, VOID_REFUNDS
from billing.models import (
    Claim,
    Customer,
    Dispute,
    Grant,
    Invoice,
    Notice,
    Purchase,
    Refund,
    Subscription,
    WebhookEvent,
)
from billing.standing import Standing, standing
from config import audit
from courses.models import Download, Progress
from courses.sharing import Links, links_of

SHOWN = 20


@dataclass(frozen=True)
class Member:
    """`parts` holds those parts that the viewer may see, by name; `more` names those that have more rows than are shown."""

    person: User
    last_seen: datetime | None
    confirmed: bool
    second_factor: bool
    sessions: int
    standing: Standing | None
    customers: list[Customer]
    confirmed_at: datetime | None
    paid: list[tuple[str, int]]
    links: Links | None
    parts: dict[str, list[Any]]
    more: set[str]


def member(person: User, viewer: Any, *, now: datetime) -> Member:
    """Gather what `viewer` may see of a person. About thirty queries, whatever there is."""
    sees_money = viewer.has_perm("billing.view_subscription")
    customers = list(Customer.objects.filter(user=person).order_by("-current", "-pk")) if sees_money else []
    heard = [one.synced_at for one in customers if not one.deleted]
    parts, more = {}, set()
    for name, (right, rows) in PARTS.items():
        if viewer.has_perm(right):
            found = list(rows(person)[: SHOWN + 1])
            parts[name] = found[:SHOWN]
            if len(found) > SHOWN:
                more.add(name)
    return Member(
        person=person,
        last_seen=last_seen(person),
        confirmed=EmailAddress.objects.filter(user=person, verified=True).exists(),
        second_factor=Authenticator.objects.filter(user=person)
        .exclude(type=Authenticator.Type.RECOVERY_CODES)
        .exists(),
        sessions=UserSession.objects.filter(user=person).count(),
        standing=standing(person.pk, now=now) if sees_money else None,
        customers=customers,
        confirmed_at=min((at for at in heard if at), default=None) if all(heard) else None,
        paid=paid(person) if viewer.has_perm("billing.view_invoice") else [],
        links=links_of(person, now=now) if viewer.has_perm("courses.view_download") else None,
        parts=parts,
        more=more,
    )


def last_seen(person: User) -> datetime | None:
    """Return the latest sign of this person: signing in, fetching a file, or getting on in a lesson."""
    signs = [
        person.last_login,
        UserSession.objects.filter(user=person).aggregate(at=Max("last_seen_at"))["at"],
        Download.objects.filter(user=person).aggregate(at=Max("created_at"))["at"],
        Progress.objects.filter(user=person).aggregate(at=Max("updated_at"))["at"],
    ]
    return max((at for at in signs if at), default=None)


def paid(person: User) -> list[tuple[str, int]]:
    """Return what they have paid in all, less what was given back, as (currency, minor units)."""
    mine, sums = Q(customer__user=person), Counter[str]()
    bought = Purchase.objects.filter(mine, invoice="", state__in=TAKEN)
    given_back = Refund.objects.filter(mine).exclude(status__in=VOID_REFUNDS)
    for rows, name, sign in (
        (Invoice.objects.filter(mine), "amount_paid", 1),
        (bought, "amount", 1),
        (given_back, "amount", -1),
    ):
        for currency, amount in rows.order_by().values_list("currency").annotate(Sum(name)):
            sums[currency] += sign * amount
    return sorted((currency, amount) for currency, amount in sums.items() if amount)


def _events(person: User) -> "QuerySet[WebhookEvent]":
    known = list(Customer.objects.filter(user=person).values_list("stripe_id", flat=True))
    return WebhookEvent.objects.filter(customer_id__in=known)


PARTS: dict[str, tuple[str, Callable[[User], QuerySet[Any]]]] = {
    "subscriptions": (
        "billing.view_subscription",
        lambda person: Subscription.objects.filter(customer__user=person).select_related("price__product"),
    ),
    "grants": (
        "billing.view_grant",
        lambda person: Grant.objects.filter(user=person).select_related("product", "given_by"),
    ),
    "purchases": (
        "billing.view_purchase",
        lambda person: Purchase.objects.filter(customer__user=person).select_related("product"),
    ),
    "invoices": ("billing.view_invoice", lambda person: Invoice.objects.filter(customer__user=person)),
    "refunds": ("billing.view_refund", lambda person: Refund.objects.filter(customer__user=person)),
    "disputes": ("billing.view_dispute", lambda person: Dispute.objects.filter(customer__user=person)),
    "claims": (
        "billing.view_claim",
        lambda person: Claim.objects.filter(Q(claimed_by=person) | Q(customer__user=person)).select_related("customer"),
    ),
    "downloads": (
        "courses.view_download",
        lambda person: Download.objects.filter(user=person).select_related("version__file__publication"),
    ),
    "notices": ("billing.view_notice", lambda person: Notice.objects.filter(user=person)),
    "events": ("billing.view_webhookevent", _events),
    "record": ("config.view_auditentry", audit.about),
}
