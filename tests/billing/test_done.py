"""The way back from Checkout: it grants nothing, belongs to the buyer, and ends in the library."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from billing.models import Customer, Price, Purchase, Subscription
from tests import build
from tests.billing.till import DAY, Till

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def latest(till: Till) -> str:
    return str(till.stripe.store.all("checkout.session")[0]["id"])


def back(person: User, session_id: str, **query: str) -> Any:
    browser = Client()
    browser.force_login(person)
    return browser.get("/checkout/done/", {"session_id": session_id, **query})


def test_stranger_signs_in_first(till: Till) -> None:
    assert (
        Client()
        .get("/checkout/done/?session_id=cs_test_1")
        .headers["Location"]
        .startswith("/account/login/?next=/checkout/done/")
    )


def test_member_is_led_to_the_library_before_any_bell(member: User, till: Till) -> None:
    answer = back(member, latest(till))
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/library/"
    assert Subscription.objects.get().status == "active"


def test_member_is_led_to_the_library_after_the_bells(member: User, till: Till) -> None:
    till.ring_last()
    assert back(member, latest(till)).headers["Location"] == "/library/"


def test_script_is_told_where_to_go(member: User, till: Till) -> None:
    answer = back(member, latest(till), format="json")
    assert answer.json() == {"state": "ready", "next": "/library/"}
    assert "no-store" in answer.headers["Cache-Control"]


def test_waiting_page_turns_by_itself_with_and_without_scripts(member: User, till: Till) -> None:
    till.stripe.fail_next("503", times=3)
    answer = back(member, latest(till))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Setting up your access" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "billing/arrival.js" in page
    assert "style=" not in page.partition("<main")[2].partition("</main>")[0]
    till.stripe.fail_next("503", times=3)
    assert back(member, latest(till), format="json").json() == {"state": "waiting", "next": None}


@pytest.mark.parametrize("whose", ["another person's", "forged", "malformed", "empty", "markup"])
def test_foreign_session_grants_nothing_c118(member: User, till: Till, plan: Any, whose: str) -> None:
    thief = build.person("theo@example.com")
    build.customer(thief)
    names = {"forged": "cs_test_" + "a" * 58, "malformed": "../customers/cus_1", "empty": "", "markup": "<script>"}
    answer = back(thief, names.get(whose, latest(till)))
    assert answer.status_code == 404
    assert not Subscription.objects.exists()
    assert b"<script>" not in answer.content


def test_session_of_a_guest_belongs_to_nobody_yet(newcomer: User, till: Till) -> None:
    price = till.sell()
    made = till.stripe.call(
        "POST",
        "checkout/sessions",
        mode="subscription",
        success_url="http://x/",
        line_items=[{"price": price.stripe_id}],
    )
    till.press(made["url"], "pay", email=newcomer.email)
    build.customer(newcomer)
    assert back(newcomer, made["id"]).status_code == 404


def test_unpaid_session_says_so(newcomer: User, till: Till, press: Any) -> None:
    press(newcomer, till.sell())
    answer = back(newcomer, latest(till))
    assert answer.status_code == 200
    assert b"not finished" in answer.content


def test_bank_debit_on_its_way_is_said_plainly_and_opens_later(newcomer: User, till: Till, press: Any) -> None:
    atlas = till.sell("Atlas", interval="once")
    till.press(press(newcomer, atlas).headers["Location"], "async")
    answer = back(newcomer, latest(till))
    assert b"Your bank is moving the money" in answer.content
    assert Purchase.objects.get().state == "pending"
    till.stripe.advance(5 * DAY)
    till.ring_last()
    assert Purchase.objects.get().state == "paid"
    assert back(newcomer, latest(till)).headers["Location"] == "/library/"


def test_bank_debit_that_comes_back_is_said_honestly(newcomer: User, till: Till, press: Any) -> None:
    atlas = till.sell("Atlas", interval="once")
    till.press(press(newcomer, atlas).headers["Location"], "async", fails="1")
    assert b"Your bank is moving the money" in back(newcomer, latest(till)).content
    till.stripe.advance(8 * DAY)
    till.ring_last()
    cache.clear()
    page = back(newcomer, latest(till)).content
    assert b"The payment did not go through" in page
    assert Purchase.objects.get().state == "failed"
    assert press(newcomer, atlas).headers["Location"].startswith(till.stripe.url)


@pytest.mark.parametrize("fails", ["", "1"])
def test_plan_paid_by_bank_debit_waits_and_is_not_paid_twice(
    newcomer: User, till: Till, press: Any, fails: str
) -> None:
    till.stripe.configure(bank_debits="incomplete")
    price = till.sell()
    till.press(press(newcomer, price).headers["Location"], "async", fails=fails)
    assert b"Your bank is moving the money" in back(newcomer, latest(till)).content
    assert press(newcomer, price).headers["Location"] == "/account/"
    till.stripe.advance(8 * DAY)
    till.ring_last()
    cache.clear()
    answer = back(newcomer, latest(till))
    if fails:
        assert b"The payment did not go through" in answer.content
    else:
        assert answer.headers["Location"] == "/library/"


def test_purchase_that_was_given_back_is_not_called_a_failure(newcomer: User, till: Till, press: Any) -> None:
    till.press(press(newcomer, till.sell("Atlas", interval="once")).headers["Location"], "pay")
    till.stripe.refund(latest(till))
    till.ring_last()
    assert back(newcomer, latest(till)).status_code == 404


def test_impatient_polling_asks_stripe_for_a_customer_at_most_every_two_seconds(member: User, till: Till) -> None:
    Price.objects.update(active=False)
    till.stripe.calls.clear()
    for _ in range(5):
        back(member, latest(till), format="json")
    assert till.stripe.calls.count(("GET", f"/v1/customers/{Customer.objects.get().stripe_id}")) == 1
    cache.clear()
    back(member, latest(till))
    assert till.stripe.calls.count(("GET", f"/v1/customers/{Customer.objects.get().stripe_id}")) == 2


def test_only_reading_comes_back(member: User) -> None:
    browser = Client()
    browser.force_login(member)
    assert browser.post("/checkout/done/").status_code == 405
