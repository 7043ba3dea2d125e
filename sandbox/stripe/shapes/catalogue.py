"""Customers, products and prices."""

from sandbox.stripe.shapes.base import LIVEMODE, Object, base
from sandbox.stripe.store import new_id


def customer(now: int, params: Object, clock: str) -> Object:
    fields = {name: params.get(name) for name in ("email", "name", "phone", "description", "address")}
    return base(
        "customer",
        "cus",
        now,
        **fields,
        balance=0,
        currency=None,
        default_source=None,
        delinquent=False,
        discount=None,
        invoice_prefix=new_id("x", 8)[2:].upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata=params.get("metadata") or {},
        next_invoice_sequence=1,
        preferred_locales=params.get("preferred_locales") or [],
        shipping=None,
        tax_exempt="none",
        test_clock=clock,
        _card="none",
    )


def product(now: int, params: Object) -> Object:
    return base(
        "product",
        "prod",
        now,
        active=params.get("active", "true") == "true",
        default_price=None,
        description=params.get("description"),
        images=params.get("images") or [],
        marketing_features=params.get("marketing_features") or [],
        metadata=params.get("metadata") or {},
        name=params["name"],
        package_dimensions=None,
        shippable=None,
        statement_descriptor=None,
        tax_code=params.get("tax_code"),
        type="service",
        unit_label=None,
        updated=now,
        url=None,
    )


def price(now: int, params: Object, amount: int) -> Object:
    recurring = params.get("recurring")
    made = base(
        "price",
        "price",
        now,
        active=params.get("active", "true") == "true",
        billing_scheme="per_unit",
        currency=params["currency"].lower(),
        custom_unit_amount=None,
        lookup_key=params.get("lookup_key"),
        metadata=params.get("metadata") or {},
        nickname=params.get("nickname"),
        product=params["product"],
        recurring=recurring
        and {
            "interval": recurring["interval"],
            "interval_count": int(recurring.get("interval_count", 1)),
            "meter": None,
            "trial_period_days": int(recurring["trial_period_days"]) if recurring.get("trial_period_days") else None,
            "usage_type": "licensed",
        },
        tax_behavior=params.get("tax_behavior", "unspecified"),
        tiers_mode=None,
        transform_quantity=None,
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    behaviour = made["tax_behavior"]
    options = {made["currency"]: currency_option(amount, behaviour)}
    for currency, option in (params.get("currency_options") or {}).items():
        options[currency.lower()] = currency_option(int(option["unit_amount"]), option.get("tax_behavior", behaviour))
    return made | {"_options": options}


def currency_option(amount: int, behaviour: str) -> Object:
    fields: Object = {"custom_unit_amount": None, "tax_behavior": behaviour}
    return fields | {"unit_amount": amount, "unit_amount_decimal": str(amount)}


def amount_in(of: Object, currency: str) -> int | None:
    """Return what one costs in this currency, in its minor units, or None where the price knows no such currency."""
    option = of.get("_options", {}).get(currency)
    if option:
        return int(option["unit_amount"])
    return int(of["unit_amount"]) if of["currency"] == currency else None


def plan(of: Object) -> Object:
    """The old name of a recurring price, which Stripe still sends along."""
    recurring = of["recurring"]
    return {
        "id": of["id"],
        "object": "plan",
        "active": of["active"],
        "amount": of["unit_amount"],
        "amount_decimal": of["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": of["created"],
        "currency": of["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": LIVEMODE,
        "metadata": {},
        "meter": None,
        "nickname": None,
        "product": of["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def balance_transaction(now: int, of: Object, amount: int, kind: str, *, invoice: str | None, currency: str) -> Object:
    """One change of a customer's balance; `of` is the customer before it. A negative balance is credit."""
    return base(
        "customer_balance_transaction",
        "cbtxn",
        now,
        amount=amount,
        checkout_session=None,
        credit_note=None,
        currency=currency,
        customer=of["id"],
        customer_account=None,
        description=None,
        ending_balance=of["balance"] + amount,
        invoice=invoice,
        metadata={},
        type=kind,
    )
