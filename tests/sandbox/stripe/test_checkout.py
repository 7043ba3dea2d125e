"""Checkout as a shop asks for it: guests, trials, codes, tax, currencies, several lines."""

from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import submit, visit

DAY = 24 * 3600
HOME: Any = {"success_url": "https://shop.example/done", "cancel_url": "https://shop.example/plans"}


def only(api: StripeClient) -> Any:
    [found] = api.v1.subscriptions.list({"status": "all"}).data
    return found


@pytest.mark.parametrize(("creation", "customers"), [("if_required", 0), ("always", 1)])
def test_a_guest_who_pays_once_becomes_a_customer_only_when_asked(
    api: StripeClient, once: Any, creation: str, customers: int
) -> None:
    wish = HOME | {"mode": "payment", "line_items": [{"price": once.id, "quantity": 2}], "customer_creation": creation}
    session = api.v1.checkout.sessions.create(wish)
    assert 'type="email"' in visit(str(session.url))[1]
    submit(str(session.url), outcome="pay", email="guest@example.com")
    done = api.v1.checkout.sessions.retrieve(session.id)
    assert (done.payment_status, done.amount_total) == ("paid", 1800)
    assert done.customer_details.email == "guest@example.com"  # type: ignore[union-attr]
    assert len(api.v1.customers.list().data) == customers
    assert (done.customer is None) is (customers == 0)
    assert api.v1.charges.list().data[0].customer == done.customer


def test_a_guest_who_subscribes_becomes_a_customer(api: StripeClient, monthly: Any) -> None:
    session = api.v1.checkout.sessions.create(HOME | {"mode": "subscription", "line_items": [{"price": monthly.id}]})
    submit(str(session.url), outcome="pay", email="guest@example.com")
    assert api.v1.customers.retrieve(str(only(api).customer)).email == "guest@example.com"


@pytest.mark.parametrize(("collection", "card"), [("always", "pm_"), ("if_required", "")])
def test_a_trial_asks_for_a_card_or_does_not(
    api: StripeClient, checkout: Any, monthly: Any, collection: str, card: str
) -> None:
    session = checkout(monthly, payment_method_collection=collection, subscription_data={"trial_period_days": 7})
    submit(session.url, outcome="pay")
    done, one = api.v1.checkout.sessions.retrieve(session.id), only(api)
    assert (done.payment_status, one.status) == ("no_payment_required", "trialing")
    assert str(one.default_payment_method or "")[:3] == card


@pytest.mark.parametrize(
    ("duration", "months", "paid"),
    [("once", None, [600, 1200, 1200]), ("repeating", 2, [600, 600, 1200]), ("forever", None, [600, 600, 600])],
)
def test_a_discount_ends_when_its_coupon_says(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any, duration: str, months: int | None, paid: Any
) -> None:
    wish: Any = {"percent_off": 50, "duration": duration} | ({"duration_in_months": months} if months else {})
    coupon = api.v1.coupons.create(wish)
    api.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"})
    session = checkout(monthly, allow_promotion_codes=True)
    assert "6.00" in submit(session.url, total="show", code="half")[1]
    submit(session.url, outcome="pay", code="half")
    one = only(api)
    if duration != "once":
        found: Any = api.v1.subscriptions.retrieve(one.id, {"expand": ["discounts"]})
        assert found.discounts[0].source.coupon == coupon.id
        assert found.discounts[0].promotion_code
    for _ in paid[1:]:
        sandbox.renew(one.id)
    amounts = [invoice.amount_paid for invoice in api.v1.invoices.list().data][::-1]
    assert amounts == paid
    assert (len(only(api).discounts), len(sandbox.events("customer.discount.deleted"))) == (
        (1, 0) if duration == "forever" else (0, 1)
    )
    assert api.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_code_that_is_used_up_or_over_is_refused(api: StripeClient, checkout: Any, monthly: Any) -> None:
    coupon = api.v1.coupons.create({"amount_off": 200, "currency": "usd", "duration": "once"})
    promotion: Any = {"type": "coupon", "coupon": coupon.id}
    api.v1.promotion_codes.create({"promotion": promotion, "code": "ONE", "max_redemptions": 1})
    submit(checkout(monthly, allow_promotion_codes=True).url, outcome="pay", code="one")
    assert only(api)
    assert "not valid" in submit(checkout(monthly, allow_promotion_codes=True).url, outcome="pay", code="one")[1]


