"""The click that leads to the Billing Portal."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Customer, Product
from tests import build
from tests.billing.till import Till

pytestmark = pytest.mark.django_db


def latest(till: Till) -> dict[str, Any]:
    return till.stripe.store.all("billing_portal.session")[0]


def test_member_is_sent_to_the_portal_and_comes_back_to_a_page_of_ours(
    member: User, till: Till, client_for: Any
) -> None:
    answer = client_for(member).post("/portal/")
    assert answer.status_code == 303
    assert answer.headers["Location"] == latest(till)["url"]
    assert latest(till)["return_url"] == "http://testserver/portal/done/"
    assert latest(till)["customer"] == Customer.objects.get().stripe_id


@pytest.mark.parametrize(
    ("asked", "opened"),
    [
        ("payment_method_update", "payment_method_update"),
        ("subscription_cancel", "subscription_cancel"),
        ("customer_update", None),
        ("x" * 999, None),
    ],
)
def test_only_known_steps_are_opened(member: User, till: Till, client_for: Any, asked: str, opened: str | None) -> None:
    till.ring_all()
    assert client_for(member).post("/portal/", {"flow": asked}).status_code == 303
    assert latest(till)["_flow"] == opened


def test_newcomer_without_a_customer_is_shown_the_plans_c122(newcomer: User, till: Till, client_for: Any) -> None:
    assert client_for(newcomer).post("/portal/").headers["Location"] == "/plans/"


def test_portal_of_the_customer_that_pays_is_opened(member: User, till: Till, client_for: Any, now: datetime) -> None:
    till.ring_all()
    build.customer(member, current=False)
    client_for(member).post("/portal/")
    assert latest(till)["customer"] == member.customers.get(subscriptions__products=Product.objects.get()).stripe_id


def test_stripe_down_is_a_503_in_words(member: User, till: Till, client_for: Any) -> None:
    till.stripe.fail_next("503", times=3)
    answer = client_for(member).post("/portal/")
    assert answer.status_code == 503
    assert b"stays open to you" in answer.content


def test_customer_deleted_at_stripe_is_told_and_no_500(member: User, till: Till, client_for: Any) -> None:
    till.stripe.call("DELETE", f"customers/{Customer.objects.get().stripe_id}")
    assert client_for(member).post("/portal/").headers["Location"] == "/account/"


def test_stranger_signs_in_and_get_is_refused(newcomer: User, client_for: Any) -> None:
    assert Client().post("/portal/").headers["Location"].startswith("/account/login/")
    assert client_for(newcomer).get("/portal/").status_code == 405
