"""Invoices as Stripe has them now: what is owed, what was paid for which time, and what of it went back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.gateway.client import asking, identifier, moment, needed, plain, v1
from billing.gateway.payments import Payment

EXPAND = ["data.payments"]


@dataclass(frozen=True)
class InvoiceSnapshot:
    """A finalised invoice; amounts are in the currency's minor unit.

    `due_at` is its due date, or else when it was finalised. `covers_until` is the latest end of a period that its lines pay for.
    `needs_action` says that its payment waits for the customer to confirm it (3DS), `on_its_way` that a bank debit takes its days.
    """

    id: str
    customer_id: str
    subscription_id: str
    number: str
    status: str
    billing_reason: str
    currency: str
    total: int
    amount_due: int
    amount_paid: int
    amount_refunded: int
    attempt_count: int
    next_payment_attempt: datetime | None
    needs_action: bool
    on_its_way: bool
    disputed: bool
    covers_until: datetime | None
    created_at: datetime
    due_at: datetime
    paid_at: datetime | None
    payment_intents: tuple[str, ...]


def fetch_invoice_page(invoice_id: str) -> tuple[str, str]:
    """Return (customer id, address of Stripe's hosted page) of an invoice.

    Whoever has the address can read and pay the invoice, so it is asked for at the click and never stored; it is empty for a
    draft. Raises Gone, GatewayDown or GatewayRefused.
    """
    with asking():
        found = plain(v1().invoices.retrieve(invoice_id))
        return identifier(found.get("customer")), found.get("hosted_invoice_url") or ""


def preview_amount(subscription_id: str) -> tuple[int, str]:
    """Return (amount in minor units, currency) of a subscription's next invoice as it would be now, discounts and taxes included.

    Raises Gone, GatewayDown, or GatewayRefused where nothing more is to be billed.
    """
    with asking():
        found = plain(v1().invoices.create_preview({"subscription": subscription_id}))
        return int(found["amount_due"]), str(found["currency"])


def subscription_of(invoice: dict[str, Any]) -> str:
    """Return the subscription that an invoice bills, or an empty string; invoices of older API versions name it on top."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return identifier(details.get("subscription") or invoice.get("subscription"))


def invoice(found: dict[str, Any], payments: Mapping[str, Payment]) -> InvoiceSnapshot:
    """Read an invoice that was listed with EXPAND, beside its customer's payments by id."""
    intents = _intents(found)
    paying = [payments[intent] for intent in intents if intent in payments]
    times = found.get("status_transitions") or {}
    return InvoiceSnapshot(
        id=found["id"],
        customer_id=identifier(found["customer"]),
        subscription_id=subscription_of(found),
        number=found.get("number") or "",
        status=found["status"],
        billing_reason=found.get("billing_reason") or "",
        currency=found["currency"],
        total=found["total"],
        amount_due=found["amount_due"],
        amount_paid=found["amount_paid"],
        amount_refunded=sum(one.refunded for one in paying),
        attempt_count=found.get("attempt_count") or 0,
        next_payment_attempt=moment(found.get("next_payment_attempt")),
        needs_action=found["status"] == "open" and any(one.status == "requires_action" for one in paying),
        on_its_way=found["status"] == "open" and any(one.status == "processing" for one in paying),
        disputed=any(one.disputed for one in paying),
        covers_until=moment(max((line["period"]["end"] for line in _lines(found)), default=None)),
        created_at=needed(moment(found["created"])),
        due_at=needed(moment(found.get("due_date") or times.get("finalized_at") or found["created"])),
        paid_at=moment(times.get("paid_at")),
        payment_intents=intents,
    )


def owed_since(invoices: Iterable[InvoiceSnapshot]) -> dict[str, datetime]:
    """Return since when each subscription has owed: when its earliest open invoice was due."""
    earliest: dict[str, datetime] = {}
    for one in invoices:
        if one.status == "open":
            earliest[one.subscription_id] = min(one.due_at, earliest.get(one.subscription_id, one.due_at))
    return earliest


def _lines(found: dict[str, Any]) -> list[dict[str, Any]]:
    return (found.get("lines") or {}).get("data") or []


def _intents(found: dict[str, Any]) -> tuple[str, ...]:
    links = (found.get("payments") or {}).get("data") or []
    named = [identifier(link["payment"].get("payment_intent")) for link in links]
    return tuple(dict.fromkeys([*filter(None, named), *filter(None, [identifier(found.get("payment_intent"))])]))
