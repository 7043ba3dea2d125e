"""The Billing Portal: what its configuration allows, where its flows lead, and what a switch costs."""

from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import submit, types, visit

DAY = 24 * 3600
BACK = "https://shop.example/account/"


def now(api: StripeClient, one: Any) -> Any:
    return api.v1.subscriptions.retrieve(one.id)


def opened(api: StripeClient, one: Any, **params: Any) -> Any:
    return api.v1.billing_portal.sessions.create({"customer": str(one.customer), "return_url": BACK, **params})  # type: ignore[typeddict-item]


def price_of(api: StripeClient, monthly: Any, amount: int, interval: str = "month") -> Any:
    recurring: Any = {"interval": interval}
    wish = {"product": str(monthly.product), "currency": "usd", "unit_amount": amount, "recurring": recurring}
    return api.v1.prices.create(wish)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("subscription_cancel", "cancel?subscription="),
        ("subscription_update", "plans?subscription="),
        ("payment_method_update", "card"),
        ("customer_update", "details"),
    ],
)
def test_a_flow_leads_straight_to_its_page(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, kind: str, page: str
) -> None:
    flow: Any = {"type": kind}
    if kind.startswith("subscription"):
        flow[kind] = {"subscription": subscribed.id}
    session = opened(api, subscribed, flow_data=flow)
    status, target = visit(session.url)
    assert (status, page in target) == (303, True)
    assert visit(sandbox.url + target)[0] == 200


def test_a_switch_shows_the_difference_before_it_is_confirmed(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, monthly: Any
) -> None:
    dearer = price_of(api, monthly, 2000)
    flow: Any = {
        "type": "subscription_update_confirm",
        "after_completion": {"type": "redirect", "redirect": {"return_url": BACK}},
    }
    flow["subscription_update_confirm"] = {
        "subscription": subscribed.id,
        "items": [{"id": subscribed["items"].data[0].id, "price": dearer.id, "quantity": 1}],
    }
    session = opened(api, subscribed, flow_data=flow)
    page = visit(sandbox.url + visit(session.url)[1])[1]
    assert "8.00 USD" in page
    assert now(api, subscribed)["items"].data[0].price.id == monthly.id
    assert len(api.v1.invoices.list().data) == 1
    assert submit(session.url, price=dearer.id, subscription=subscribed.id) == (303, BACK)
    assert now(api, subscribed)["items"].data[0].price.id == dearer.id
    assert api.v1.invoices.list().data[0].amount_paid == 800


def test_a_cheaper_plan_leaves_credit_that_the_next_invoice_uses(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, monthly: Any
) -> None:
    cheaper = price_of(api, monthly, 500)
    submit(opened(api, subscribed).url, price=cheaper.id, subscription=subscribed.id)
    invoice = api.v1.invoices.retrieve(str(now(api, subscribed).latest_invoice))
    customer = api.v1.customers.retrieve(str(subscribed.customer))
    assert (invoice.total, invoice.amount_due, invoice.amount_paid, invoice.status) == (-700, 0, 0, "paid")
    assert (invoice.ending_balance, customer.balance) == (-700, -700)
    preview = api.v1.invoices.create_preview({"subscription": subscribed.id})
    assert (preview.total, preview.amount_due, preview.starting_balance) == (500, 0, -700)
    renewed = sandbox.renew(subscribed.id)
    assert (renewed["total"], renewed["amount_due"], renewed["ending_balance"]) == (500, 0, -200)
    moved = api.v1.customers.balance_transactions.list(str(subscribed.customer)).data
    assert [entry.amount for entry in moved] == [500, -700]
    assert sandbox.renew(subscribed.id)["amount_paid"] == 300


def test_a_switch_may_wait_for_the_end_of_the_period(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, monthly: Any
) -> None:
    cheaper = price_of(api, monthly, 500)
    conditions: Any = {"conditions": [{"type": "decreasing_item_amount"}]}
    update: Any = {"enabled": True, "default_allowed_updates": ["price"], "schedule_at_period_end": conditions}
    update["products"] = [{"product": str(monthly.product), "prices": [cheaper.id]}]
    configuration = api.v1.billing_portal.configurations.create({"features": {"subscription_update": update}})
    session = opened(api, subscribed, configuration=configuration.id)
    page = visit(f"{session.url}/switch?subscription={subscribed.id}&price={cheaper.id}")[1]
    assert "Nothing is due today" in page
    submit(session.url, price=cheaper.id, subscription=subscribed.id)
    waiting = now(api, subscribed)
    assert waiting["items"].data[0].price.id == monthly.id
    assert api.v1.subscription_schedules.retrieve(str(waiting.schedule)).status == "active"
    assert sandbox.renew(subscribed.id)["amount_paid"] == 500
    switched = now(api, subscribed)
    assert (switched["items"].data[0].price.id, switched.schedule) == (cheaper.id, None)
    assert "subscription_schedule.released" in types(sandbox)


