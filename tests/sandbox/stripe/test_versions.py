"""Events in the shapes of older API versions, secrets that are being changed, and what an account keeps of its events."""

import json
from typing import Any

import pytest
from stripe import InvalidRequestError, SignatureVerificationError, StripeClient

from sandbox.stripe import StripeServer
from sandbox.stripe.shaping import as_of
from tests.sandbox.stripe.conftest import SECRET, Inbox, submit

DAY = 24 * 3600


def sent(inbox: Inbox, type_: str) -> dict[str, Any]:
    found = [json.loads(body) for body, _ in inbox.got]
    return next(event for event in found if event["type"] == type_)


def test_before_basil_the_period_stood_on_the_subscription_and_the_invoice_named_it(
    sandbox: StripeServer, inbox: Inbox, checkout: Any, monthly: Any, api: StripeClient
) -> None:
    sandbox.sender.switches.add("old")
    submit(checkout(monthly).url, outcome="pay")
    sandbox.settle()
    event = sent(inbox, "customer.subscription.created")
    old = event["data"]["object"]
    now = api.v1.subscriptions.retrieve(old["id"])
    assert event["api_version"] == "2024-06-20"
    assert old["current_period_end"] == now["items"].data[0].current_period_end
    assert "current_period_end" not in old["items"]["data"][0]
    invoice = sent(inbox, "invoice.paid")["data"]["object"]
    [payment] = api.v1.invoice_payments.list({"invoice": invoice["id"], "expand": ["data.payment.payment_intent"]}).data
    intent: Any = payment.payment.payment_intent
    assert (invoice["subscription"], invoice["paid"], "parent" in invoice) == (old["id"], True, False)
    assert (invoice["payment_intent"], invoice["charge"]) == (intent.id, intent.latest_charge)
    line = invoice["lines"]["data"][0]
    assert (line["subscription"], line["price"]["id"], line["type"]) == (old["id"], monthly.id, "subscription")
    assert sent(inbox, "charge.succeeded")["data"]["object"]["invoice"] == invoice["id"]


@pytest.mark.parametrize(
    ("version", "coupon", "parent", "ui_mode", "paused"),
    [
        ("2024-06-20", "coupon", False, "hosted", False),
        ("2025-03-31.basil", "coupon", True, "hosted", False),
        ("2025-09-30.clover", "source", True, "hosted", False),
        ("2026-03-25.dahlia", "source", True, "hosted_page", False),
        ("2026-10-28.endive", "source", True, "hosted_page", True),
    ],
)
def test_each_version_has_its_shape(
    sandbox: StripeServer,
    api: StripeClient,
    checkout: Any,
    monthly: Any,
    version: str,
    coupon: str,
    parent: bool,
    ui_mode: str,
    paused: bool,
) -> None:
    made = api.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    submit(checkout(monthly, discounts=[{"coupon": made.id}]).url, outcome="pay")
    [one] = api.v1.subscriptions.list().data
    api.v1.subscriptions.pause(one.id)
    shaped = {
        event["type"]: as_of(event, version, sandbox.sender.links)["data"]["object"] for event in sandbox.events()
    }
    assert coupon in shaped["customer.discount.created"]
    assert ("parent" in shaped["invoice.paid"]) is parent
    assert shaped["checkout.session.completed"]["ui_mode"] == ui_mode
    assert ("status_details" in shaped["customer.subscription.paused"]) is paused


def test_an_endpoint_gets_the_version_it_was_made_with(sandbox: StripeServer, api: StripeClient, inbox: Inbox) -> None:
    wish: Any = {"url": inbox.url, "enabled_events": ["customer.created"], "api_version": "2025-03-31.basil"}
    made = api.v1.webhook_endpoints.create(wish)
    api.v1.customers.create({"email": "sam@example.com"})
    sandbox.settle()
    versions = {json.loads(body)["api_version"] for body, _ in inbox.got}
    assert versions == {"2026-10-28.endive", "2025-03-31.basil"}
    api.v1.webhook_endpoints.update(made.id, {"disabled": True})
    inbox.got.clear()
    api.v1.customers.create({"email": "lee@example.com"})
    sandbox.settle()
    assert len(inbox.got) == 1


def test_two_secrets_sign_while_one_is_being_changed(sandbox: StripeServer, api: StripeClient, inbox: Inbox) -> None:
    sandbox.sender.switches.add("rotate")
    api.v1.customers.create({"email": "sam@example.com"})
    sandbox.settle()
    [(body, header)] = inbox.got
    assert header.count("v1=") == 2
    for secret in (SECRET, sandbox.sender.second_secret):
        assert api.construct_event(body, header, secret).type == "customer.created"
    with pytest.raises(SignatureVerificationError):
        api.construct_event(body, header, "whsec_another")


def test_missed_events_are_listed_by_type_and_from_a_known_one_on(
    sandbox: StripeServer, api: StripeClient, inbox: Inbox
) -> None:
    api.v1.customers.create({"email": "1@example.com"})
    sandbox.settle()
    [known] = api.v1.events.list().data
    sandbox.sender.switches.add("drop")
    for n in range(3):
        api.v1.customers.create({"email": f"{n}@example.com"})
    api.v1.products.create({"name": "Membership"})
    sandbox.settle()
    missed: Any = {"delivery_success": False, "types": ["customer.created"], "ending_before": known.id, "limit": 2}
    page = api.v1.events.list(missed)
    assert ([event.type for event in page.data], page.has_more) == (["customer.created"] * 2, True)
    assert len(list(page.auto_paging_iter())) == 3
    assert len(api.v1.events.list({"delivery_success": True}).data) == 1
    assert known.request.id  # type: ignore[union-attr]


def test_events_are_kept_for_thirty_days(sandbox: StripeServer, api: StripeClient) -> None:
    api.v1.customers.create({"email": "sam@example.com"})
    [event] = api.v1.events.list().data
    sandbox.advance(31 * DAY)
    assert api.v1.events.list().data == []
    with pytest.raises(InvalidRequestError):
        api.v1.events.retrieve(event.id)


def test_payment_method_types_are_refused_since_endive_alone(sandbox: StripeServer) -> None:
    wish: Any = {"amount": 500, "currency": "usd", "payment_method_types": ["card"]}
    clients = {
        version: StripeClient("sk_test_sandbox", stripe_version=version, base_addresses={"api": sandbox.url})
        for version in ("2026-08-26.dahlia", "2026-10-28.endive")
    }
    assert clients["2026-08-26.dahlia"].v1.payment_intents.create(wish).amount == 500
    with pytest.raises(InvalidRequestError) as refused:
        clients["2026-10-28.endive"].v1.payment_intents.create(wish)
    assert refused.value.code == "payment_method_types_no_longer_supported"
