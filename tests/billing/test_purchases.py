"""Bought outright: paid, refunded in part and in full, after a bank debit, and beside a subscription."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import entitlements
from billing.models import Price, Purchase
from tests.billing.till import Till, event, ring

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Press = Callable[[User, Price], HttpResponse]


def holds(person: User, price: Price) -> bool:
    return price.product_id in {pk for pk, _ in entitlements.held(person.pk, now=timezone.now())}


@pytest.fixture
def atlas(newcomer: User, till: Till, press: Press) -> Price:
    """Nadia has paid for the Atlas, and the bells have rung."""
    price = till.sell("Atlas", interval="once", amount=1900)
    till.press(press(newcomer, price).headers["Location"], "pay")
    till.ring_last()
    return price


def refund(till: Till, amount: int) -> None:
    till.stripe.call("POST", "refunds", payment_intent=Purchase.objects.get().payment_intent, amount=amount)
    till.ring_last()


def test_buyer_holds_what_they_bought_and_no_plan(newcomer: User, till: Till, atlas: Price) -> None:
    assert {kind for _, kind in entitlements.held(newcomer.pk, now=timezone.now())} == {"item"}
    bought = Purchase.objects.get()
    assert (bought.amount, bought.currency, bought.state, bought.product) == (1900, "usd", "paid", atlas.product)
    intent = till.stripe.store.all("payment_intent")[0]
    assert intent["metadata"]["user"] == str(newcomer.pk)
    assert till.stripe.store.all("checkout.session")[0]["invoice"]


def test_partial_refund_keeps_it_and_the_rest_takes_it(newcomer: User, till: Till, atlas: Price) -> None:
    refund(till, 900)
    assert holds(newcomer, atlas)
    refund(till, 1000)
    assert not holds(newcomer, atlas)
    assert Purchase.objects.get().state == "refunded"


def test_same_session_is_one_purchase_whatever_rings(newcomer: User, till: Till, atlas: Price) -> None:
    till.rung.clear()
    till.ring_all()
    assert Purchase.objects.count() == 1


def test_purchase_stands_beside_a_subscription(newcomer: User, till: Till, press: Press, atlas: Price) -> None:
    plan = till.sell()
    till.press(press(newcomer, plan).headers["Location"], "pay")
    till.ring_last()
    assert holds(newcomer, atlas)
    assert holds(newcomer, plan)
    assert newcomer.customers.count() == 1


def test_customer_deleted_at_stripe_keeps_what_was_bought_outright(newcomer: User, till: Till, atlas: Price) -> None:
    till.stripe.call("DELETE", f"customers/{newcomer.customers.get().stripe_id}")
    till.ring_last()
    assert newcomer.customers.get().deleted
    assert holds(newcomer, atlas)


def dispute(till: Till, status: str) -> None:
    """Let the buyer's bank dispute the charge, and ring the bell, which names a charge and no customer."""
    charge = till.stripe.store.all("charge")[0] | {"disputed": True}
    till.stripe.store.save(charge)
    fields = {"id": "dp_1", "object": "dispute", "charge": charge["id"], "payment_intent": charge["payment_intent"]}
    body = till.stripe.store.save(fields | {"status": status, "created": charge["created"], "amount": 1900})
    assert ring(event("charge.dispute.updated", id=f"evt_{status}", data={"object": body})).status_code == 200


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("needs_response", False),
        ("under_review", False),
        ("appeal_needs_response", False),
        ("lost", False),
        ("won", True),
        ("prevented", True),
        ("warning_needs_response", True),
        ("warning_under_review", True),
        ("warning_closed", True),
    ],
)
def test_disputed_purchase_is_suspended_until_it_is_won(
    newcomer: User, till: Till, atlas: Price, status: str, kept: bool
) -> None:
    dispute(till, status)
    assert holds(newcomer, atlas) is kept


def test_dispute_that_is_won_gives_it_back(newcomer: User, till: Till, atlas: Price) -> None:
    dispute(till, "under_review")
    assert Purchase.objects.get().state == "disputed"
    dispute(till, "won")
    assert holds(newcomer, atlas)


def test_refund_that_names_only_its_charge_finds_the_customer(newcomer: User, till: Till, atlas: Price) -> None:
    till.stripe.call("POST", "refunds", payment_intent=Purchase.objects.get().payment_intent)
    bell = till.stripe.events("refund.created")[0]
    bell["data"]["object"].pop("customer", None)
    assert ring(bell).status_code == 200
    assert not holds(newcomer, atlas)