@pytest.mark.parametrize("confirms", [True, False])
def test_a_switch_whose_payment_needs_3d_secure_waits_for_it(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, monthly: Any, confirms: bool
) -> None:
    dearer = price_of(api, monthly, 2000)
    sandbox.use_card(str(subscribed.customer), "3ds")
    status, page = submit(opened(api, subscribed).url, price=dearer.id, subscription=subscribed.id)
    waiting = now(api, subscribed)
    assert (status, page) == (303, f"/i/{waiting.latest_invoice}")
    assert (waiting.status, waiting["items"].data[0].price.id) == ("active", monthly.id)
    assert waiting.pending_update.subscription_items[0].price.id == dearer.id  # type: ignore[union-attr, index]
    if confirms:
        submit(sandbox.url + page, outcome="confirm")
    else:
        sandbox.advance(DAY)
    after = now(api, subscribed)
    assert after.pending_update is None
    assert after["items"].data[0].price.id == (dearer.id if confirms else monthly.id)
    assert f"customer.subscription.pending_update_{'applied' if confirms else 'expired'}" in types(sandbox)


def test_a_configuration_says_what_is_offered(api: StripeClient, subscribed: Any) -> None:
    features: Any = {"invoice_history": {"enabled": True}, "subscription_pause": {"enabled": True}}
    configuration = api.v1.billing_portal.configurations.create({"features": features})
    flow: Any = {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscribed.id}}
    with pytest.raises(InvalidRequestError, match="disabled"):
        opened(api, subscribed, configuration=configuration.id, flow_data=flow)
    session = opened(api, subscribed, configuration=configuration.id)
    page = visit(session.url)[1]
    assert ("Pause" in page, "Cancel subscription" in page, "Switch plan" in page) == (True, False, False)
    assert [one.is_default for one in api.v1.billing_portal.configurations.list().data] == [False, True]
    submit(session.url, act="pause", subscription=subscribed.id)
    assert now(api, subscribed).status == "paused"
    submit(session.url, act="resume", subscription=subscribed.id)
    assert now(api, subscribed).status == "active"


def test_nobody_touches_anothers_subscription(api: StripeClient, subscribed: Any) -> None:
    stranger = api.v1.customers.create({"email": "lee@example.com"})
    flow: Any = {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscribed.id}}
    with pytest.raises(InvalidRequestError):
        api.v1.billing_portal.sessions.create({"customer": stranger.id, "return_url": BACK, "flow_data": flow})
    session = api.v1.billing_portal.sessions.create({"customer": stranger.id, "return_url": BACK})
    assert submit(session.url, act="cancel", subscription=subscribed.id)[0] == 404
    assert now(api, subscribed).cancel_at is None


def test_details_change_in_the_portal(api: StripeClient, subscribed: Any) -> None:
    submit(opened(api, subscribed).url, act="details", email="new@example.com", country="FR")
    customer = api.v1.customers.retrieve(str(subscribed.customer))
    assert (customer.email, customer.address.country) == ("new@example.com", "FR")  # type: ignore[union-attr]


def test_a_switch_by_the_api_waits_for_the_next_invoice(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, monthly: Any
) -> None:
    dearer = price_of(api, monthly, 2000)
    items: Any = [{"id": subscribed["items"].data[0].id, "price": dearer.id}]
    wish: Any = {"subscription": subscribed.id, "subscription_details": {"items": items}}
    assert api.v1.invoices.create_preview(wish).amount_due == 2800
    assert now(api, subscribed)["items"].data[0].price.id == monthly.id
    api.v1.subscriptions.update(subscribed.id, {"items": items})
    assert len(api.v1.invoices.list().data) == 1
    assert sandbox.renew(subscribed.id)["amount_paid"] == 2800
