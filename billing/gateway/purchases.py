"""What was bought outright: the one-off lines of completed Checkout sessions, and what became of their money."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.gateway.client import identifier, moment, needed
from billing.gateway.payments import Payment

EXPAND = ["data.line_items"]
# A bank debit is processing, and a voucher waits to be paid, for days after the session is complete.
ON_ITS_WAY = ("processing", "requires_action", "succeeded")


@dataclass(frozen=True)
class PurchaseSnapshot:
    """One line of a completed Checkout session that is paid once. `state` is pending, paid, failed, refunded or disputed."""

    session_id: str
    customer_id: str
    payment_intent: str
    invoice_id: str
    product_id: str
    amount: int
    currency: str
    state: str
    created_at: datetime


def purchases(
    session: dict[str, Any], payments: Mapping[str, Payment], intents: Mapping[str, tuple[str, ...]]
) -> Iterator[PurchaseSnapshot]:
    """Read a session that was listed with EXPAND. `intents` are those of each invoice, which alone name a subscription's."""
    invoice_id = identifier(session.get("invoice"))
    intent_id = identifier(session.get("payment_intent")) or next(iter(intents.get(invoice_id, ())), "")
    for line in session["line_items"]["data"]:
        if line["price"]["type"] == "one_time":
            yield PurchaseSnapshot(
                session_id=session["id"],
                customer_id=identifier(session["customer"]),
                payment_intent=intent_id,
                invoice_id=invoice_id,
                product_id=identifier(line["price"]["product"]),
                amount=line["amount_total"],
                currency=line["currency"],
                state=_state(session, payments.get(intent_id)),
                created_at=needed(moment(session["created"])),
            )


def _state(session: dict[str, Any], payment: Payment | None) -> str:
    """A full refund and an open or lost dispute take the purchase away; a partial refund does not."""
    if payment is not None and payment.refunds and payment.refunded >= payment.amount:
        return "refunded"
    if payment is not None and payment.disputed:
        return "disputed"
    if session["payment_status"] in ("paid", "no_payment_required"):
        return "paid"
    return "pending" if payment is not None and payment.status in ON_ITS_WAY else "failed"
