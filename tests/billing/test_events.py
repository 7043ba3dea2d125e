"""What a recorded bell makes us do: each outcome of a try, and what is done about which kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing import events, gateway, sync
from billing.gateway import Bell, client
from billing.gateway.turnstile import Turnstile
from billing.models import Customer, Price, Product, Subscription, WebhookEvent
from tests.billing.till import Till

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
# About an object that belongs to no customer: nothing is asked of Stripe, and nothing can fail.
BELL = Bell(
    id="evt_1",
    type="token.created",
    object_id="tok_1",
    customer_id="",
    account="",
    livemode=False,
    api_version="2026-10-28.endive",
    created_at=datetime(2026, 6, 1, tzinfo=UTC),
)


def kept(**fields: Any) -> WebhookEvent:
    """A bell of BELL's kind in our rows, waiting."""
    values = {"stripe_id": f"evt_{WebhookEvent.objects.count()}", "type": BELL.type, "object_id": BELL.object_id}
    return WebhookEvent.objects.create(**values | {"created_at": BELL.created_at} | fields)


def nobodys(**fields: Any) -> WebhookEvent:
    """A bell about a customer that Stripe does not know: it fails, and will again."""
    return kept(customer_id="cus_nobody", **fields)


def again(event: WebhookEvent) -> WebhookEvent:
    event.refresh_from_db()
    return event


# --- Recorded ---------------------------------------------------------------------------------


def test_bell_is_recorded_whole_and_once_w105() -> None:
    bell = replace(BELL, customer_id="cus_1", livemode=True)
    first = events.record(bell)
    assert events.record(replace(bell, type="customer.deleted", customer_id="cus_2")) == first
    (row,) = WebhookEvent.objects.values()
    said = {"stripe_id": "evt_1", "type": "token.created", "object_id": "tok_1", "customer_id": "cus_1"}
    said |= {"livemode": True, "api_version": BELL.api_version, "created_at": BELL.created_at}
    assert {name: row[name] for name in said} == said
    assert (row["tries"], row["handled_at"], row["parked_at"], row["error"]) == (0, None, None, "")


# --- One try ----------------------------------------------------------------------------------


def test_event_that_comes_through_is_done_and_its_error_forgotten() -> None:
    event, other = kept(tries=2, error="GatewayDown: away"), kept()
    assert events.handle(event) is True
    assert again(event).handled_at is not None
    assert (event.tries, event.error) == (3, "")
    assert again(other).handled_at is None


@pytest.mark.parametrize("state", ["handled_at", "parked_at"])
def test_event_that_is_done_or_parked_is_not_acted_on(till: Till, state: str) -> None:
    event = nobodys(**{state: timezone.now()})
    assert events.handle(event) is True
    assert till.stripe.calls == []
    assert again(event).tries == 0


