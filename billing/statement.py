"""All that a person has paid for, owes, was given and got back, on one page."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import Grant, Invoice, Purchase, Refund
from billing.money import formatted
from billing.standing import Standing, standings

SHOWN = 12


@dataclass(frozen=True)
class Statement:
    """Invoices are the latest; `more` says that there are others."""

    plans: list[Standing]
    purchases: list[Purchase]
    grants: list[Grant]
    invoices: list[Invoice]
    refunds: list[Refund]
    more: bool

    @property
    def is_customer(self) -> bool:
        return bool(self.plans or self.purchases or self.invoices)


def statement(user_id: int, *, now: datetime) -> Statement:
    """Return a person's statement. Five queries, however much there is."""
    invoices = list(Invoice.objects.filter(customer__user=user_id)[: SHOWN + 1])
    bought = Purchase.objects.filter(customer__user=user_id).exclude(state=Purchase.State.VANISHED)
    granted = Grant.objects.filter(user=user_id, starts_at__lte=now, revoked_at=None)
    returned = Refund.objects.filter(customer__user=user_id).exclude(status__in=("failed", "canceled"))
    return Statement(
        plans=standings(user_id, now=now),
        purchases=list(bought.select_related("product")),
        grants=list(granted.filter(Q(ends_at=None) | Q(ends_at__gt=now)).select_related("product")),
        invoices=invoices[:SHOWN],
        refunds=list(returned.select_related("invoice", "purchase__product")[:SHOWN]),
        more=len(invoices) > SHOWN,
    )


def state_of(invoice: Invoice) -> str:
    """Return what became of an invoice, in a word or two."""
    if invoice.disputed:
        return _("Disputed")
    if invoice.status == Invoice.Status.PAID and invoice.amount_refunded:
        if invoice.amount_refunded >= invoice.amount_paid:
            return _("Given back")
        return _("Paid, %(amount)s given back") % {"amount": formatted(invoice.amount_refunded, invoice.currency)}
    said = {
        Invoice.Status.PAID: _("Paid"),
        Invoice.Status.OPEN: _("Confirm it with your bank") if invoice.needs_action else _("To be paid"),
        Invoice.Status.VOID: _("Called off"),
        Invoice.Status.UNCOLLECTIBLE: _("Not collected"),
    }
    return said.get(invoice.status, invoice.status)  # type: ignore[call-overload]


def state_of_purchase(purchase: Purchase) -> str:
    """Return what became of a purchase, and what to expect."""
    return {
        Purchase.State.PAID: _("Yours"),
        Purchase.State.PENDING: _("Your payment arrives in a few days; it opens by itself then"),
        Purchase.State.FAILED: _("The payment did not go through; nothing was charged"),
        Purchase.State.REFUNDED: _("Given back, and closed"),
        Purchase.State.DISPUTED: _("Closed while your bank looks into the payment"),
    }.get(purchase.state, "")  # type: ignore[call-overload]
