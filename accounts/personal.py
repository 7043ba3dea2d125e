"""What we keep about a person: to hand it out, and to forget it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Farewell, User
from accounts.tasks import send_farewell
from billing.models import Checkout, Claim, Customer, Dispute, Invoice, Purchase, Refund, Subscription
from config import audit
from courses.models import Allowance, Download, LimitReached, SharingSign

ACCOUNT = ("email", "name", "date_joined", "last_login", "wants_news", "is_staff", "is_superuser")
# Stripe's words for a subscription that will never ask for money again.
OVER = ("canceled", "incomplete_expired")


class CannotDeleteError(Exception):
    """The account has to stay for now; the message is for the person, and `at_stripe` says whether the portal helps."""

    def __init__(self, reason: str, *, at_stripe: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at_stripe = at_stripe


def check_deletable(person: User) -> None:
    """Raise CannotDeleteError while somebody would go on paying, or a member of staff would take their traces along."""
    running = Subscription.objects.filter(
        customer__user=person, ended_at=None, cancel_at=None, cancel_at_period_end=False
    )
    if running.exclude(status__in=OVER).exists():
        raise CannotDeleteError(
            _("Your plan is still running and would go on costing you. Please cancel it first."), at_stripe=True
        )
    if person.is_staff:
        raise CannotDeleteError(
            _("You work here. Please ask another owner to take back your rights first."), at_stripe=False
        )


def delete(person: User) -> None:
    """Forget the person. Customers, purchases and downloads stay as numbers without a name, for the books.

    Raises CannotDeleteError. Checkout and claims lock the person first too, so that no purchase slips in between.
    """
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk=person.pk).values_list("pk"))
        mine = Customer.objects.select_for_update().filter(user=person)
        list(mine.values_list("pk"))
        check_deletable(person)
        # Not a guest's: what is left of a deleted account waits for nobody to claim it.
        mine.update(current=False)
        farewell = Farewell.objects.create(address=person.email)
        person.delete()
        send_farewell.enqueue(farewell.pk)


def export(person: User, *, now: datetime) -> dict[str, Any]:
    """Return everything kept about this person, as plain values; secrets (password, keys, codes) are left out."""
    return {
        "exported_at": now,
        "account": rows(User.objects.filter(pk=person.pk), *ACCOUNT)[0]
        | {"groups": list(person.groups.values_list("name", flat=True))},
        "addresses": rows(person.emailaddress_set, "email", "verified", "primary"),
        "second_steps": rows(person.authenticator_set, "type", "created_at", "last_used_at"),
        "sessions": rows(person.usersession_set, "created_at", "last_seen_at", "ip", "user_agent"),
        "customers": rows(person.customers, "stripe_id", "email", "created_at"),
        "subscriptions": rows(
            Subscription.objects.filter(customer__user=person).order_by("created_at"),
            *(
                "stripe_id",
                "status",
                "price__product__name",
                "amount",
                "currency",
                "interval",
                "created_at",
                "current_period_end",
                "cancel_at",
                "ended_at",
            ),
        ),
        "invoices": rows(
            Invoice.objects.filter(customer__user=person).order_by("created_at", "pk"),
            *("number", "status", "currency", "total", "amount_paid", "amount_refunded", "created_at", "paid_at"),
        ),
        "purchases": rows(
            Purchase.objects.filter(customer__user=person).order_by("created_at", "pk"),
            *("product__name", "amount", "currency", "state", "created_at"),
        ),
        "checkouts": rows(Checkout.objects.filter(customer__user=person), "session_id", "price__product__name"),
        "refunds": rows(Refund.objects.filter(customer__user=person), "amount", "currency", "status", "created_at"),
        "disputes": rows(
            Dispute.objects.filter(customer__user=person), "amount", "currency", "status", "reason", "created_at"
        ),
        "claims": rows(Claim.objects.filter(claimed_by=person), "customer__stripe_id", "sent_at", "claimed_at"),
        "notices": rows(person.notices, "kind", "occurred_at", "sent_at"),
        "grants": rows(person.grants, "product__name", "reason", "message", "starts_at", "ends_at"),
        "downloads": rows(
            Download.objects.filter(user=person),
            "version__file__publication__title",
            "version__file__name",
            *("purpose", "created_at", "address", "network", "agent"),
        ),
        "fetches": rows(person.fetches, "at", "status", "sent", "address", "network", "agent"),
        "download_lists": rows(person.download_lists, "publication__title", "created_at", "expires_at"),
        "allowances": rows(Allowance.objects.filter(pk=person.pk), "given_at", "until"),
        "limits": rows(LimitReached.objects.filter(pk=person.pk), "limit", "at", "times"),
        "sharing_signs": rows(
            SharingSign.objects.filter(pk=person.pk),
            "networks",
            "agents",
            "sessions",
            "addresses",
            "seen_at",
            "asked_at",
        ),
        "news": rows(person.deliveries, "issue__created_at", "sent_at"),
        "done_about_me": rows(audit.about(person), "at", "act", "target_label", "reason"),
        "done_by_me": rows(person.acts, "at", "act", "target_label", "address"),
        "done_in_the_workshop": rows(person.logentry_set, "action_time", "object_repr", "change_message"),
        "progress": rows(person.progress, "lesson__title", "position", "completed_at", "updated_at"),
    }


def rows(source: Any, *fields: str) -> list[dict[str, Any]]:
    return list(source.values(*fields))
