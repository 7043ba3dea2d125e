"""Bad inputs 98 to 111: bells that are really Stripe's, and come too early, too late, twice, or about something else.

What is no bell at all, 76 to 97 and 99 to 101, stands in tests/billing/test_webhook_refusals.py.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import entitlements, refusals
from billing.models import Checkout, Customer, Notice, Price, Product, Subscription, WebhookEvent
from billing.refusals import Refusal
from tests.billing.life import Life
from tests.billing.till import WEBHOOK, Till, event, ring, signed
from tests.visits import Visit

pytestmark = pytest.mark.django_db
Knock = Callable[..., Visit]


def is_in(person: User) -> bool:
    return bool(list(entitlements.held(person.pk, now=timezone.now())))


def bell(till: Till, kind: str, *, last: bool = True) -> dict[str, Any]:
    return till.stripe.events(kind)[-1 if last else 0]


@pytest.fixture
def ring_at(knock: Knock) -> Callable[[dict[str, Any]], Visit]:
    def act(event_: dict[str, Any]) -> Visit:
        body = json.dumps(event_).encode()
        headers = {"Stripe-Signature": signed(body)}
        return knock(Client(), "post", WEBHOOK, body, content_type="application/json", headers=headers)

    return act


def test_w98_unknown_type_is_noted_once(ring_at: Callable[..., Visit]) -> None:
    assert ring_at(event("moon.rose")).status == 200
    assert ring_at(event("moon.rose")).status == 200
    assert WebhookEvent.objects.get().handled_at


def test_w100_event_of_the_other_mode_is_refused_and_the_owner_told(ring_at: Callable[..., Visit]) -> None:
    ring_at(event(livemode=True)).refused(400)
    assert Refusal.OTHER_MODE in {one.reason for one in refusals.lately(now=timezone.now())}


def test_w101_event_of_another_account_is_ignored_and_the_owner_told(ring_at: Callable[..., Visit]) -> None:
    ring_at(event(account="acct_other")).refused(200)
    assert Refusal.OTHER_ACCOUNT in {one.reason for one in refusals.lately(now=timezone.now())}


def test_w102_bell_that_comes_before_our_own_row_is_matched_by_what_we_told_stripe(member: User, till: Till) -> None:
    """The customer was made at Stripe, and the commit of our row has not come, or never will."""
    Checkout.objects.all().delete()
    Customer.objects.all().delete()
    assert ring(bell(till, "customer.subscription.created")).status_code == 200
    assert Customer.objects.get().user == member
    assert is_in(member)


def test_w102_bell_about_a_customer_that_nobody_knows_is_kept_and_opens_nothing(newcomer: User, till: Till) -> None:
    till.stripe.call("POST", "customers", email=newcomer.email)
    assert ring(bell(till, "customer.created")).status_code == 200
    assert (Customer.objects.get().user, is_in(newcomer)) == (None, False)


def test_w103_product_that_stripe_cannot_show_opens_nothing_and_is_told(
    member: User, till: Till, ring_at: Callable[..., Visit]
) -> None:
    Price.objects.all().delete()
    Product.objects.all().delete()
    till.stripe.fail_next("404", times=1, path="/v1/products")
    visit = ring_at(bell(till, "customer.subscription.created"))
    assert not is_in(member)
    assert any("opens nothing" in line or "webhook failed" in line for line in visit.lines)


@pytest.mark.django_db(transaction=True)
def test_w105_one_event_a_thousand_times_from_eight_hands_has_one_effect(
    member: User, till: Till, work: Callable[..., int]
) -> None:
    found, together = bell(till, "customer.subscription.created"), Barrier(8)

    def hand(_: int) -> set[int]:
        together.wait(10)
        statuses = {ring(found).status_code for _ in range(125)}
        connection.close()
        return statuses

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(hand, range(8))) == {200}
    assert (WebhookEvent.objects.count(), Subscription.objects.count()) == (1, 1)
    assert Notice.objects.filter(kind=Notice.Kind.WELCOME).count() == 1


def test_w106_updated_active_after_deleted_stays_out(member: User, till: Till) -> None:
    till.ring_all()
    subscription = Subscription.objects.get().stripe_id
    till.stripe.call("POST", f"subscriptions/{subscription}", metadata={"note": "x"})
    late = bell(till, "customer.subscription.updated")
    till.stripe.call("DELETE", f"subscriptions/{subscription}")
    assert ring(bell(till, "customer.subscription.deleted")).status_code == 200
    assert late["data"]["object"]["status"] == "active"
    assert ring(late).status_code == 200
    assert not is_in(member)


def test_w107_created_incomplete_after_updated_active_stays_in(member: User, till: Till) -> None:
    subscription = bell(till, "customer.subscription.created")
    till.stripe.call("POST", f"subscriptions/{subscription['data']['object']['id']}", metadata={"note": "x"})
    assert ring(bell(till, "customer.subscription.updated")).status_code == 200
    subscription["data"]["object"]["status"] = "incomplete"
    assert ring(subscription).status_code == 200
    assert is_in(member)


def test_w108_checkout_completed_after_deleted_stays_out(member: User, till: Till) -> None:
    subscription = bell(till, "customer.subscription.created")["data"]["object"]["id"]
    till.stripe.call("DELETE", f"subscriptions/{subscription}")
    assert ring(bell(till, "customer.subscription.deleted")).status_code == 200
    assert ring(bell(till, "checkout.session.completed")).status_code == 200
    assert not is_in(member)


def test_w109_invoice_paid_before_anything_is_known_is_enough(member: User, till: Till) -> None:
    assert not Subscription.objects.exists()
    assert ring(bell(till, "invoice.paid")).status_code == 200
    assert is_in(member)


def test_w110_customer_deleted_with_a_live_subscription_is_out_and_kept(newcomer: User, till: Till) -> None:
    life = Life(till, newcomer)
    life.subscribe()
    life.catch_up()
    till.stripe.call("DELETE", f"customers/{life.customer['id']}")
    assert life.ring_only("customer.deleted") == 1
    assert (life.is_open(), Customer.objects.get().deleted) == (False, True)


@pytest.mark.parametrize("fault", ["429", "500", "reset", "nonsense", "hang"])
def test_w111_stripe_that_does_not_answer_lets_nobody_in_and_nobody_out(
    member: User, till: Till, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Not acknowledged, so that it rings again; nobody is in by default, and nobody who paid is out."""
    monkeypatch.setattr("billing.events.PATIENCE", 1)
    created = bell(till, "customer.subscription.created")
    till.stripe.fail_next(fault, times=9, path="/v1/customers", seconds=20)
    assert ring(created).status_code == 500
    assert not is_in(member)
    till.stripe.faults.clear()
    assert ring(created).status_code == 200
    till.stripe.fail_next(fault, times=9, path="/v1/customers", seconds=20)
    assert ring(created | {"id": "evt_again"}).status_code == 500
    assert is_in(member)
    till.stripe.faults.clear()
