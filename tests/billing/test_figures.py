"""The owner's figures, counted a second time from Stripe's own objects, by the definitions that Stripe publishes."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from billing import figures, sync
from billing.models import Invoice, RevenueChange, Subscription
from billing.revenue import monthly
from tests import build
from tests.billing.till import DAY, HOUR, Till

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAYS = timedelta(days=1)


def subscriber(till: Till, *prices: str, card: str = "good", **wishes: Any) -> dict[str, Any]:
    """Somebody who subscribes at Stripe without ever having been here."""
    customer = till.stripe.call("POST", "customers", email="somebody@example.com")
    till.stripe.use_card(customer["id"], card)
    items = [{"price": price} for price in prices]
    return till.stripe.call("POST", "subscriptions", customer=customer["id"], items=items, **wishes)


def every(till: Till, path: str, **params: Any) -> list[dict[str, Any]]:
    """All objects of a list, as Stripe's API gives them."""
    found = till.stripe.call("GET", path, limit=100, **params)
    assert not found["has_more"]
    return list(found["data"])


def worth(one: dict[str, Any]) -> Fraction:
    """The monthly value of a subscription as Stripe's glossary defines it."""
    if one["status"] not in ("active", "past_due"):
        return Fraction(0)
    months = {"day": Fraction(12, 365), "week": Fraction(12, 52), "month": Fraction(1), "year": Fraction(12)}
    return sum(
        (
            Fraction(item["price"]["unit_amount"] * item["quantity"])
            / (months[item["price"]["recurring"]["interval"]] * item["price"]["recurring"]["interval_count"])
            for item in one["items"]["data"]
        ),
        Fraction(0),
    )


@pytest.fixture
def market(till: Till) -> Till:
    """A month and a half of business: monthly and yearly, two currencies, a trial, a departure, missing payments, refunds."""
    month = till.sell("Membership", amount=1200)
    year = till.price(month.product.stripe_id, amount=9900, interval="year")
    euro = till.price(month.product.stripe_id, amount=1100, currency="eur")
    week = till.price(month.product.stripe_id, amount=300, interval="week")
    for price in (month, month, month, year, year, euro, week):
        subscriber(till, price.stripe_id)
    subscriber(till, month.stripe_id, trial_period_days=60)
    leaving, late, healed = (subscriber(till, month.stripe_id) for _ in range(3))
    till.stripe.call("DELETE", f"subscriptions/{leaving['id']}")
    for one in (late, healed):
        till.stripe.use_card(one["customer"], "declines")
    till.stripe.advance(31 * DAY + 2 * HOUR)
    till.stripe.use_card(healed["customer"], "good")
    till.stripe.advance(4 * DAY)
    charges = [one for one in every(till, "charges") if one["amount"] == 1200 and one["paid"]]
    till.stripe.call("POST", "refunds", charge=charges[0]["id"])
    till.stripe.call("POST", "refunds", charge=charges[1]["id"], amount=500)
    sync.reconcile()
    return till


def stripe_now(till: Till) -> datetime:
    return datetime.fromtimestamp(till.stripe.now(), UTC)


def test_30_mrr_and_members_are_stripes(market: Till) -> None:
    objects = every(market, "subscriptions", status="all")
    expected: Counter[str] = Counter()
    for one in objects:
        expected[one["currency"]] += round(worth(one))
    assert figures.monthly_revenue() == dict(expected)
    assert len({one["status"] for one in objects}) >= 4, "the market must hold active, past_due, trialing and canceled"
    now = stripe_now(market)
    counted = figures.figures(since=now - 90 * DAYS, now=now)
    active = {one["customer"] for one in objects if one["status"] in ("active", "past_due")}
    assert counted.members.active == len(active)
    assert counted.members.on_trial == len({one["customer"] for one in objects if one["status"] == "trialing"})
    assert counted.mrr == {
        currency: sum(move.net for name, move in counted.movements.items() if name == currency)
        for currency in counted.mrr
    }


def test_30_revenue_by_month_is_what_stripe_took_less_what_it_gave_back(market: Till) -> None:
    expected: dict[str, Counter[str]] = {}
    for one in every(market, "invoices"):
        if one["status"] == "paid":
            month = f"{datetime.fromtimestamp(one['status_transitions']['paid_at'], UTC):%Y-%m}"
            expected.setdefault(one["currency"], Counter())[month] += one["amount_paid"]
    for one in every(market, "refunds"):
        expected[one["currency"]][f"{datetime.fromtimestamp(one['created'], UTC):%Y-%m}"] -= one["amount"]
    found = figures.revenue_by_month(now=stripe_now(market))
    assert {
        currency: {f"{month:%Y-%m}": amount for month, amount in months if amount} for currency, months in found.items()
    } == {
        currency: {month: amount for month, amount in months.items() if amount} for currency, months in expected.items()
    }
    assert sum(amount for _, amount in found["usd"]) > 0


def test_30_failed_payments_are_the_invoices_that_failed(market: Till) -> None:
    failed = {one["data"]["object"]["id"] for one in market.stripe.events("invoice.payment_failed")}
    unpaid = [one for one in every(market, "invoices") if one["id"] in failed and one["status"] != "paid"]
    assert len(failed) == 2
    assert len(unpaid) == 1
    found = figures.failures(since=stripe_now(market) - 90 * DAYS)
    assert found.count - found.paid_since == len(unpaid)
    assert found.missing == {"usd": sum(one["amount_due"] for one in unpaid)}


