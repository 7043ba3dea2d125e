"""What Stripe may say of a customer, built by hand: each builder makes one whole snapshot and fills in what a test does not care about."""

from datetime import UTC, datetime
from typing import Any

from billing.gateway import (
    CustomerSnapshot,
    DisputeSnapshot,
    InvoiceSnapshot,
    PurchaseSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
from billing.gateway.payments import Payment

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def customer(name: str = "cus_1", **fields: Any) -> CustomerSnapshot:
    values: dict[str, Any] = {"id": name, "email": "nadia@example.com", "deleted": False, "metadata": {}}
    return CustomerSnapshot(**values | fields)


def subscription(name: str = "sub_1", **fields: Any) -> SubscriptionSnapshot:
    """An active one to prod_1 for $12 a month, three weeks from its period's end."""
    values: dict[str, Any] = {
        "id": name,
        "customer_id": "cus_1",
        "status": "active",
        "product_ids": ("prod_1",),
        "price_id": "price_1",
        "amount": 1200,
        "currency": "usd",
        "interval": "month",
        "interval_count": 1,
        "current_period_end": JUNE,
        "trial_end": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "unpaid_since": None,
        "pause_reason": "",
        "collection_paused": False,
        "card_missing": False,
        "created_at": JUNE,
    }
    return SubscriptionSnapshot(**values | fields)


def invoice(name: str = "in_1", **fields: Any) -> InvoiceSnapshot:
    """One over $12 of sub_1, paid by pi_1, for a time up to June."""
    values: dict[str, Any] = {
        "id": name,
        "customer_id": "cus_1",
        "subscription_id": "sub_1",
        "number": "L-1",
        "status": "paid",
        "billing_reason": "subscription_cycle",
        "currency": "usd",
        "total": 1200,
        "amount_due": 1200,
        "amount_paid": 1200,
        "amount_refunded": 0,
        "attempt_count": 1,
        "next_payment_attempt": None,
        "needs_action": False,
        "on_its_way": False,
        "disputed": False,
        "covers_until": JUNE,
        "created_at": JUNE,
        "due_at": JUNE,
        "paid_at": JUNE,
        "payment_intents": ("pi_1",),
    }
    return InvoiceSnapshot(**values | fields)


def purchase(name: str = "cs_1", **fields: Any) -> PurchaseSnapshot:
    """prod_2 bought outright for $19, paid by pi_2."""
    values: dict[str, Any] = {
        "session_id": name,
        "customer_id": "cus_1",
        "payment_intent": "pi_2",
        "invoice_id": "in_2",
        "product_id": "prod_2",
        "amount": 1900,
        "currency": "usd",
        "state": "paid",
        "created_at": JUNE,
    }
    return PurchaseSnapshot(**values | fields)


def payment(intent: str, *given_back: RefundSnapshot | DisputeSnapshot) -> Payment:
    return Payment(
        id=intent,
        customer_id="cus_1",
        status="succeeded",
        amount=1900,
        refunds=tuple(one for one in given_back if isinstance(one, RefundSnapshot)),
        disputes=tuple(one for one in given_back if isinstance(one, DisputeSnapshot)),
    )


def refund(name: str, intent: str, **fields: Any) -> RefundSnapshot:
    values: dict[str, Any] = {"amount": 700, "currency": "eur", "status": "succeeded", "created_at": JUNE}
    return RefundSnapshot(**{"id": name, "payment_intent": intent} | values | fields)


def dispute(name: str, intent: str, **fields: Any) -> DisputeSnapshot:
    values: dict[str, Any] = {"amount": 800, "currency": "gbp", "status": "needs_response", "created_at": JUNE}
    values |= {"reason": "fraudulent", "evidence_due_by": JUNE}
    return DisputeSnapshot(**{"id": name, "payment_intent": intent} | values | fields)
