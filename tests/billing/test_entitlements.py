"""The money rule as a table: every status at every edge, a second before, at and after. At the moment of an end it has ended."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
    (found,) = entitlements.explain(person.pk, now=now)
    assert found.opens is open_
    asked = found.row
    build.subscribed(build.person(), plan, now=now, status="canceled" if open_ else "active")
    assert entitlements.is_open(asked, now=now) is open_


def test_subscription_without_a_period_opens_nothing(plan: Product, now: datetime) -> None:
    person = build.subscribed(build.person(), plan, now=now, current_period_end=None)
    assert not entitlements.held(person.pk, now=now)


@pytest.mark.parametrize(("grace", "open_"), [(0, False), (1, False), (2, True)])
def test_grace_follows_the_setting(plan: Product, now: datetime, settings: Any, grace: int, open_: bool) -> None:
    settings.GRACE_DAYS = grace
    person = build.subscribed(build.person(), plan, now=now, status="past_due", unpaid_since=now - DAY)
    assert bool(entitlements.held(person.pk, now=now)) is open_


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 12])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26"])
def test_hours_of_silence_are_hours_where_clocks_are_changed(plan: Product, day: str, hour: int) -> None:
    """Berlin puts its clocks forward on 29 March and back on 25 October: 48 hours stay 48 hours, whichever zone `now` is in."""
    now = datetime.fromisoformat(day).replace(hour=hour, tzinfo=ZoneInfo("Europe/Berlin"))
    moment = now.astimezone(UTC)
    end = moment - 48 * HOUR
    assert entitlements.bounds(now=now) == {"now": moment, "heard": end, "forgiven": moment - 7 * DAY}
    silent = build.subscribed(build.person(), plan, now=now, current_period_end=end)
    heard = build.subscribed(build.person(), plan, now=now, current_period_end=end + SECOND)
    assert not entitlements.held(silent.pk, now=now)
    assert entitlements.held(heard.pk, now=now)


@pytest.mark.parametrize(
    ("status", "times", "ends"),
    [
        ("past_due", {"unpaid_since": -DAY}, 6 * DAY),
        ("past_due", {"unpaid_since": -DAY, "cancel_at": DAY}, DAY),
        ("past_due", {"unpaid_since": -DAY, "cancel_at": 9 * DAY}, 6 * DAY),
        ("past_due", {}, None),
        ("active", {"unpaid_since": -DAY}, None),
        ("unpaid", {"unpaid_since": -DAY}, None),
    ],
)
def test_person_in_debt_is_told_when_grace_ends(
    plan: Product, now: datetime, status: str, times: dict[str, timedelta], ends: timedelta | None
) -> None:
    """What is said of the end of grace is what is decided: open the second before, closed at it."""
    moments = {name: now + t for name, t in times.items()}
    person = build.subscribed(build.person(), plan, now=now, status=status, **moments)
    said = entitlements.grace_ends_at(Subscription.objects.get())
    assert said == (None if ends is None else now + ends)
    if said is not None:
        assert entitlements.held(person.pk, now=said - SECOND)
        assert not entitlements.held(person.pk, now=said)


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
    other = build.subscribed(build.person(), build.plan(), now=now)
    Grant.objects.create(user=other, product=build.plan(), reason="helped", starts_at=now)
    values = {"amount": 1, "currency": "usd", "state": "paid", "created_at": now}
    Purchase.objects.create(session_id="cs_1", customer=other.customers.get(), product=build.item(), **values)
    assert not entitlements.held(newcomer.pk, now=now)
    assert len(entitlements.held(other.pk, now=now)) == 3


def test_purchase_of_a_guest_belongs_to_nobody(newcomer: User, now: datetime) -> None:
    values = {"amount": 1, "currency": "usd", "state": "paid", "created_at": now}
    Purchase.objects.create(
        session_id="cs_1", customer=build.customer(None, email=newcomer.email), product=build.item(), **values
    )
    assert not entitlements.held(newcomer.pk, now=now)


def test_product_held_in_two_ways_comes_twice(subscriber: User, plan: Product, now: datetime) -> None:
    Grant.objects.create(user=subscriber, product=plan, reason="helped", starts_at=now)
    assert list(entitlements.held(subscriber.pk, now=now)) == [(plan.pk, "plan")] * 2


def test_guest_has_waiting_what_the_customer_holds_and_nothing_of_others(plan: Product, now: datetime) -> None:
    guest, other, atlas = build.customer(None), build.customer(None), build.item()
    values = {"amount": 1, "currency": "usd", "created_at": now}
    Purchase.objects.create(session_id="cs_1", customer=guest, product=atlas, state="paid", **values)
    Purchase.objects.create(session_id="cs_2", customer=guest, product=build.item(), state="pending", **values)
    Purchase.objects.create(session_id="cs_3", customer=other, product=build.item(), state="paid", **values)
    for number, (customer, status) in enumerate([(guest, "active"), (guest, "canceled"), (other, "active")]):
        made = Subscription.objects.create(
            customer=customer,
            stripe_id=f"sub_{number}",
            status=status,
            current_period_end=now + DAY,
            created_at=now,
        )
        made.products.set([plan if customer == guest and status == "active" else build.plan()])
    assert sorted(entitlements.held_by(guest.pk, now=now)) == sorted([(plan.pk, "plan"), (atlas.pk, "item")])
    Purchase.objects.create(session_id="cs_4", customer=guest, product=plan, state="paid", **values)
    assert list(entitlements.held_by(guest.pk, now=now)).count((plan.pk, "plan")) == 2


# --- The same conditions, one by one ----------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "no"),
    [
        ({}, None),
        ({"status": "unpaid"}, "status"),
        ({"status": "past_due"}, "status"),
        ({"taken_back": "refunded"}, "money_kept"),
        ({"taken_back": "disputed"}, "money_kept"),
        ({"current_period_end": None}, "stripe_heard"),
        ({"cancel_at": ZERO}, "not_cancelled"),
        ({"ended_at": ZERO}, "not_ended"),
    ],
)
def test_owner_is_told_the_one_condition_that_closes(
    plan: Product, now: datetime, fields: dict[str, Any], no: str | None
) -> None:
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    person = build.subscribed(build.person(), plan, now=now, **given)
    (found,) = entitlements.explain(person.pk, now=now)
    assert [name for name, yes in found.answers.items() if not yes] == ([no] if no else [])
    assert set(found.answers) == {"status", "money_kept", "stripe_heard", "not_cancelled", "not_ended"}
    assert found.products == [plan]
    assert bool(entitlements.held(person.pk, now=now)) is found.opens is (no is None)


def test_owner_is_told_every_row_of_a_person_those_that_open_first(
    newcomer: User, subscriber: User, plan: Product, now: datetime, django_assert_num_queries: Any
) -> None:
    atlas, gone = build.item(), now - DAY
    build.subscribed(newcomer, plan, now=now, status="canceled")
    build.subscribed(newcomer, plan, now=now)
    values = {"customer": newcomer.customers.get(), "product": atlas, "amount": 1, "currency": "usd", "created_at": now}
    Purchase.objects.create(session_id="cs_1", state="refunded", **values)
    Purchase.objects.create(session_id="cs_2", state="paid", **values)
    Grant.objects.create(user=newcomer, product=plan, reason="over", starts_at=gone, ends_at=now)
    Grant.objects.create(user=newcomer, product=plan, reason="runs", starts_at=gone)
    Purchase.objects.create(session_id="cs_3", state="paid", **values | {"customer": subscriber.customers.get()})
    Grant.objects.create(user=subscriber, product=plan, reason="another's", starts_at=gone)
    with django_assert_num_queries(4):
        found = entitlements.explain(newcomer.pk, now=now)
        read = [(type(one.row).__name__, one.products, one.opens) for one in found]
        told = [one.row.customer.stripe_id for one in found if not isinstance(one.row, Grant)]
    kinds = [("Subscription", [plan]), ("Purchase", [atlas]), ("Grant", [plan])]
    assert read == [(*kind, opens) for opens in (True, False) for kind in kinds]
    assert set(told) == {newcomer.customers.get().stripe_id}
    begun = {one.row.reason: one.answers for one in found if isinstance(one.row, Grant)}
    assert begun == {"runs": {"begun": True, "not_ended": True}, "over": {"begun": True, "not_ended": False}}
