"""Where a person stands, in words and dates, and the banner that says when a payment is missing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory

from accounts.models import User
from billing.models import Product
from billing.standing import standing, standings
from tests import build

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_newcomer_stands_nowhere(newcomer: User, lapsed: User, now: datetime) -> None:
    assert standing(newcomer.pk, now=now) is None
    assert standing(lapsed.pk, now=now) is None


def test_subscriber_reads_plan_price_and_renewal(
    newcomer: User, plan: Product, now: datetime, django_assert_num_queries: Any
) -> None:
    build.subscribed(newcomer, plan, now=now, price=build.price(plan))
    with django_assert_num_queries(1):
        found = standing(newcomer.pk, now=now)
    assert found is not None
    assert (found.plan, found.words, found.amount, found.open) == (plan.name, "Active", "$12", True)
    assert found.renews_at == now + 21 * DAY
    assert found.ends_at is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cancel_at": 9 * DAY}, "Cancelled, and open to the last day you paid for"),
        ({"status": "trialing", "trial_end": 9 * DAY}, "On trial"),
        ({"status": "past_due", "unpaid_since": -DAY}, "A payment is missing"),
        ({"status": "past_due", "unpaid_since": -8 * DAY}, "On hold until the missing payment is made"),
        ({"status": "unpaid"}, "On hold until the missing payment is made"),
        ({"status": "incomplete"}, "Not paid yet"),
        ({"status": "paused"}, "Paused"),
        ({"status": "paused", "pause_reason": "a_word_to_come"}, "Paused"),
        ({"status": "paused", "pause_reason": "pause_requested"}, "Paused, as you wished"),
        (
            {"status": "paused", "pause_reason": "trial_end_without_payment_method"},
            "Paused: the trial is over, and there is no card yet",
        ),
        ({"status": "paused", "pause_reason": "first_payment_failure"}, "Paused, because a payment failed"),
        ({"status": "paused", "pause_reason": "final_payment_failure"}, "Paused, because a payment failed"),
        ({"taken_back": "refunded"}, "Closed: your last payment was given back"),
        ({"taken_back": "disputed"}, "Closed while your bank looks into the last payment"),
        ({"collection_paused": True}, "Active, and nothing is charged for now"),
        ({"current_period_end": -3 * DAY}, "We are waiting for news from Stripe"),
    ],
)
def test_subscriber_is_told_in_words(
    newcomer: User, plan: Product, now: datetime, fields: dict[str, Any], words: str
) -> None:
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    build.subscribed(newcomer, plan, now=now, **values)
    found = standing(newcomer.pk, now=now)
    assert found is not None
    assert found.words == words
    assert found.renews_at is None or found.ends_at is None


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({}, ""),
        ({"status": "trialing", "trial_end": 9 * DAY, "card_missing": True}, "Add a card to go on after the trial."),
        ({"status": "trialing", "trial_end": 9 * DAY}, ""),
        ({"status": "incomplete"}, "Finish the payment and it opens."),
        ({"status": "unpaid"}, "It opens again as soon as the missing payment is made."),
        ({"taken_back": "disputed"}, "It opens again when that is settled"),
        ({"status": "paused", "pause_reason": "pause_requested"}, "Nothing is charged and nothing is open"),
    ],
)
def test_subscriber_is_told_what_to_do(
    newcomer: User, plan: Product, now: datetime, fields: dict[str, Any], advice: str
) -> None:
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    build.subscribed(newcomer, plan, now=now, **values)
    found = standing(newcomer.pk, now=now)
    assert found is not None
    assert found.advice.startswith(advice)
    assert bool(found.advice) == bool(advice)


def test_subscriber_sees_what_they_really_pay(newcomer: User, plan: Product, now: datetime) -> None:
    """A lasting discount is off the amount; the price's own is what it was."""
    build.subscribed(newcomer, plan, now=now, price=build.price(plan), amount=900, currency="usd")
    found = standing(newcomer.pk, now=now)
    assert found is not None
    assert found.amount == "$9"


def test_all_subscriptions_are_told_at_once(
    newcomer: User, plan: Product, now: datetime, django_assert_num_queries: Any
) -> None:
    build.subscribed(newcomer, build.item(), now=now, status="unpaid", created_at=now)
    build.subscribed(newcomer, plan, build.plan(), now=now)
    with django_assert_num_queries(1):
        found = standings(newcomer.pk, now=now)
    assert [(one.open, one.plans) for one in found] == [(True, True), (False, False)]


def test_unfinished_subscription_leads_to_its_invoice(newcomer: User, plan: Product, now: datetime) -> None:
    build.subscribed(newcomer, plan, now=now, status="incomplete")
    holder = newcomer.customers.get()
    build.invoice(holder, now=now, stripe_id="in_due", subscription=holder.subscriptions.get())
    found = standing(newcomer.pk, now=now)
    assert found is not None
    assert (found.owed, found.can_cancel) == ("in_due", False)


def test_open_subscription_comes_before_one_on_hold(newcomer: User, plan: Product, now: datetime) -> None:
    build.subscribed(newcomer, plan, now=now, created_at=now - 90 * DAY)
    build.subscribed(newcomer, build.plan(), now=now, status="unpaid", created_at=now)
    found = standing(newcomer.pk, now=now)
    assert found is not None
    assert found.open


def banner(person: Any) -> str:
    request = RequestFactory().get("/")
    request.user = person
    return str(engines["django"].get_template("billing/_banner.html").render({}, request))


def test_late_payer_sees_a_date_and_one_button(
    newcomer: User, plan: Product, now: datetime, django_assert_num_queries: Any
) -> None:
    build.subscribed(newcomer, plan, now=now, status="past_due", unpaid_since=datetime(2100, 1, 1, tzinfo=now.tzinfo))
    with django_assert_num_queries(1):
        text = banner(newcomer)
    assert "Jan. 8, 2100" in text
    assert text.count("<button") == 1
    assert 'value="payment_method_update"' in text


@pytest.mark.parametrize(
    ("fields", "text", "button"),
    [
        ({"status": "unpaid"}, "Your plan is on hold", "Update your payment"),
        ({"status": "trialing", "trial_end": 2 * DAY, "card_missing": True}, "Add a card to go on.", "Add a card"),
        (
            {"status": "paused", "pause_reason": "trial_end_without_payment_method", "card_missing": True},
            "Your trial is over.",
            "Add a card",
        ),
        ({"status": "paused", "pause_reason": "final_payment_failure"}, "Your plan is on hold", "Update your payment"),
    ],
)
def test_banner_says_what_money_wants(
    newcomer: User, plan: Product, now: datetime, fields: dict[str, Any], text: str, button: str
) -> None:
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    build.subscribed(newcomer, plan, now=now, **values)
    shown = banner(newcomer)
    assert text in shown
    assert shown.count("<button") == 1
    assert button in shown


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "trialing", "trial_end": 9 * DAY, "card_missing": True},
        {"status": "trialing", "trial_end": 2 * DAY, "card_missing": True, "cancel_at": 2 * DAY},
        {"status": "paused", "pause_reason": "pause_requested"},
        {"status": "incomplete"},
    ],
)
def test_banner_is_quiet_where_nothing_is_amiss(
    newcomer: User, plan: Product, now: datetime, fields: dict[str, Any]
) -> None:
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    build.subscribed(newcomer, plan, now=now, **values)
    assert not banner(newcomer).strip()


def test_others_see_no_banner_and_strangers_cost_no_query(subscriber: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert not banner(subscriber).strip()
    with django_assert_num_queries(0):
        assert not banner(AnonymousUser()).strip()
