"""What was recorded and never finished, and what never arrived: both come right by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing import entitlements, events, gateway
from billing.models import WebhookEvent
from tests.billing.test_events import BELL, again, kept, nobodys
from tests.billing.till import Till, ring

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


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


# --- Tries of our own -------------------------------------------------------------------------


@pytest.mark.parametrize(("tries", "minutes"), [(0, 1), (1, 5), (2, 30), (3, 120), (4, 360), (5, 360), (9, 360)])
def test_next_try_is_due_after_a_pause_that_grows_with_the_tries(now: datetime, tries: int, minutes: int) -> None:
    event = kept(tries=tries, received_at=now - minutes * MINUTE + SECOND)
    assert events.take_up(now=now) == 0
    assert again(event).handled_at is None
    assert events.take_up(now=now + SECOND) == 1
    assert again(event).tries == tries + 1


def test_what_is_done_or_parked_is_not_taken_up(now: datetime) -> None:
    long_ago = now - timedelta(days=1)
    kept(received_at=long_ago, parked_at=now)
    kept(received_at=long_ago, handled_at=now)
    assert events.take_up(now=now) == 0


def test_those_that_failed_least_are_taken_up_first_and_a_refusal_holds_up_nobody(till: Till, now: datetime) -> None:
    long_ago = now - timedelta(days=1)
    worn, fresh = nobodys(tries=3, received_at=long_ago), nobodys(tries=1, received_at=long_ago)
    fine, late = kept(tries=4, received_at=long_ago), kept(tries=4, received_at=long_ago)
    kept(parked_at=now, error="GatewayDown: away", received_at=long_ago)
    assert events.take_up(now=now) == 2
    assert [again(one).tries for one in (worn, fresh, fine, late)] == [4, 2, 5, 5]


def test_the_others_wait_as_soon_as_stripe_turns_out_to_be_away(till: Till, now: datetime) -> None:
    long_ago = now - timedelta(days=1)
    rows = [nobodys(tries=tries, received_at=long_ago) for tries in (2, 0, 1)]
    till.stripe.fail_next("401", times=99)
    assert events.take_up(now=now) == 0
    assert [again(one).tries for one in rows] == [2, 1, 1]


def test_event_that_an_answer_has_settled_meanwhile_is_passed_over(member: User, till: Till, now: datetime) -> None:
    """The first of three is acted on; the other two are about the same customer and settled by that, and a fourth is not."""
    long_ago, customer = now - timedelta(days=1), member.customers.get().stripe_id
    rows = [kept(customer_id=customer, received_at=long_ago) for _ in range(3)]
    last = kept(received_at=long_ago)
    assert events.take_up(now=now) == 2
    assert [again(one).tries for one in (*rows, last)] == [1, 0, 0, 1]
    assert not WebhookEvent.objects.unhandled().exists()


# --- What never arrived -----------------------------------------------------------------------


def missed(till: Till, name: str, *, at: datetime, **fields: Any) -> None:
    """Let Stripe have an event that it could not deliver."""
    body = {
        "id": name,
        "object": "event",
        "type": "token.created",
        "created": int(at.timestamp()),
        "livemode": False,
        "pending_webhooks": 1,
        "api_version": BELL.api_version,
        "data": {"object": {"id": "tok_1", "object": "token"}},
    }
    till.stripe.store.save(body | fields)


def test_undelivered_bells_are_taken_oldest_first_but_for_those_that_are_not_ours(
    till: Till, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = now - timedelta(hours=1)
    missed(till, "evt_too_old", at=since - SECOND)
    missed(till, "evt_first", at=since)
    missed(till, "evt_odd", at=since, type="NO TYPE")
    missed(till, "evt_live", at=since, livemode=True)
    missed(till, "evt_connected", at=since, account="acct_1")
    missed(till, "evt_known", at=since)
    missed(till, "evt_delivered", at=since, pending_webhooks=0)
    missed(till, "evt_last", at=now)
    kept(stripe_id="evt_known", tries=3)
    till.stripe.calls.clear()
    assert events.recover(since=since) == 2
    assert list(WebhookEvent.objects.order_by("pk").values_list("stripe_id", "tries")) == [
        ("evt_known", 3),
        ("evt_first", 1),
        ("evt_last", 1),
    ]
    assert till.stripe.calls == [("GET", "/v1/events")]
    assert events.recover(since=since) == 0


def test_stripe_that_is_away_is_said_while_undelivered_bells_are_asked_for(till: Till, now: datetime) -> None:
    till.stripe.fail_next("401", path="/v1/events")
    with pytest.raises(gateway.GatewayDown):
        events.recover(since=now)
