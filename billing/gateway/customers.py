"""A customer as Stripe has it now, whole: subscriptions, invoices, what was bought outright, and what went back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from billing.gateway import invoices as invoicing
from billing.gateway import payments as paying
from billing.gateway import purchases as buying
from billing.gateway import subscriptions as subscribing
from billing.gateway.client import asking, identifier, pages, plain, v1
from billing.gateway.invoices import InvoiceSnapshot
from billing.gateway.payments import DisputeSnapshot, Payment, RefundSnapshot
from billing.gateway.purchases import PurchaseSnapshot
from billing.gateway.subscriptions import SubscriptionSnapshot

# Objects that name no customer, but a charge or an invoice that does.
OWNED = {
    "dp_": ("disputes", "charge"),
    "du_": ("disputes", "charge"),
    "re_": ("refunds", "charge"),
    "pyr_": ("refunds", "charge"),
    "issfr_": ("radar.early_fraud_warnings", "charge"),
    "inpay_": ("invoice_payments", "invoice"),
}
One = TypeVar("One", SubscriptionSnapshot, InvoiceSnapshot, PurchaseSnapshot, Payment)


@dataclass(frozen=True)
class CustomerSnapshot:
    id: str
    email: str
    deleted: bool
    metadata: dict[str, str]
    subscriptions: tuple[SubscriptionSnapshot, ...] = ()
    invoices: tuple[InvoiceSnapshot, ...] = ()
    purchases: tuple[PurchaseSnapshot, ...] = ()
    payments: tuple[Payment, ...] = ()

    @property
    def refunds(self) -> list[RefundSnapshot]:
        return [refund for payment in self.payments for refund in payment.refunds]

    @property
    def disputes(self) -> list[DisputeSnapshot]:
        return [dispute for payment in self.payments for dispute in payment.disputes]


def fetch_customer(customer_id: str) -> CustomerSnapshot:
    """Ask Stripe for one customer, in five calls and one more for each disputed payment.

    Raises Gone, GatewayDown or GatewayRefused. A customer deleted at Stripe is an answer (`deleted`), not an error.
    """
    with asking():
        customer = plain(v1().customers.retrieve(customer_id))
        if customer.get("deleted"):
            return CustomerSnapshot(id=customer_id, email="", deleted=True, metadata={})
        subscriptions = list(
            pages(v1().subscriptions.list, customer=customer_id, status="all", expand=subscribing.EXPAND)
        )
        invoices = list(pages(v1().invoices.list, customer=customer_id, expand=invoicing.EXPAND))
        sessions = list(
            pages(v1().checkout.sessions.list, customer=customer_id, status="complete", expand=buying.EXPAND)
        )
        intents = list(pages(v1().payment_intents.list, customer=customer_id, expand=paying.EXPAND))
        payments = {one["id"]: paying.payment(one, _disputes_of(one)) for one in intents}
        return _snapshot(customer, *_read(subscriptions, invoices, sessions, payments), payments.values())


def fetch_customers() -> Iterator[CustomerSnapshot]:
    """Ask Stripe for all customers from its lists, a hundred a call. Deleted customers are not among them."""
    with asking():
        disputes = paying.disputes_by_intent(pages(v1().disputes.list))
        intents = pages(v1().payment_intents.list, expand=paying.EXPAND)
        payments = {one["id"]: paying.payment(one, disputes[one["id"]]) for one in intents}
        subscriptions, invoices, purchases = _read(
            pages(v1().subscriptions.list, status="all", expand=subscribing.EXPAND),
            pages(v1().invoices.list, expand=invoicing.EXPAND),
            pages(v1().checkout.sessions.list, status="complete", expand=buying.EXPAND),
            payments,
        )
        subscribed, billed = _grouped(subscriptions), _grouped(invoices)
        bought, paid = _grouped(purchases), _grouped(payments.values())
        for customer in pages(v1().customers.list):
            mine = customer["id"]
            yield _snapshot(customer, subscribed[mine], billed[mine], bought[mine], paid[mine])


def fetch_owner(object_id: str) -> str:
    """Return the customer whom this dispute, refund, warning or invoice payment is about, or an empty string. Raises as fetch_customer."""
    service, holder = next((known for prefix, known in OWNED.items() if object_id.startswith(prefix)), ("", ""))
    if not service:
        return ""
    with asking():
        room = v1()
        for step in service.split("."):
            room = getattr(room, step)
        found = plain(room.retrieve(object_id, {"expand": [holder]})).get(holder)
        return identifier(found.get("customer")) if isinstance(found, dict) else ""


def _read(
    subscriptions: Iterable[dict[str, Any]],
    invoices: Iterable[dict[str, Any]],
    sessions: Iterable[dict[str, Any]],
    payments: Mapping[str, Payment],
) -> tuple[list[SubscriptionSnapshot], list[InvoiceSnapshot], list[PurchaseSnapshot]]:
    """Read what was listed, beside the payments it leans on. A draft is left out: nobody owes it yet."""
    finalised = [invoicing.invoice(one, payments) for one in invoices if one["status"] != "draft"]
    owed = invoicing.owed_since(finalised)
    intents = {one.id: one.payment_intents for one in finalised}
    return (
        [subscribing.subscription(one, owed) for one in subscriptions],
        finalised,
        [line for one in sessions for line in buying.purchases(one, payments, intents)],
    )


def _disputes_of(intent: dict[str, Any]) -> list[DisputeSnapshot]:
    if not paying.is_disputed(intent):
        return []
    return paying.disputes_by_intent(pages(v1().disputes.list, payment_intent=intent["id"]))[intent["id"]]


def _snapshot(
    customer: dict[str, Any],
    subscriptions: Iterable[SubscriptionSnapshot],
    invoices: Iterable[InvoiceSnapshot],
    purchases: Iterable[PurchaseSnapshot],
    payments: Iterable[Payment],
) -> CustomerSnapshot:
    default = (customer.get("invoice_settings") or {}).get("default_payment_method")
    has_card = bool(default or customer.get("default_source"))
    return CustomerSnapshot(
        id=customer["id"],
        email=customer.get("email") or "",
        deleted=False,
        metadata=dict(customer.get("metadata") or {}),
        subscriptions=tuple(replace(one, card_missing=one.card_missing and not has_card) for one in subscriptions),
        invoices=tuple(invoices),
        purchases=tuple(purchases),
        payments=tuple(payments),
    )


def _grouped(found: Iterable[One]) -> defaultdict[str, list[One]]:
    groups: defaultdict[str, list[One]] = defaultdict(list)
    for one in found:
        groups[one.customer_id].append(one)
    return groups
