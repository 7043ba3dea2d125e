"""Subscriptions that stop for a while, and subscriptions whose collection does."""

from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import types

DAY = 24 * 3600


def test_pausing_by_the_api_says_that_it_was_requested(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    paused = api.v1.subscriptions.pause(subscribed.id, {"type": "subscription"})
    why = paused.status_details.paused
    assert (paused.status, why.subscription.type, why.type) == ("paused", "pause_requested", "subscription")
    assert "customer.subscription.paused" in types(sandbox)
    sandbox.advance(65 * DAY)
    assert len(api.v1.invoices.list().data) == 1
    with pytest.raises(InvalidRequestError):
        api.v1.subscriptions.pause(subscribed.id, {"type": "collection"})


def test_resuming_starts_a_new_period_and_takes_off_what_was_not_used(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    sandbox.advance(10 * DAY)
    api.v1.subscriptions.pause(subscribed.id, {"type": "subscription"})
    sandbox.advance(60 * DAY)
    resumed = api.v1.subscriptions.resume(subscribed.id)
    invoice = api.v1.invoices.retrieve(str(resumed.latest_invoice))
    assert (resumed.status, "status_details" in resumed.to_dict()) == ("active", False)
    assert resumed["items"].data[0].current_period_start >= sandbox.now() - 60
    assert (invoice.status, 300 < invoice.amount_paid < 500) == ("paid", True)
    assert "customer.subscription.resumed" in types(sandbox)


def test_resuming_waits_for_its_payment_and_gives_up_after_a_day(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    api.v1.subscriptions.pause(subscribed.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    sandbox.use_card(str(subscribed.customer), "declines")
    waiting = api.v1.subscriptions.resume(subscribed.id, {"payment_behavior": "resume_on_payment_success"})
    assert waiting.status == "paused"
    sandbox.pay_invoice(str(waiting.latest_invoice))
    assert api.v1.subscriptions.retrieve(subscribed.id).status == "active"
    api.v1.subscriptions.pause(subscribed.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    waiting = api.v1.subscriptions.resume(subscribed.id, {"payment_behavior": "resume_on_payment_success"})
    sandbox.advance(DAY)
    assert api.v1.invoices.retrieve(str(waiting.latest_invoice)).status == "void"
    assert api.v1.subscriptions.retrieve(subscribed.id).status == "paused"


@pytest.mark.parametrize(
    ("behaviour", "state"), [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")]
)
def test_pausing_collection_leaves_the_subscription_active_and_takes_nothing(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, behaviour: str, state: str
) -> None:
    resumes = subscribed["items"].data[0].current_period_end + 5 * DAY
    pause: Any = {"behavior": behaviour, "resumes_at": resumes}
    api.v1.subscriptions.update(subscribed.id, {"pause_collection": pause})
    invoice = sandbox.renew(subscribed.id)
    one = api.v1.subscriptions.retrieve(subscribed.id)
    assert (one.status, one.pause_collection.behavior, invoice["status"]) == ("active", behaviour, state)
    assert len(api.v1.charges.list().data) == 1
    sandbox.advance(6 * DAY)
    assert api.v1.subscriptions.retrieve(subscribed.id).pause_collection is None
    assert sandbox.renew(subscribed.id)["status"] == "paid"


def test_a_trial_without_a_card_pauses_and_says_why(sandbox: StripeServer, api: StripeClient, monthly: Any) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    one = api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": monthly.id}],
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        }
    )
    ended = api.v1.subscriptions.update(one.id, {"trial_end": "now"})
    assert (ended.status, ended.status_details.paused.subscription.type) == (
        "paused",
        "trial_end_without_payment_method",
    )
    sandbox.use_card(customer.id, "good")
    assert api.v1.subscriptions.resume(one.id).status == "active"
