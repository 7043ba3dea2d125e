"""Lives of subscriptions and purchases: what Stripe does on its own as the clock moves, and which bells ring."""

from typing import Any

import pytest
from stripe import StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import submit

HOUR, DAY = 3600, 24 * 3600


def only(api: StripeClient) -> Any:
    [found] = api.v1.subscriptions.list({"status": "all"}).data
    return found


def portal(api: StripeClient) -> str:
    return api.v1.billing_portal.sessions.create(
        {"customer": str(only(api).customer), "return_url": "https://shop.example/"}
    ).url


def types(sandbox: StripeServer) -> list[str]:
    return [event["type"] for event in sandbox.events()]


def test_paying_starts_a_subscription_whose_events_come_before_the_sessions(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    session = checkout(monthly, metadata={"a": "1"}, subscription_data={"metadata": {"user": "7"}})
    status, target = submit(session.url, outcome="pay")
    assert (status, target) == (303, f"https://shop.example/done?id={session.id}")
    one, after = only(api), api.v1.checkout.sessions.retrieve(session.id)
    assert (one.status, one.metadata.to_dict()) == ("active", {"user": "7"})
    assert (after.status, after.payment_status, after.subscription) == ("complete", "paid", one.id)
    assert "current_period_end" not in one.to_dict()
    assert 28 * DAY <= one["items"].data[0].current_period_end - one.created <= 31 * DAY
    rung = types(sandbox)
    assert (
        rung.index("customer.subscription.created")
        < rung.index("invoice.paid")
        < rung.index("checkout.session.completed")
    )


def test_a_declined_card_leaves_the_session_open(api: StripeClient, checkout: Any, monthly: Any) -> None:
    session = checkout(monthly)
    assert "declined" in submit(session.url, outcome="decline")[1]
    assert api.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert api.v1.subscriptions.list({"status": "all"}).data == []


def test_3d_secure_asks_first(api: StripeClient, checkout: Any, monthly: Any) -> None:
    session = checkout(monthly)
    assert "Is it really you" in submit(session.url, outcome="3ds")[1]
    assert submit(session.url, outcome="confirm")[0] == 303
    assert only(api).status == "active"


def test_a_session_expires_after_a_day(sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any) -> None:
    session = checkout(monthly)
    sandbox.advance(25 * HOUR)
    assert api.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert "checkout.session.expired" in types(sandbox)
    assert submit(session.url, outcome="pay")[0] == 410


def test_the_portals_cancel_sets_cancel_at_alone_and_undo_clears_it(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    submit(checkout(monthly).url, outcome="pay")
    one = only(api)
    submit(portal(api), act="cancel", subscription=one.id)
    cancelled = only(api)
    assert cancelled.cancel_at == one["items"].data[0].current_period_end
    assert (cancelled.cancel_at_period_end, cancelled.status) == (False, "active")
    submit(portal(api), act="undo", subscription=one.id)
    assert only(api).cancel_at is None
    submit(portal(api), act="cancel", subscription=one.id)
    sandbox.advance(32 * DAY)
    ended = only(api)
    assert (ended.status, ended.ended_at) == ("canceled", cancelled.cancel_at)
    assert types(sandbox)[-1] == "customer.subscription.deleted"


def test_a_renewal_rolls_the_period_first_and_collects_an_hour_later(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    submit(checkout(monthly).url, outcome="pay")
    end = only(api)["items"].data[0].current_period_end
    sandbox.advance(end - sandbox.now() + 60)
    renewed = only(api)
    assert renewed["items"].data[0].current_period_start == end
    assert api.v1.invoices.retrieve(str(renewed.latest_invoice)).status == "draft"
    sandbox.advance(2 * HOUR)
    assert api.v1.invoices.retrieve(str(renewed.latest_invoice)).status == "paid"


def test_a_card_that_fails_goes_past_due_is_tried_again_and_ends(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    submit(checkout(monthly).url, outcome="pay")
    submit(portal(api), card="declines")
    sandbox.advance(only(api)["items"].data[0].current_period_end - sandbox.now() + 2 * HOUR)
    late = only(api)
    invoice = api.v1.invoices.retrieve(str(late.latest_invoice))
    assert (late.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert types(sandbox)[-2:] == ["invoice.payment_failed", "customer.subscription.updated"]
    sandbox.advance(20 * DAY)
    assert only(api).status == "canceled"


def test_paying_the_open_invoice_mends_it(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    submit(checkout(monthly).url, outcome="pay")
    submit(portal(api), card="declines")
    sandbox.advance(only(api)["items"].data[0].current_period_end - sandbox.now() + 2 * HOUR)
    invoice = api.v1.invoices.retrieve(str(only(api).latest_invoice))
    submit(str(invoice.hosted_invoice_url), outcome="pay")
    assert only(api).status == "active"


@pytest.mark.parametrize(
    ("behaviour", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_its_settings_say(
    sandbox: StripeServer, api: StripeClient, monthly: Any, behaviour: str, status: str
) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    settings: Any = {"end_behavior": {"missing_payment_method": behaviour}}
    params: Any = {
        "customer": customer.id,
        "items": [{"price": monthly.id}],
        "trial_period_days": 7,
        "trial_settings": settings,
    }
    assert api.v1.subscriptions.create(params).status == "trialing"
    sandbox.advance(7 * DAY + 2 * HOUR)
    assert only(api).status == status
    assert "customer.subscription.trial_will_end" in types(sandbox)


def test_a_first_payment_never_made_expires_after_23_hours(
    sandbox: StripeServer, api: StripeClient, monthly: Any
) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    assert (
        api.v1.subscriptions.create({"customer": customer.id, "items": [{"price": monthly.id}]}).status == "incomplete"
    )
    sandbox.advance(24 * HOUR)
    assert only(api).status == "incomplete_expired"


def test_a_switch_of_price_is_billed_for_the_rest_of_the_period(api: StripeClient, checkout: Any, monthly: Any) -> None:
    submit(checkout(monthly).url, outcome="pay")
    recurring: Any = {"interval": "month"}
    dearer = api.v1.prices.create(
        {"product": str(monthly.product), "currency": "usd", "unit_amount": 2000, "recurring": recurring}
    )
    submit(portal(api), price=dearer.id, subscription=only(api).id)
    assert only(api)["items"].data[0].price.id == dearer.id
    invoice = api.v1.invoices.retrieve(str(only(api).latest_invoice))
    assert (invoice.billing_reason, invoice.status, invoice.amount_paid) == ("subscription_update", "paid", 800)


def test_a_promotion_code_lowers_the_price(api: StripeClient, checkout: Any, monthly: Any) -> None:
    coupon = api.v1.coupons.create({"percent_off": 25, "duration": "once"})
    api.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    session = checkout(monthly, allow_promotion_codes=True)
    assert "not valid" in submit(session.url, outcome="pay", code="WINTER")[1]
    submit(session.url, outcome="pay", code="spring")
    assert api.v1.invoices.retrieve(str(only(api).latest_invoice)).amount_paid == 900


def test_a_purchase_outright_takes_money_once_and_can_be_refunded(
    sandbox: StripeServer, api: StripeClient, checkout: Any, once: Any
) -> None:
    session = checkout(once, payment_intent_data={"metadata": {"user": "7"}})
    submit(session.url, outcome="pay")
    bought = api.v1.checkout.sessions.retrieve(session.id)
    assert (bought.payment_status, bought.amount_total, bought.currency) == ("paid", 900, "eur")
    intent = api.v1.payment_intents.retrieve(str(bought.payment_intent))
    api.v1.refunds.create({"payment_intent": intent.id})
    charge = api.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.refunded, charge.amount_refunded, intent.metadata.to_dict()) == (True, 900, {"user": "7"})
    assert types(sandbox)[-1] == "charge.refunded"


def test_a_bank_debit_settles_days_later(sandbox: StripeServer, api: StripeClient, checkout: Any, once: Any) -> None:
    session = checkout(once)
    submit(session.url, outcome="async")
    promised = api.v1.checkout.sessions.retrieve(session.id)
    assert (promised.status, promised.payment_status) == ("complete", "unpaid")
    sandbox.advance(4 * DAY)
    assert api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in types(sandbox)


def test_a_clock_made_by_the_api_binds_its_own_customers(
    sandbox: StripeServer, api: StripeClient, monthly: Any
) -> None:
    clock = api.v1.test_helpers.test_clocks.create({"frozen_time": sandbox.now()})
    customer = api.v1.customers.create({"email": "sam@example.com", "test_clock": clock.id})
    api.v1.subscriptions.create({"customer": customer.id, "items": [{"price": monthly.id}], "trial_period_days": 7})
    api.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": sandbox.now() + 7 * DAY + 2 * HOUR})
    assert only(api).status == "past_due"
    assert abs(sandbox.now() - clock.frozen_time) < 60


def test_the_sandboxes_own_clock_is_moved_by_the_same_calls(sandbox: StripeServer, api: StripeClient) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    before = sandbox.now()
    api.v1.test_helpers.test_clocks.advance(str(customer.test_clock), {"frozen_time": before + 3 * DAY})
    assert sandbox.now() - before >= 3 * DAY