def test_event_that_fails_keeps_what_stripe_said_and_parks_at_the_fifth_try_t26(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    event, other = nobodys(), nobodys()
    for number in range(1, 6):
        began = timezone.now()
        assert events.handle(again(event)) is (number == 5)
        assert again(event).tries == number
        assert event.error.startswith("Gone: ")
        assert event.error != "Gone: "
        assert (event.parked_at is not None) is (number == 5)
        assert event.handled_at is None
    assert event.parked_at >= began
    assert again(other).tries == 0
    told = [one for one in caplog.records if one.name == "billing.events"]
    assert [one.levelname for one in told] == ["ERROR"] * 5
    assert all(one.exc_info for one in told)
    assert told[3].getMessage() == f"webhook failed event={event.stripe_id} type=token.created try=4 parked=False"
    assert told[4].getMessage() == f"webhook failed event={event.stripe_id} type=token.created try=5 parked=True"


def test_error_of_our_own_is_named_and_what_it_holds_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception of ours may carry an address; Stripe's, as the gateway words it, never does."""

    def fail(customer: str) -> None:
        raise ValueError("nadia@example.com")

    monkeypatch.setattr(sync, "converge", fail)
    event = nobodys()
    assert events.handle(event) is False
    assert again(event).error == "ValueError"


def test_long_words_of_stripe_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(customer: str) -> None:
        raise gateway.GatewayRefused("x" * 2000)

    monkeypatch.setattr(sync, "converge", fail)
    event = nobodys()
    events.handle(event)
    assert again(event).error == "GatewayRefused: ".ljust(1000, "x")


def test_failure_of_an_event_that_another_has_settled_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def settle_and_fail(customer: str) -> None:
        WebhookEvent.objects.update(handled_at=timezone.now())
        raise gateway.GatewayDown("away")

    monkeypatch.setattr(sync, "converge", settle_and_fail)
    event = nobodys()
    assert events.handle(event) is True
    assert (again(event).tries, event.error) == (0, "")
    assert not caplog.records


def test_event_that_was_not_come_to_has_had_no_try(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = Turnstile(places=0)
    full.inside[-1] = -1e9
    monkeypatch.setattr(client, "turnstile", full)
    event = kept()
    assert events.handle(event) is False
    assert (again(event).tries, event.error, event.handled_at) == (0, "", None)
    assert [one.getMessage() for one in caplog.records] == [
        f"webhook put off event={event.stripe_id}: too many wait for Stripe already"
    ]


def test_event_is_answered_before_stripe_stops_listening(till: Till) -> None:
    """Stripe hangs up after about ten seconds; a retry's pause may add one to ours."""
    assert 5 <= events.PATIENCE <= 9
    till.stripe.fail_next("hang", times=9, seconds=30)
    began = timezone.now()
    assert events.handle(nobodys()) is False
    assert timezone.now() - began < 10 * SECOND


def test_replay_forgets_the_tries_and_acts_once_more() -> None:
    event = kept(tries=5, parked_at=timezone.now(), handled_at=timezone.now(), error="Gone")
    other = kept(tries=5, parked_at=timezone.now())
    assert events.replay(event) is True
    assert (again(event).tries, event.parked_at, event.error) == (1, None, "")
    assert event.handled_at is not None
    assert again(other).parked_at is not None


def test_replay_that_fails_says_so_and_is_a_first_try(till: Till) -> None:
    event = nobodys(tries=5, parked_at=timezone.now())
    assert events.replay(event) is False
    assert (again(event).tries, event.parked_at) == (1, None)


# --- What is done about which kind ------------------------------------------------------------


@pytest.mark.parametrize("kind", ["product.updated", "price.updated"])
def test_catalogue_event_mirrors_the_product_and_no_customer(till: Till, kind: str) -> None:
    till.sell("Another")
    price = till.sell()
    till.stripe.call("POST", f"products/{price.product.stripe_id}", name="Renamed")
    till.stripe.calls.clear()
    about = price.stripe_id if kind.startswith("price") else price.product.stripe_id
    assert events.handle(kept(type=kind, object_id=about, customer_id="cus_nobody"))
    assert set(Product.objects.values_list("name", flat=True)) == {"Another", "Renamed"}
    assert not Customer.objects.exists()
    assert ("GET", f"/v1/prices/{price.stripe_id}") not in till.stripe.calls, "whose price it is was known"


def test_price_of_a_product_not_yet_known_is_asked_for(till: Till) -> None:
    price = till.sell()
    Price.objects.all().delete()
    Product.objects.all().delete()
    assert events.handle(kept(type="price.created", object_id=price.stripe_id))
    assert Price.objects.get().stripe_id == price.stripe_id


def test_event_that_names_no_customer_is_asked_for_its_owner_who_is_kept(member: User, till: Till) -> None:
    till.ring_all()
    (payment,) = till.stripe.store.all("payment_intent")
    refund = till.stripe.call("POST", "refunds", payment_intent=payment["id"])
    event, other = kept(type="refund.created", object_id=refund["id"]), kept()
    assert events.handle(event)
    assert again(event).customer_id == member.customers.get().stripe_id
    assert again(other).customer_id == ""
    assert Subscription.objects.get().taken_back == "refunded"


def test_event_of_nobody_is_only_kept(till: Till) -> None:
    event = kept()
    assert events.handle(event)
    assert again(event).customer_id == ""
    assert till.stripe.calls == []
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("live", "fields", "ours"),
    [
        (False, {}, True),
        (True, {}, False),
        (False, {"livemode": True}, False),
        (True, {"livemode": True}, True),
        (False, {"account": "acct_1"}, False),
        (True, {"livemode": True, "account": "acct_1"}, False),
    ],
)
def test_bell_is_ours_by_mode_and_account_w100_w101(
    settings: Any, live: bool, fields: dict[str, Any], ours: bool
) -> None:
    settings.STRIPE_LIVEMODE = live
    assert events.is_ours(replace(BELL, **fields)) is ours
