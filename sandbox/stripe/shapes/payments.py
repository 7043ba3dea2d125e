"""Payment intents, charges and refunds."""

from sandbox.stripe.shapes.base import Object, base
from sandbox.stripe.shapes.cards import BLANK, details_of
from sandbox.stripe.store import new_id

DECLINED = "Your card was declined."


def payment_intent(now: int, customer_id: str | None, amount: int, currency: str, metadata: Object) -> Object:
    made = base(
        "payment_intent",
        "pi",
        now,
        amount=amount,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        application=None,
        application_fee_amount=None,
        automatic_payment_methods={"allow_redirects": "always", "enabled": True},
        canceled_at=None,
        cancellation_reason=None,
        capture_method="automatic",
        client_secret=None,
        confirmation_method="automatic",
        currency=currency,
        customer=customer_id,
        description=None,
        last_payment_error=None,
        latest_charge=None,
        metadata=metadata,
        next_action=None,
        on_behalf_of=None,
        payment_method=None,
        payment_method_options={},
        payment_method_types=["card"],
        processing=None,
        receipt_email=None,
        review=None,
        setup_future_usage=None,
        shipping=None,
        source=None,
        statement_descriptor=None,
        statement_descriptor_suffix=None,
        status="requires_payment_method",
        transfer_data=None,
        transfer_group=None,
    )
    return made | {"client_secret": f"{made['id']}_secret_{new_id('x')[2:]}"}


def charge(now: int, intent: Object, method: Object | None, status: str) -> Object:
    """`status` is succeeded, pending (a bank debit on its way) or failed."""
    return base(
        "charge",
        "ch",
        now,
        amount=intent["amount"],
        amount_captured=intent["amount"] if status == "succeeded" else 0,
        amount_refunded=0,
        application=None,
        application_fee=None,
        application_fee_amount=None,
        balance_transaction=None,
        billing_details=method["billing_details"] if method else BLANK,
        calculated_statement_descriptor=None,
        captured=status != "failed",
        currency=intent["currency"],
        customer=intent["customer"],
        description=None,
        disputed=False,
        failure_balance_transaction=None,
        failure_code="card_declined" if status == "failed" else None,
        failure_message=DECLINED if status == "failed" else None,
        fraud_details={},
        metadata=intent["metadata"],
        on_behalf_of=None,
        outcome=None,
        paid=status == "succeeded",
        payment_intent=intent["id"],
        payment_method=method and method["id"],
        payment_method_details=method and details_of(method),
        receipt_email=None,
        receipt_number=None,
        receipt_url=None,
        refunded=False,
        review=None,
        shipping=None,
        source=None,
        source_transfer=None,
        statement_descriptor=None,
        statement_descriptor_suffix=None,
        status=status,
        transfer_data=None,
        transfer_group=None,
    )


def refund(now: int, of: Object, amount: int, params: Object, status: str) -> Object:
    """`status` is succeeded, pending or requires_action; a refund that fails began as one of them."""
    return base(
        "refund",
        "re",
        now,
        amount=amount,
        balance_transaction=None,
        charge=of["id"],
        currency=of["currency"],
        destination_details={"card": {"type": "refund"}, "type": "card"},
        metadata=params.get("metadata") or {},
        payment_intent=of["payment_intent"],
        reason=params.get("reason"),
        receipt_number=None,
        source_transfer_reversal=None,
        status=status,
        transfer_reversal=None,
    )