def test_everything_off_needs_no_payment(api: StripeClient, checkout: Any, once: Any) -> None:
    coupon = api.v1.coupons.create({"percent_off": 100, "duration": "once"})
    session = checkout(once, discounts=[{"coupon": coupon.id}], invoice_creation={"enabled": True})
    submit(session.url, outcome="pay")
    done = api.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items", "invoice"]})
    assert (done.payment_status, done.payment_intent, done.invoice.status) == ("no_payment_required", None, "paid")  # type: ignore[union-attr]
    assert done.line_items.data[0].amount_total == 0  # type: ignore[union-attr]


def test_tax_is_asked_for_by_country_and_kept_with_the_customer(api: StripeClient, checkout: Any, once: Any) -> None:
    taxed: Any = {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    session = checkout(once, invoice_creation={"enabled": True}, **taxed)
    assert "Country" in submit(session.url, outcome="decline", country="DE")[1]
    submit(session.url, outcome="pay", country="DE")
    done: Any = api.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer", "invoice"]})
    assert (done.amount_total, done.total_details.amount_tax, done.customer.address.country) == (1071, 171, "DE")
    assert (done.invoice.total, done.invoice.total_taxes[0].amount) == (1071, 171)


def test_a_price_may_have_several_currencies(api: StripeClient, checkout: Any) -> None:
    product = api.v1.products.create({"name": "Membership"})
    price = api.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 1200,
            "recurring": {"interval": "month"},
            "currency_options": {"eur": {"unit_amount": 1100}, "jpy": {"unit_amount": 1800}},
        }
    )
    assert "currency_options" not in price.to_dict()
    shown: Any = api.v1.prices.retrieve(price.id, {"expand": ["currency_options"]})
    assert shown.currency_options["eur"].unit_amount == 1100
    submit(checkout(price, currency="jpy").url, outcome="pay")
    one = only(api)
    invoice = api.v1.invoices.retrieve(str(one.latest_invoice))
    assert (one.currency, invoice.currency, invoice.amount_paid) == ("jpy", "jpy", 1800)
    with pytest.raises(InvalidRequestError, match="currency"):
        checkout(price, currency="gbp")


def test_a_single_price_beside_a_plan_is_billed_once(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    product = api.v1.products.create({"name": "Welcome parcel"})
    parcel = api.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 500})
    lines: Any = [{"price": monthly.id, "quantity": 1}, {"price": parcel.id, "quantity": 1}]
    submit(checkout(monthly, line_items=lines).url, outcome="pay")
    one = only(api)
    assert len(one["items"].data) == 1
    assert api.v1.invoices.retrieve(str(one.latest_invoice)).amount_paid == 1700
    assert sandbox.renew(one.id)["amount_paid"] == 1200


@pytest.mark.parametrize(
    "params",
    [
        {"customer_email": "sam@example.com"},
        {"customer_creation": "always"},
        {"allow_promotion_codes": True, "discounts": [{"coupon": "x"}]},
        {"invoice_creation": {"enabled": True}},
        {"payment_intent_data": {"metadata": {"a": "b"}}},
        {"subscription_data": {"trial_end": 5}},
        {"tax_id_collection": {"enabled": True}},
    ],
)
def test_checkout_refuses_what_does_not_go_together(checkout: Any, monthly: Any, params: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        checkout(monthly, **params)


def test_a_declined_purchase_leaves_a_failed_payment_that_the_next_card_pays(
    sandbox: StripeServer, api: StripeClient, checkout: Any, once: Any
) -> None:
    session = checkout(once)
    submit(session.url, outcome="decline")
    [intent] = api.v1.payment_intents.list().data
    tried = api.v1.checkout.sessions.retrieve(session.id)
    assert (tried.status, tried.payment_status, intent.status) == ("open", "unpaid", "requires_payment_method")
    assert [charge.status for charge in api.v1.charges.list().data] == ["failed"]
    submit(session.url, outcome="pay")
    [intent] = api.v1.payment_intents.list().data
    assert (intent.status, intent.amount_received) == ("succeeded", 900)
    assert api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_card_confirmed_at_checkout_is_not_asked_again(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    session = checkout(monthly)
    submit(session.url, outcome="3ds")
    assert api.v1.checkout.sessions.retrieve(session.id).status == "open"
    submit(session.url, outcome="confirm")
    assert sandbox.renew(only(api).id)["status"] == "paid"