def test_30_an_invoice_paid_at_the_second_attempt_failed_once(now: datetime) -> None:
    customer = build.customer(None)
    common = {
        "customer": customer,
        "currency": "usd",
        "total": 900,
        "amount_due": 900,
        "due_at": now,
        "created_at": now,
    }
    for attempts, status, paid in ((1, "paid", 900), (2, "paid", 900), (1, "open", 0), (4, "void", 0), (0, "open", 0)):
        Invoice.objects.create(
            stripe_id=f"in_{attempts}_{status}", attempt_count=attempts, status=status, amount_paid=paid, **common
        )
    found = figures.failures(since=now - DAYS)
    assert (found.count, found.paid_since, found.missing) == (3, 1, {"usd": 900})


# --- Movement ---------------------------------------------------------------------------------


def change(person: Any, before: int, after: int, *, at: datetime, currency: str = "usd") -> None:
    one = person.customers.get().subscriptions.first()
    RevenueChange.objects.create(subscription=one, at=at, currency=currency, before=before, after=after)


def test_30_every_move_of_revenue_has_stripes_name(now: datetime) -> None:
    plan, since = build.plan(), now - 30 * DAYS
    people = {
        name: build.subscribed(build.person(), plan, now=now) for name in ("new", "back", "old", "fickle", "quiet")
    }
    change(people["new"], 0, 1200, at=since)
    change(people["new"], 1200, 2000, at=since + DAYS)
    change(people["back"], 0, 900, at=since - 90 * DAYS)
    change(people["back"], 900, 0, at=since - 60 * DAYS)
    change(people["back"], 0, 1200, at=since + 2 * DAYS)
    change(people["old"], 0, 2000, at=since - DAYS)
    change(people["old"], 2000, 1500, at=since + 3 * DAYS)
    change(people["fickle"], 0, 1000, at=since + 4 * DAYS)
    change(people["fickle"], 1000, 0, at=since + 5 * DAYS)
    change(people["quiet"], 0, 700, at=since - timedelta(seconds=1))
    moved = figures.moves(since=since)
    assert vars(moved.amounts["usd"]) == {
        "new": 1200 + 1000,
        "expansion": 800,
        "reactivation": 1200,
        "contraction": -500,
        "churn": -1000,
    }
    assert {name: moved.members[name] for name in ("new", "back", "lost")} == {"new": 2, "back": 1, "lost": 1}


def test_a_second_subscription_is_expansion_and_its_end_contraction(now: datetime) -> None:
    person = build.subscribed(build.subscribed(build.person(), build.plan(), now=now), build.plan(), now=now)
    first, second = person.customers.get().subscriptions.order_by("pk")
    for one, before, after, days in ((first, 0, 1000, 9), (second, 0, 500, 8), (second, 500, 0, 7)):
        RevenueChange.objects.create(subscription=one, at=now - days * DAYS, currency="usd", before=before, after=after)
    moved = figures.moves(since=now - 30 * DAYS).amounts["usd"]
    assert (moved.new, moved.expansion, moved.contraction, moved.churn) == (1000, 500, -500, 0)


def test_churn_rate_is_those_lost_over_those_there_and_those_who_came() -> None:
    """Stripe: churned subscribers over those active 30 days ago plus the new ones of those 30 days."""
    members = figures.Members(active=100, on_trial=3, new=12, back=2, lost=10)
    there = 100 - 12 - 2 + 10
    assert members.churn_rate == pytest.approx(10 / (there + 12))
    assert figures.Members(active=0, on_trial=0, new=0, back=0, lost=0).churn_rate is None


def test_mrr_by_day_ends_at_what_it_is_now(now: datetime) -> None:
    plan = build.plan()
    person = build.subscribed(build.person(), plan, now=now, amount=1200, currency="usd", interval="month")
    change(person, 0, 900, at=now - 10 * DAYS)
    change(person, 900, 1200, at=now - 3 * DAYS)
    days = figures.figures(since=now - 30 * DAYS, now=now).mrr_by_day["usd"]
    assert len(days) == 30
    assert days[-1] == (now.date(), 1200)
    assert dict(days)[(now - 3 * DAYS).date()] == 1200
    assert dict(days)[(now - 4 * DAYS).date()] == 900
    assert dict(days)[(now - 11 * DAYS).date()] == 0


@pytest.mark.parametrize(
    ("interval", "count", "amount", "month"),
    [
        ("month", 1, 1200, 1200),
        ("month", 3, 3000, 1000),
        ("year", 1, 9900, 825),
        ("week", 1, 300, 1300),
        ("day", 1, 100, 3042),
    ],
)
def test_every_rhythm_is_counted_by_the_month(interval: str, count: int, amount: int, month: int) -> None:
    assert monthly(amount, interval, count, status="active") == month
    assert monthly(amount, interval, count, status="trialing") == 0


def test_what_is_free_makes_no_member(now: datetime) -> None:
    build.subscribed(build.person(), build.plan(), now=now, amount=0, currency="usd", interval="month")
    assert Subscription.objects.filter(figures.PAYING).count() == 0
    assert figures.figures(since=now - 30 * DAYS, now=now).members.active == 0
