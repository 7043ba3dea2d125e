"""The money rule as a table: every status at every edge, a second before, at and after. At the moment of an end it has ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from billing import entitlements
from billing.models import Grant, Product, Purchase, Subscription
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
ZERO = timedelta(0)
FUTURE = 21 * DAY
# GRACE_DAYS is 7 and SILENCE_HOURS is 48 under test.
CASES: list[tuple[str, dict[str, timedelta], bool]] = [
    ("trialing", {}, True),
    ("active", {}, True),
    ("past_due", {"unpaid_since": -DAY}, True),
    ("past_due", {}, False),
    ("unpaid", {}, False),
    ("unpaid", {"unpaid_since": -DAY}, False),
    ("incomplete", {}, False),
    ("incomplete_expired", {}, False),
    ("paused", {}, False),
    ("canceled", {}, False),
    ("canceled", {"ended_at": DAY}, False),
    ("a_status_of_tomorrow", {}, False),
    ("", {}, False),
    ("ACTIVE", {}, False),
    # The period's end, and 48 hours of silence after it.
    ("active", {"current_period_end": ZERO}, True),
    ("active", {"current_period_end": -48 * HOUR + SECOND}, True),
    ("active", {"current_period_end": -48 * HOUR}, False),
    ("active", {"current_period_end": -48 * HOUR - SECOND}, False),
    ("trialing", {"current_period_end": -48 * HOUR + SECOND}, True),
    ("trialing", {"current_period_end": -48 * HOUR}, False),
    # A known cancel_at ends it exactly then, whatever the flag says.
    ("active", {"cancel_at": SECOND}, True),
    ("active", {"cancel_at": ZERO}, False),
    ("active", {"cancel_at": -SECOND}, False),
    ("trialing", {"cancel_at": ZERO}, False),
    ("past_due", {"cancel_at": ZERO, "unpaid_since": -DAY}, False),
    # What has ended has ended.
    ("active", {"ended_at": SECOND}, True),
    ("active", {"ended_at": ZERO}, False),
    # Seven days of grace from when the money was due, however far away the period's end lies.
    ("past_due", {"unpaid_since": ZERO}, True),
    ("past_due", {"unpaid_since": -7 * DAY + SECOND}, True),
    ("past_due", {"unpaid_since": -7 * DAY}, False),
    ("past_due", {"unpaid_since": -7 * DAY - SECOND}, False),
    ("past_due", {"unpaid_since": -DAY, "current_period_end": -48 * HOUR}, False),
]


@pytest.mark.parametrize(("status", "times", "open_"), CASES)
def test_subscriber_holds_the_plan(
    plan: Product, now: datetime, status: str, times: dict[str, timedelta], open_: bool
) -> None:
    moments = {"current_period_end": FUTURE} | times
    person = build.subscribed(
        build.person(), plan, now=now, status=status, **{name: now + t for name, t in moments.items()}
    )
    assert set(entitlements.held(person.pk, now=now)) == ({(plan.pk, "plan")} if open_ else set())
    assert Subscription.objects.filter(entitlements.live(now=now)).exists() is open_


def test_subscription_without_a_period_opens_nothing(plan: Product, now: datetime) -> None:
    person = build.subscribed(build.person(), plan, now=now, current_period_end=None)
    assert not entitlements.held(person.pk, now=now)


@pytest.mark.parametrize(("grace", "open_"), [(0, False), (1, False), (2, True)])
def test_grace_follows_the_setting(plan: Product, now: datetime, settings: Any, grace: int, open_: bool) -> None:
    settings.GRACE_DAYS = grace
    person = build.subscribed(build.person(), plan, now=now, status="past_due", unpaid_since=now - DAY)
    assert bool(entitlements.held(person.pk, now=now)) is open_


@pytest.mark.parametrize("state", Purchase.State.values)
def test_only_a_paid_purchase_opens(now: datetime, state: str) -> None:
    atlas, customer = build.item(), build.customer(build.person())
    Purchase.objects.create(
        session_id="cs_1", customer=customer, product=atlas, amount=1, currency="usd", state=state, created_at=now
    )
    assert bool(entitlements.held(customer.user_id, now=now)) is (state == "paid")


@pytest.mark.parametrize(
    ("starts", "ends", "open_"),
    [
        (-DAY, None, True),
        (ZERO, None, True),
        (SECOND, None, False),
        (-DAY, SECOND, True),
        (-DAY, ZERO, False),
        (-DAY, -SECOND, False),
    ],
)
def test_grant_runs_from_its_start_to_its_end(
    newcomer: User, plan: Product, now: datetime, starts: Any, ends: Any, open_: bool
) -> None:
    ends_at = None if ends is None else now + ends
    Grant.objects.create(user=newcomer, product=plan, reason="helped", starts_at=now + starts, ends_at=ends_at)
    assert bool(entitlements.held(newcomer.pk, now=now)) is open_


def test_person_holds_the_union_of_all_their_customers(newcomer: User, plan: Product, now: datetime) -> None:
    old, atlas = build.customer(newcomer, current=False), build.item()
    values = {"amount": 1, "currency": "usd", "state": "paid", "created_at": now}
    Purchase.objects.create(session_id="cs_1", customer=old, product=atlas, **values)
    build.subscribed(newcomer, plan, now=now)
    assert {pk for pk, _ in entitlements.held(newcomer.pk, now=now)} == {plan.pk, atlas.pk}


def test_nobody_holds_what_is_others(subscriber: User, newcomer: User, now: datetime) -> None:
    build.subscribed(build.person(), build.plan(), now=now)
    assert not entitlements.held(newcomer.pk, now=now)


def test_purchase_of_a_guest_belongs_to_nobody(newcomer: User, now: datetime) -> None:
    values = {"amount": 1, "currency": "usd", "state": "paid", "created_at": now}
    Purchase.objects.create(
        session_id="cs_1", customer=build.customer(None, email=newcomer.email), product=build.item(), **values
    )
    assert not entitlements.held(newcomer.pk, now=now)
