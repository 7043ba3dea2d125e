"""Payment methods, and setup intents that keep one for later."""

from typing import Any

from sandbox.stripe.shapes.base import Object, base
from sandbox.stripe.store import new_id

BLANK = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


def payment_method(now: int, card: str, digits: str, *, debit: bool, billing: Any = None) -> Object:
    """`card` says how it behaves and stays private; `debit` is a bank account, which pays days later."""
    made = base(
        "payment_method",
        "pm",
        now,
        allow_redisplay="unspecified",
        billing_details=BLANK | (billing or {}),
        customer=None,
        customer_account=None,
        metadata={},
        type="sepa_debit" if debit else "card",
        _card=card,
    )
    if debit:
        made["sepa_debit"] = {"bank_code": "19043", "branch_code": "", "country": "AT", "fingerprint": None}
        made["sepa_debit"] |= {"generated_from": {"charge": None, "setup_attempt": None}, "last4": digits}
    else:
        made["card"] = plastic(digits) | {"checks": None, "display_brand": "visa", "generated_from": None}
    return made


def plastic(digits: str) -> Object:
    fields: Object = {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034, "fingerprint": None}
    return fields | {"funding": "credit", "last4": digits, "wallet": None}


def details_of(method: Object) -> Object:
    """What a charge says about the card or bank account that paid it."""
    if method["type"] != "card":
        fields = {
            name: method["sepa_debit"][name] for name in ("bank_code", "branch_code", "country", "fingerprint", "last4")
        }
        return {"sepa_debit": fields | {"mandate": None}, "type": "sepa_debit"}
    return {"card": plastic(method["card"]["last4"]) | {"mandate": None, "network": "visa"}, "type": "card"}


def setup_intent(now: int, params: Object) -> Object:
    made = base(
        "setup_intent",
        "seti",
        now,
        application=None,
        automatic_payment_methods=None,
        cancellation_reason=None,
        client_secret=None,
        customer=params.get("customer"),
        customer_account=None,
        description=params.get("description"),
        flow_directions=None,
        last_setup_error=None,
        latest_attempt=None,
        mandate=None,
        metadata=params.get("metadata") or {},
        next_action=None,
        on_behalf_of=None,
        payment_method=None,
        payment_method_options={},
        payment_method_types=["card"],
        single_use_mandate=None,
        status="requires_payment_method",
        usage=params.get("usage", "off_session"),
    )
    return made | {"client_secret": f"{made['id']}_secret_{new_id('x')[2:]}"}
