"""Money given back, and money that a cardholder's bank takes back."""

from typing import Any

import pytest
from stripe import InvalidRequestError, StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import submit, types, visit


def charge_of(api: StripeClient, intent: str) -> Any:
    return api.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge


def intent_of_invoice(api: StripeClient, invoice: str) -> str:
    [payment] = api.v1.invoice_payments.list({"invoice": invoice}).data
    return str(payment.payment.payment_intent)


@pytest.mark.parametrize("what", ["purchase", "invoice"])
def test_part_and_then_the_rest_is_given_back(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, bought: Any, what: str
) -> None:
    intent = bought.payment_intent if what == "purchase" else intent_of_invoice(api, str(subscribed.latest_invoice))
    api.v1.refunds.create({"payment_intent": intent, "amount": 300})
    part = charge_of(api, intent)
    assert (part.amount_refunded, part.refunded) == (300, False)
    api.v1.refunds.create({"payment_intent": intent})
    whole = charge_of(api, intent)
    assert (whole.amount_refunded, whole.refunded) == (whole.amount, True)
    with pytest.raises(InvalidRequestError) as refused:
        api.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    assert types(sandbox).count("charge.refunded") == 2


def test_a_pending_refund_arrives_later(sandbox: StripeServer, api: StripeClient, bought: Any) -> None:
    refund = sandbox.refund(bought.payment_intent, outcome="pending")
    assert (api.v1.refunds.retrieve(refund["id"]).status, charge_of(api, bought.payment_intent).refunded) == (
        "pending",
        True,
    )
    sandbox.settle_refund(refund["id"])
    assert api.v1.refunds.retrieve(refund["id"]).status == "succeeded"
    assert types(sandbox)[-2:] == ["refund.updated", "charge.refund.updated"]


def test_a_refund_that_fails_gives_the_money_back_to_the_charge(
    sandbox: StripeServer, api: StripeClient, bought: Any
) -> None:
    refund = sandbox.refund(bought.payment_intent)
    assert charge_of(api, bought.payment_intent).refunded
    sandbox.settle_refund(refund["id"], succeeds=False)
    charge, failed = charge_of(api, bought.payment_intent), api.v1.refunds.retrieve(refund["id"])
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    rung = types(sandbox)
    assert rung.index("charge.refunded") < rung.index("refund.failed")
    api.v1.refunds.create({"payment_intent": bought.payment_intent})
    assert charge_of(api, bought.payment_intent).refunded


def test_a_test_card_makes_its_refund_fail(api: StripeClient) -> None:
    intent = api.v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_refundFail", "confirm": True}
    )
    assert api.v1.refunds.create({"payment_intent": intent.id}).status == "failed"
    assert charge_of(api, intent.id).amount_refunded == 0


def test_refunds_and_disputes_are_found_by_payment_and_by_charge(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, bought: Any
) -> None:
    other = intent_of_invoice(api, str(subscribed.latest_invoice))
    for intent in (bought.payment_intent, other):
        sandbox.refund(intent, 100)
        sandbox.refund(intent, 100)
        sandbox.dispute(intent)
    charge = charge_of(api, other).id
    for service in (api.v1.refunds, api.v1.disputes):
        everything = [one.id for one in service.list({"limit": 1}).auto_paging_iter()]
        by_payment = service.list({"payment_intent": bought.payment_intent}).data
        by_charge = service.list({"charge": charge}).data
        assert sorted(everything) == sorted(one.id for one in [*by_payment, *by_charge])
        assert {one.charge for one in by_charge} == {charge}


def test_a_dispute_takes_the_money_and_gives_it_back_when_won(
    sandbox: StripeServer, api: StripeClient, bought: Any
) -> None:
    dispute = sandbox.dispute(bought.payment_intent, reason="product_not_received")
    charge = charge_of(api, bought.payment_intent)
    assert (dispute["status"], charge.disputed, charge.refunded) == ("needs_response", True, False)
    with pytest.raises(InvalidRequestError) as refused:
        api.v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_disputed"
    answered = api.v1.disputes.update(dispute["id"], {"evidence": {"product_description": "A book"}})
    assert (answered.status, answered.evidence_details.submission_count) == ("under_review", 1)
    won = sandbox.decide(dispute["id"], "won")
    assert [entry["amount"] for entry in won["balance_transactions"]] == [-900, 900]
    assert [name for name in types(sandbox) if "dispute" in name] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]


@pytest.mark.parametrize("way", ["decided", "given_in", "evidence"])
def test_a_dispute_is_lost(sandbox: StripeServer, api: StripeClient, bought: Any, way: str) -> None:
    dispute = sandbox.dispute(bought.payment_intent)["id"]
    if way == "decided":
        sandbox.decide(dispute, "lost")
    elif way == "given_in":
        api.v1.disputes.close(dispute)
    else:
        api.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "losing_evidence"}})
    assert api.v1.disputes.retrieve(dispute).status == "lost"
    assert "charge.dispute.funds_reinstated" not in types(sandbox)
    with pytest.raises(InvalidRequestError, match="already closed"):
        api.v1.disputes.close(dispute)


def test_an_inquiry_takes_nothing_and_is_closed_or_gets_serious(
    sandbox: StripeServer, api: StripeClient, subscribed: Any, bought: Any
) -> None:
    first = sandbox.dispute(bought.payment_intent, inquiry=True)
    assert (first["status"], first["is_charge_refundable"]) == ("warning_needs_response", True)
    assert sandbox.decide(first["id"], "under_review")["status"] == "warning_under_review"
    assert sandbox.decide(first["id"], "warning_closed")["status"] == "warning_closed"
    assert "charge.dispute.funds_withdrawn" not in types(sandbox)
    second = sandbox.dispute(str(subscribed.latest_invoice), inquiry=True)
    assert sandbox.decide(second["id"], "needs_response")["status"] == "needs_response"
    assert types(sandbox)[-2:] == ["charge.dispute.funds_withdrawn", "charge.dispute.updated"]


def test_the_bank_warns_of_fraud(sandbox: StripeServer, api: StripeClient, bought: Any) -> None:
    warning = sandbox.warn_of_fraud(bought.payment_intent)
    [found] = api.v1.radar.early_fraud_warnings.list({"payment_intent": bought.payment_intent}).data
    assert (found.id, types(sandbox)[-1]) == (warning["id"], "radar.early_fraud_warning.created")


def test_the_front_page_refunds_disputes_and_decides(sandbox: StripeServer, api: StripeClient, bought: Any) -> None:
    charge = charge_of(api, bought.payment_intent).id
    for act in ("half", "fails", "fraud", "dispute"):
        assert submit(sandbox.url + "/payments", charge=charge, act=act)[0] == 303
    [dispute] = api.v1.disputes.list().data
    assert (charge_of(api, bought.payment_intent).amount_refunded, dispute.status) == (450, "needs_response")
    assert "Under review" in visit(sandbox.url + "/")[1]
    submit(sandbox.url + "/disputes", dispute=dispute.id, outcome="won")
    assert api.v1.disputes.retrieve(dispute.id).status == "won"
    submit(sandbox.url + "/settings", final_failure="unpaid", first_failure="nonsense")
    assert sandbox.world.settings()["final_failure"] == "unpaid"
    assert submit(sandbox.url + "/payments", charge="ch_none", act="refund")[0] == 404
