"""The log of bells: every event with its state, replayed by a button, and a warning when none comes or one is refused."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from billing import bells, gateway, refusals
from billing.models import Customer, Subscription, WebhookEvent
from billing.refusals import Refusal
from config.models import AuditEntry
from tests import build
from tests.billing.till import Till, deliver, event, ring, signed
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
LOG = "/admin/billing/webhookevent/"
OTHER = "whsec_another0123456789abcdef"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _empty_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "notebook", refusals.Notebook())


@pytest.fixture
def desk(owner: User) -> ClientFor:
    return ClientFor(owner)


def heard(now: datetime, **fields: Any) -> WebhookEvent:
    values = {
        "stripe_id": f"evt_{WebhookEvent.objects.count()}",
        "type": "invoice.paid",
        "api_version": gateway.API_VERSION,
    }
    return WebhookEvent.objects.create(
        **values | {"created_at": now, "received_at": now, "handled_at": now, "tries": 1} | fields
    )


def told(now: datetime) -> str:
    return " ".join(alarm.text for alarm in bells.alarms(now=now)).replace("\xa0", " ")


# --- Silence ----------------------------------------------------------------------------------


def test_32_owner_is_warned_when_none_came_for_a_day_although_there_are_members(
    subscriber: User, now: datetime
) -> None:
    assert "No event of Stripe has ever reached this site" in told(now)
    heard(now - 24 * HOUR)
    assert "No event of Stripe has come for 1 day" in told(now)
    heard(now - 24 * HOUR + timedelta(seconds=1))
    assert told(now) == ""


def test_32_a_site_without_members_may_be_silent(lapsed: User, now: datetime) -> None:
    assert told(now) == ""


# --- Refused bells ----------------------------------------------------------------------------


def test_32_a_wrong_secret_and_a_wrong_clock_are_told_apart(now: datetime) -> None:
    body = json.dumps(event()).encode()
    assert deliver(body, signed(body, secret=OTHER)).status_code == 400
    assert [one.reason for one in refusals.lately(now=timezone.now())] == [Refusal.FORGED]
    assert deliver(body, signed(body, at=time.time() - 302)).status_code == 400
    assert {one.reason for one in refusals.lately(now=timezone.now())} == {Refusal.FORGED, Refusal.MISTIMED}
    text = told(timezone.now())
    assert "STRIPE_WEBHOOK_SECRET is not the one that Stripe has" in text
    assert "Set this machine’s clock" in text


def test_32_a_forgery_with_an_old_time_is_no_wrong_clock() -> None:
    body = json.dumps(event()).encode()
    deliver(body, signed(body, secret=OTHER, at=time.time() - 9999))
    assert [one.reason for one in refusals.lately(now=timezone.now())] == [Refusal.FORGED]


def test_32_the_other_mode_and_another_account_are_told() -> None:
    assert ring(event(livemode=True)).status_code == 400
    assert ring(event(account="acct_1")).status_code == 200
    text = told(timezone.now())
    assert "of the other mode" in text
    assert "another account" in text
    assert not WebhookEvent.objects.exists()


def test_t24_a_flood_of_forgeries_writes_the_cache_once_a_minute(
    time_machine: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_machine.move_to(now.replace(second=0), tick=False)
    writes, write = [], cache.set
    monkeypatch.setattr(
        cache, "set", lambda key, *values, **options: (writes.append(key), write(key, *values, **options))
    )
    body = json.dumps(event()).encode()
    for _ in range(300):
        assert deliver(body, signed(body, secret=OTHER)).status_code == 400
    assert writes == ["bells-refused:forged"]
    time_machine.shift(60)
    deliver(body, signed(body, secret=OTHER))
    assert len(writes) == 2
    assert refusals.lately(now=timezone.now())[0].count == 301
    assert not WebhookEvent.objects.exists()


def test_t24_two_processes_write_once_a_minute_between_them(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    writes, write = [], cache.set
    monkeypatch.setattr(
        cache, "set", lambda key, *values, **options: (writes.append(key), write(key, *values, **options))
    )
    one, other = refusals.Notebook(), refusals.Notebook()
    for book in (one, other, one, other):
        monkeypatch.setattr(refusals, "notebook", book)
        refusals.note(Refusal.FORGED, now=now)
    assert len(writes) == 1
    refusals.note(Refusal.FORGED, now=now + timedelta(minutes=1))
    assert refusals.lately(now=now)[0].count == 4


def test_what_was_refused_a_day_ago_is_forgotten(now: datetime) -> None:
    refusals.note(Refusal.FORGED, now=now - 25 * HOUR)
    assert refusals.lately(now=now) == []


def test_a_forgery_is_answered_when_the_cache_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", fail)
    body = json.dumps(event()).encode()
    assert deliver(body, signed(body, secret=OTHER)).status_code == 400


# --- States, versions, replay -----------------------------------------------------------------


def test_32_owner_sees_every_state_and_why_it_failed(desk: ClientFor, member: User, now: datetime) -> None:
    customer = Customer.objects.get().stripe_id
    heard(now, customer_id=customer, created_at=now - timedelta(seconds=7))
    heard(now, handled_at=None, tries=2, error="GatewayDown: it was away")
    heard(now, handled_at=None, tries=5, parked_at=now, error="GatewayRefused: no")
    heard(now - HOUR, handled_at=None, tries=0)
    page = desk.get(LOG).content.decode()
    for words in ("done", "failing", "parked", "waiting", "GatewayDown: it was away", "7 seconds", member.email):
        assert words in page
    for state in ("done", "failing", "parked", "waiting"):
        assert desk.get(LOG, {"state": state}).content.decode().count("action-checkbox") == 2, state
    text = told(now)
    assert "1 event failed five times and is parked" in text
    assert "1 event has failed, and Stripe will ring again" in text
    assert "1 event was recorded and not acted on" in text


def test_32_owner_is_told_of_a_version_that_the_site_does_not_read(now: datetime) -> None:
    heard(now, api_version="2020-08-27")
    assert f"speak version 2020-08-27 of its API, and this site reads {gateway.API_VERSION}" in told(now)


def test_32_owner_replays_one_event_from_its_page(desk: ClientFor, owner: User, member: User, till: Till) -> None:
    till.stripe.fail_next("401", times=5)
    bell = till.stripe.events("customer.subscription.created")[0]
    for _ in range(5):
        ring(bell)
    stored = WebhookEvent.objects.get()
    page = desk.get(f"{LOG}{stored.pk}/change/").content.decode()
    assert f"{LOG}{stored.pk}/replay/" in page
    assert "It failed five times" in page
    answer = desk.post(f"{LOG}{stored.pk}/replay/", follow=True)
    assert "1 event done." in answer.content.decode()
    assert Subscription.objects.get().status == "active"
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor, entry.person, entry.after["worked"]) == ("event.replayed", owner, member, True)


def test_a_replay_that_fails_says_so(desk: ClientFor, member: User, till: Till) -> None:
    ring(till.stripe.events("customer.subscription.created")[0])
    stored = WebhookEvent.objects.get()
    till.stripe.fail_next("401")
    assert "failed again" in desk.post(f"{LOG}{stored.pk}/replay/", follow=True).content.decode()


def test_replaying_takes_a_post_and_the_right(desk: ClientFor, now: datetime) -> None:
    stored = heard(now)
    assert desk.get(f"{LOG}{stored.pk}/replay/").status_code == 403
    assert desk.post(f"{LOG}999999/replay/").status_code == 404
    helper = build.person(is_staff=True)
    assert ClientFor(helper).post(f"{LOG}{stored.pk}/replay/").status_code == 403
