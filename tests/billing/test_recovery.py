"""What was recorded and never finished, and what never arrived: both come right by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from billing import entitlements, events, gateway
from billing.models import WebhookEvent
from tests.billing.till import Till, ring

pytestmark = pytest.mark.django_db


def is_in(person: User) -> bool:
    return bool(list(entitlements.held(person.pk, now=timezone.now())))


def recorded(till: Till, kind: str, *, minutes_ago: int) -> WebhookEvent:
    """Let a worker die between recording this bell and acting on it."""
    body = till.stripe.events(kind)[0]
    event = events.record(
        gateway.Bell(
            id=body["id"],
            type=kind,
            object_id=body["data"]["object"]["id"],
            customer_id=body["data"]["object"]["customer"],
            account="",
            livemode=False,
            api_version=body["api_version"],
            created_at=timezone.now(),
        )
    )
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(minutes=minutes_ago))
    return event


def test_member_whose_bell_died_with_its_worker_is_let_in_a_minute_later(member: User, till: Till) -> None:
    recorded(till, "invoice.paid", minutes_ago=2)
    assert not is_in(member)
    assert events.take_up(now=timezone.now()) == 1
    assert is_in(member)
    assert events.take_up(now=timezone.now()) == 0


def test_bell_that_has_just_rung_is_left_to_its_worker(member: User, till: Till) -> None:
    recorded(till, "invoice.paid", minutes_ago=0)
    assert events.take_up(now=timezone.now()) == 0
    assert not is_in(member)


def test_stripe_that_is_away_for_an_hour_parks_nothing(member: User, till: Till) -> None:
    recorded(till, "invoice.paid", minutes_ago=2)
    till.stripe.fail_next("503", times=200)
    for minute in range(60):
        events.take_up(now=timezone.now() + timedelta(minutes=minute))
    event = WebhookEvent.objects.get()
    assert (event.parked_at, event.handled_at) == (None, None)
    till.stripe.faults.clear()
    assert events.take_up(now=timezone.now() + timedelta(hours=7)) == 1
    assert is_in(member)


def test_later_answer_settles_the_bells_before_it(member: User, till: Till) -> None:
    """Whatever failed or was parked before Stripe answered about this customer is done by that answer."""
    event = recorded(till, "invoice.paid", minutes_ago=2)
    WebhookEvent.objects.update(parked_at=timezone.now(), tries=5, error="GatewayDown")
    ring(till.stripe.events("customer.subscription.created")[0])
    event.refresh_from_db()
    assert event.handled_at
    assert event.parked_at is None
    assert event.error, "why it had failed stays in the log"


@pytest.fixture
def undelivered(member: User, till: Till) -> datetime:
    """No bell has reached us: the endpoint was switched off."""
    till.stripe.call("POST", "webhook_endpoints", url="http://127.0.0.1:9/", enabled_events=["*"])
    till.stripe.call("POST", f"customers/{member.customers.get().stripe_id}", name="Nadia")
    return timezone.now() - timedelta(days=3)


def test_worker_brings_it_all_right_by_itself(
    member: User, till: Till, undelivered: datetime, work: Callable[..., int]
) -> None:
    assert not is_in(member)
    work(duties=True)
    assert is_in(member)


def test_bells_that_stripe_could_not_deliver_are_fetched(member: User, till: Till, undelivered: datetime) -> None:
    assert events.recover(since=undelivered) >= 1
    assert is_in(member)
    assert events.recover(since=undelivered) == 0
    assert not WebhookEvent.objects.unhandled().exists()
