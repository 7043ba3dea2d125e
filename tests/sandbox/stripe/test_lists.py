"""Lists as the site reads them: narrowed, paged, expanded."""

from typing import Any

import pytest
from stripe import CardError, InvalidRequestError, StripeClient

from sandbox.stripe import StripeServer


def test_payments_come_with_their_charge(api: StripeClient, subscribed: Any, bought: Any) -> None:
    [found] = api.v1.payment_intents.list({"customer": str(subscribed.customer), "expand": ["data.latest_charge"]}).data
    assert (found.amount, found.latest_charge.paid) == (1200, True)  # type: ignore[union-attr]


def test_invoices_come_with_what_pays_them(sandbox: StripeServer, api: StripeClient, subscribed: Any) -> None:
    sandbox.renew(subscribed.id, "declines")
    customer: Any = {"customer": str(subscribed.customer), "expand": ["data.payments"]}
    paid = api.v1.invoices.list(customer | {"status": "paid"}).data
    unpaid = api.v1.invoices.list(customer | {"status": "open"}).data
    assert [len(found) for found in (paid, unpaid)] == [1, 1]
    states = [invoice.payments.data[0].status for invoice in (*paid, *unpaid)]
    assert states == ["paid", "open"]
    everything = api.v1.invoices.list({"subscription": subscribed.id}).data
    assert [one.id for one in everything] == [unpaid[0].id, paid[0].id]
    assert "payments" not in everything[0].to_dict()
    assert api.v1.invoices.list({"subscription": "sub_other"}).data == []


def test_what_pays_an_invoice_leads_to_its_payment_and_back(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    unpaid = sandbox.renew(subscribed.id, "declines")["id"]
    [payment] = api.v1.invoice_payments.list({"invoice": unpaid, "expand": ["data.payment.payment_intent"]}).data
    intent: Any = payment.payment.payment_intent
    assert (payment.status, intent.status, intent.last_payment_error.code) == (
        "open",
        "requires_payment_method",
        "card_declined",
    )
    [found] = api.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent.id}}).data
    assert found.invoice == unpaid
    assert [one.invoice for one in api.v1.invoice_payments.list({"status": "open"}).data] == [unpaid]


def test_expansion_goes_four_levels_and_no_further(api: StripeClient, subscribed: Any) -> None:
    deep: Any = {"expand": ["data.latest_invoice.payments.data"]}
    with pytest.raises(InvalidRequestError, match="cannot be expanded"):
        api.v1.subscriptions.list(deep)
    reached: Any = api.v1.subscriptions.retrieve(subscribed.id, {"expand": ["latest_invoice.payments"]})
    assert reached.latest_invoice.payments.data[0].status == "paid"
    with pytest.raises(InvalidRequestError, match="more than 4 levels"):
        api.v1.subscriptions.list({"expand": ["data.items.data.price.product"]})


def test_pages_go_backwards_too(api: StripeClient) -> None:
    made = [api.v1.customers.create({"email": f"{n}@example.com"}).id for n in range(5)]
    page = api.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert ([one.id for one in page.data], page.has_more) == ([made[2], made[1]], True)
    page = api.v1.customers.list({"limit": 2, "ending_before": made[2]})
    assert ([one.id for one in page.data], page.has_more) == ([made[4], made[3]], False)
    with pytest.raises(InvalidRequestError, match="100"):
        api.v1.customers.list({"limit": 101})


def test_a_decline_carries_its_payment(api: StripeClient) -> None:
    wish: Any = {"amount": 500, "currency": "usd", "payment_method": "pm_card_chargeDeclined", "confirm": True}
    with pytest.raises(CardError) as refused:
        api.v1.payment_intents.create(wish)
    assert refused.value.error.payment_intent.status == "requires_payment_method"  # type: ignore[union-attr]
    assert len(api.v1.payment_intents.list().data) == 1


def test_a_refused_call_leaves_nothing_behind(sandbox: StripeServer, api: StripeClient, monthly: Any) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    with pytest.raises(CardError):
        api.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": monthly.id}], "payment_behavior": "error_if_incomplete"}
        )
    with pytest.raises(InvalidRequestError):
        api.v1.customers.create({"email": "lee@example.com", "payment_method": "pm_none"})
    assert [one.email for one in api.v1.customers.list().data] == ["sam@example.com"]
