"""Where a person stands, in words and dates, and the banner that says when a payment is missing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory

from accounts.models import User
from billing.models import Product
from billing.standing import standing
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
        ({"status": "paused"}, "Paused"),
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


def test_others_see_no_banner_and_strangers_cost_no_query(subscriber: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert not banner(subscriber).strip()
    with django_assert_num_queries(0):
        assert not banner(AnonymousUser()).strip()
