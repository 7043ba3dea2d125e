"""Disputes and early fraud warnings."""

from sandbox.stripe.shapes.base import Object, base

EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def dispute(now: int, of: Object, *, amount: int, reason: str, inquiry: bool) -> Object:
    """A dispute about this charge; an inquiry is only a question, and takes no money yet."""
    case = {"brand": "visa", "case_type": "inquiry" if inquiry else "chargeback", "network": "visa"}
    return base(
        "dispute",
        "du",
        now,
        amount=amount,
        balance_transactions=[],
        charge=of["id"],
        currency=of["currency"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}} | dict.fromkeys(EVIDENCE),
        evidence_details={
            "due_by": now + 7 * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=of["payment_intent"],
        payment_method_details={"card": case | {"network_reason_code": "10.4"}, "type": "card"},
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )


def fraud_warning(now: int, of: Object) -> Object:
    return base(
        "radar.early_fraud_warning",
        "issfr",
        now,
        actionable=True,
        charge=of["id"],
        fraud_type="unauthorized_use_of_card",
        payment_intent=of["payment_intent"],
    )


def movement(now: int, of: Object, amount: int) -> Object:
    """Money that a dispute takes from the account's balance, or gives back to it."""
    return {
        "id": f"txn_{of['id'][3:]}{'in' if amount > 0 else 'out'}",
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "balance_type": "payments",
        "created": now,
        "currency": of["currency"],
        "description": f"Chargeback for {of['charge']}",
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": "dispute_reversal" if amount > 0 else "dispute",
        "source": of["id"],
        "status": "available",
        "type": "adjustment",
    }
