"""Renewals that are not paid: 3D Secure, dunning and its ends, invoices paid, voided or given up by hand."""

from typing import Any

import pytest
from stripe import CardError, StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import submit, types

DAY = 24 * 3600


def now(api: StripeClient, one: Any) -> Any:
    return api.v1.subscriptions.retrieve(one.id)


def paused_why(one: Any) -> str:
    return str(one.status_details.paused.subscription.type)


def test_a_renewal_that_needs_3d_secure_waits_and_is_confirmed_on_its_page(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    invoice = sandbox.renew(subscribed.id, "3ds")
    [payment] = api.v1.invoice_payments.list({"invoice": invoice["id"], "expand": ["data.payment.payment_intent"]}).data
    intent: Any = payment.payment.payment_intent
    assert (payment.status, intent.status, now(api, subscribed).status) == ("open", "requires_action", "past_due")
    assert "invoice.payment_action_required" in types(sandbox)
    assert submit(invoice["hosted_invoice_url"], outcome="confirm")[0] == 303
    paid = api.v1.invoices.retrieve(invoice["id"])
    assert (paid.status, paid.amount_paid, now(api, subscribed).status) == ("paid", 1200, "active")
    [payment] = api.v1.invoice_payments.list({"invoice": invoice["id"]}).data
    assert (payment.status, payment.amount_paid) == ("paid", 1200)
    assert {"invoice.paid", "invoice_payment.paid"} <= set(types(sandbox)[-5:])


def test_a_first_payment_that_needs_3d_secure_is_incomplete_until_it_is_confirmed(
    sandbox: StripeServer, api: StripeClient, monthly: Any
) -> None:
    customer = api.v1.customers.create({"payment_method": "pm_card_authenticationRequired"})
    one = api.v1.subscriptions.create({"customer": customer.id, "items": [{"price": monthly.id}]})
    assert one.status == "incomplete"
    page = str(api.v1.invoices.retrieve(str(one.latest_invoice)).hosted_invoice_url)
    assert "declined" in submit(page, outcome="decline")[1]
    assert now(api, one).status == "incomplete"
    assert "Is it really you" in submit(page, outcome="3ds")[1]
    submit(page, outcome="confirm")
    assert now(api, one).status == "active"


@pytest.mark.parametrize(
    ("outcome", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due"), ("pause", "paused")]
)
def test_dunning_ends_as_the_owner_has_chosen(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, outcome: str, status: str
) -> None:
    sandbox.configure(final_failure=outcome)
    invoice = sandbox.renew(subscribed.id, "declines")
    assert (now(api, subscribed).status, invoice["attempt_count"]) == ("past_due", 1)
    assert invoice["next_payment_attempt"]
    sandbox.advance(16 * DAY)
    ended, invoice = now(api, subscribed), sandbox.call("GET", f"invoices/{invoice['id']}")
    assert (ended.status, invoice["attempt_count"], invoice["next_payment_attempt"]) == (status, 4, None)
    assert types(sandbox).count("invoice.payment_failed") == 4
    if outcome == "pause":
        assert paused_why(ended) == "final_payment_failure"
        assert "customer.subscription.paused" in types(sandbox)
    if outcome == "cancel":
        assert ended.cancellation_details.reason == "payment_failed"
    else:
        submit(invoice["hosted_invoice_url"], outcome="pay")
        assert now(api, subscribed).status == "active"


def test_an_unpaid_subscription_goes_on_making_drafts(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    sandbox.configure(final_failure="unpaid")
    sandbox.renew(subscribed.id, "declines")
    sandbox.advance(16 * DAY)
    later = sandbox.renew(subscribed.id)
    assert (later["status"], later["auto_advance"], now(api, subscribed).status) == ("draft", False, "unpaid")


def test_a_first_failure_may_pause_at_once(sandbox: StripeServer, api: StripeClient, subscribed: Any) -> None:
    sandbox.configure(first_failure="pause")
    invoice = sandbox.renew(subscribed.id, "declines")
    paused = now(api, subscribed)
    assert (paused.status, paused_why(paused)) == ("paused", "first_payment_failure")
    sandbox.use_card(str(subscribed.customer), "good")
    sandbox.advance(4 * DAY)
    assert api.v1.invoices.retrieve(invoice["id"]).status == "paid"
    woken = now(api, subscribed)
    assert (woken.status, "status_details" in woken.to_dict()) == ("active", False)
    assert "customer.subscription.resumed" in types(sandbox)


@pytest.mark.parametrize(("act", "state"), [("void_invoice", "void"), ("mark_uncollectible", "uncollectible")])
def test_an_open_invoice_is_voided_or_given_up(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, act: str, state: str
) -> None:
    invoice = sandbox.renew(subscribed.id, "declines")["id"]
    done = getattr(api.v1.invoices, act)(invoice)
    [payment] = api.v1.invoice_payments.list({"invoice": invoice}).data
    assert (done.status, payment.status) == (state, "canceled" if state == "void" else "open")
    assert now(api, subscribed).status == "active"
    sandbox.advance(5 * DAY)
    assert api.v1.invoices.retrieve(invoice).status == state


def test_an_invoice_paid_out_of_band_is_paid_without_a_payment(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    invoice = sandbox.renew(subscribed.id, "declines")["id"]
    before = len(types(sandbox))
    done = api.v1.invoices.pay(invoice, {"paid_out_of_band": True})
    assert (done.status, done.amount_paid_off_stripe, now(api, subscribed).status) == ("paid", 1200, "active")
    rung = types(sandbox)[before:]
    assert "invoice.paid" in rung
    assert "invoice.payment_succeeded" not in rung
    assert "charge.succeeded" not in rung


def test_paying_an_old_invoice_does_not_wake_what_a_newer_one_holds_down(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    sandbox.configure(final_failure="past_due")
    old = sandbox.renew(subscribed.id, "declines")["id"]
    sandbox.advance(16 * DAY)
    new = sandbox.renew(subscribed.id)["id"]
    assert new != old
    sandbox.pay_invoice(old)
    assert now(api, subscribed).status == "past_due"
    sandbox.pay_invoice(new)
    assert now(api, subscribed).status == "active"


def test_paying_by_hand_says_why_it_did_not_work(sandbox: StripeServer, api: StripeClient, subscribed: Any) -> None:
    invoice = sandbox.renew(subscribed.id, "3ds")["id"]
    with pytest.raises(CardError) as refused:
        api.v1.invoices.pay(invoice)
    assert refused.value.code == "invoice_payment_intent_requires_action"
    attempts = api.v1.invoices.retrieve(invoice).attempt_count
    assert attempts == 1


def test_an_address_that_is_missing_leaves_the_subscription_active_and_unbilled(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    taxed: Any = {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    submit(checkout(monthly, **taxed).url, outcome="pay", country="GB")
    [one] = api.v1.subscriptions.list({"status": "all"}).data
    assert api.v1.invoices.retrieve(str(one.latest_invoice)).amount_paid == 1440
    sandbox.call("POST", f"customers/{one.customer}", address="")
    invoice = sandbox.renew(one.id)
    assert (invoice["status"], invoice["automatic_tax"]["status"]) == ("draft", "requires_location_inputs")
    assert invoice["last_finalization_error"]["code"] == "customer_tax_location_invalid"
    assert (now(api, one).status, "invoice.finalization_failed" in types(sandbox)) == ("active", True)
    api.v1.customers.update(str(one.customer), {"address": {"country": "GB"}})
    api.v1.invoices.finalize_invoice(invoice["id"])
    assert api.v1.invoices.pay(invoice["id"]).amount_paid == 1440


def test_a_renewal_is_announced_a_week_before_by_an_invoice_without_an_id(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    end = subscribed["items"].data[0].current_period_end
    sandbox.advance(end - sandbox.now() - 6 * DAY)
    [event] = sandbox.events("invoice.upcoming")
    assert ("id" in event["data"]["object"], event["data"]["object"]["amount_due"]) == (False, 1200)
    assert len(api.v1.invoices.list().data) == 1


def test_a_bank_debit_starts_a_subscription_before_it_arrives(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any
) -> None:
    session = checkout(monthly)
    submit(session.url, outcome="async")
    promised = api.v1.checkout.sessions.retrieve(session.id)
    [one] = api.v1.subscriptions.list().data
    assert (promised.status, promised.payment_status, one.status) == ("complete", "unpaid", "active")
    assert api.v1.invoices.retrieve(str(one.latest_invoice)).status == "open"
    sandbox.advance(4 * DAY)
    assert api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert api.v1.invoices.retrieve(str(one.latest_invoice)).status == "paid"
    assert types(sandbox)[-1] == "checkout.session.async_payment_succeeded"


@pytest.mark.parametrize(
    ("setting", "before", "after"),
    [("active", "active", "past_due"), ("incomplete", "incomplete", "incomplete_expired")],
)
def test_a_bank_debit_comes_back(
    sandbox: StripeServer, api: StripeClient, checkout: Any, monthly: Any, setting: str, before: str, after: str
) -> None:
    sandbox.configure(bank_debits=setting)
    session = checkout(monthly)
    submit(session.url, outcome="async", fails="1")
    [one] = api.v1.subscriptions.list({"status": "all"}).data
    assert one.status == before
    sandbox.advance(3 * DAY + 60)
    assert now(api, one).status == after
    assert "checkout.session.async_payment_failed" in types(sandbox)
