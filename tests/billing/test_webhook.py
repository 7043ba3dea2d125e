"""What the webhook takes, keeps and does: one row an event, a try counted, 500 to be rung again, parked after five."""

import json
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing import entitlements
from billing.events import replay
from billing.models import Customer, Price, Subscription, WebhookEvent
from tests.billing.till import WEBHOOK, Till, deliver, event, ring, signed

pytestmark = pytest.mark.django_db
OTHER = "whsec_another0123456789abcdef"


def about(customer_id: str, **fields: Any) -> dict[str, Any]:
    return event(data={"object": {"id": customer_id, "object": "customer"}}, **fields)


def test_webhook_stands_at_its_address() -> None:
    assert reverse("billing:webhook") == WEBHOOK


def test_unknown_type_is_stored_and_taken_w98() -> None:
    answer = ring(event("moon.rose"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    stored = WebhookEvent.objects.get()
    assert (stored.type, stored.handled_at is not None, stored.tries) == ("moon.rose", True, 1)


def test_stripe_needs_no_token_of_a_form_and_is_never_cached() -> None:
    body = json.dumps(event()).encode()
    strict, headers = Client(enforce_csrf_checks=True), {"Stripe-Signature": signed(body)}
    answer = strict.post(WEBHOOK, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert strict.get(WEBHOOK).status_code == 405


def test_event_of_the_live_mode_is_taken_with_a_live_key_w100(settings: Any) -> None:
    settings.STRIPE_LIVEMODE = True
    assert ring(event(livemode=True)).status_code == 200
    assert WebhookEvent.objects.get().livemode


@pytest.mark.parametrize("offset", [-299, 299])
def test_clocks_may_differ_by_five_minutes(offset: int) -> None:
    body = json.dumps(event()).encode()
    assert deliver(body, signed(body, at=time.time() + offset)).status_code == 200


def test_both_secrets_are_taken_while_one_is_rotated_w88(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [*settings.STRIPE_WEBHOOK_SECRETS, OTHER]
    first, second = (json.dumps(event(id=f"evt_{number}")).encode() for number in (1, 2))
    assert deliver(first, signed(first)).status_code == 200
    assert deliver(second, signed(second, secret=OTHER)).status_code == 200


def test_header_with_signatures_of_two_secrets_is_taken() -> None:
    body = json.dumps(event()).encode()
    header = f"{signed(body, secret=OTHER)},v1={signed(body).partition('v1=')[2]}"
    assert deliver(body, header).status_code == 200


@pytest.mark.parametrize("dress", [b"%s", b"\xef\xbb\xbf%s", b"\n  %s \n"])
def test_bytes_are_compared_as_they_came(dress: bytes) -> None:
    body = dress % json.dumps(event(note="ü 🌊"), ensure_ascii=False).encode()
    assert deliver(body, signed(body)).status_code == 200
    assert deliver(body + b" ", signed(body)).status_code == 400


def test_same_event_many_times_has_one_row_and_one_effect_w105(member: User, till: Till) -> None:
    till.ring_all()
    created = till.stripe.events("customer.subscription.created")[0]
    calls = len(till.stripe.calls)
    for _ in range(50):
        assert ring(created).status_code == 200
    assert WebhookEvent.objects.filter(stripe_id=created["id"]).count() == 1
    assert len(till.stripe.calls) == calls
    assert Subscription.objects.count() == 1


def test_event_that_fails_keeps_its_error_and_is_rung_again_w111(member: User, till: Till) -> None:
    event_ = till.stripe.events("customer.subscription.created")[0]
    till.stripe.fail_next("500", times=3, path="/v1/customers/")
    assert ring(event_).status_code == 500
    stored = WebhookEvent.objects.get()
    assert stored.tries == 1
    assert "GatewayDown" in stored.error
    assert stored.handled_at is None
    assert ring(event_).status_code == 200
    stored.refresh_from_db()
    assert (stored.tries, stored.error) == (2, "")
    assert dict(entitlements.held(member.pk, now=stored.handled_at))


def test_event_that_fails_five_times_is_parked_and_others_flow_t26(member: User, till: Till) -> None:
    poison = about("cus_nobody", id="evt_poison")
    assert [ring(poison).status_code for _ in range(6)] == [500, 500, 500, 500, 200, 200]
    stored = WebhookEvent.objects.get()
    assert stored.parked_at is not None
    assert stored.handled_at is None
    assert "Gone" in stored.error
    assert not Customer.objects.filter(stripe_id="cus_nobody").exists()
    till.ring_all()
    assert Subscription.objects.count() == 1


def test_payload_is_not_believed(member: User, till: Till) -> None:
    """A signed event that says "canceled" changes nothing while Stripe itself says "active", and the other way round."""
    till.ring_all()
    lie = till.stripe.events("customer.subscription.created")[0] | {
        "id": "evt_lie",
        "type": "customer.subscription.deleted",
    }
    lie["data"]["object"] |= {"status": "canceled", "ended_at": 1}
    assert ring(lie).status_code == 200
    assert Subscription.objects.get().status == "active"


def test_event_of_an_old_shape_is_only_a_bell_w104(member: User, till: Till) -> None:
    old = till.stripe.events("customer.subscription.created")[0] | {"api_version": "2022-11-15"}
    old["data"]["object"]["current_period_end"] = 1
    del old["data"]["object"]["items"]
    assert ring(old).status_code == 200
    assert dict(entitlements.held(member.pk, now=WebhookEvent.objects.get().handled_at))


def test_price_event_refreshes_the_catalogue(till: Till) -> None:
    price = till.sell()
    till.stripe.call("POST", f"prices/{price.stripe_id}", active=False)
    till.ring_all()
    price.refresh_from_db()
    assert not price.active


def test_product_event_brings_a_new_product(till: Till) -> None:
    product = till.stripe.call("POST", "products", name="Brand new")
    made = till.stripe.call(
        "POST", "prices", product=product["id"], unit_amount=500, currency="jpy", recurring={"interval": "year"}
    )
    till.ring_all()
    price = Price.objects.get(stripe_id=made["id"])
    assert (price.product.name, price.currency, price.interval) == ("Brand new", "jpy", "year")


def test_replay_by_the_owner_heals_a_parked_event(member: User, till: Till) -> None:
    event_ = till.stripe.events("customer.subscription.created")[0]
    till.stripe.fail_next("401", times=5, path="/v1/customers/")
    for _ in range(5):
        ring(event_)
    stored = WebhookEvent.objects.get()
    assert stored.parked_at is not None
    assert replay(stored)
    assert Subscription.objects.get().status == "active"
