"""What a person sees of their money: plans, purchases, grants, invoices and refunds, and the way to each invoice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Customer, Grant, Invoice, Product, Purchase, Refund, Subscription
from tests import build
from tests.billing.till import DAY, Till

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def till(db: None, stripe: Any) -> Till:
    return Till(stripe)


@pytest.fixture
def member(newcomer: User, till: Till, client_for: Any) -> User:
    """Nadia has paid for a plan, and the bells have rung."""
    till.press(client_for(newcomer).post(f"/checkout/{till.sell().stripe_id}/").headers["Location"], "pay")
    till.ring_last()
    return newcomer


def read(browser: Client) -> str:
    return str(browser.get("/account/").content.decode())


def test_member_finds_the_invoice_and_is_led_to_stripe_s_page_of_it(member: User, till: Till, client_for: Any) -> None:
    browser = client_for(member)
    invoice = Invoice.objects.get()
    page = read(browser)
    assert f'href="/account/invoices/{invoice.stripe_id}/"' in page
    assert invoice.number in page
    assert "Paid" in page
    at_stripe = till.stripe.call("GET", f"invoices/{invoice.stripe_id}")["hosted_invoice_url"]
    assert at_stripe not in page
    answer = browser.get(f"/account/invoices/{invoice.stripe_id}/")
    assert (answer.status_code, answer.headers["Location"]) == (303, at_stripe)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_invoice_of_another_person_does_not_exist(member: User, client_for: Any, subscriber: User) -> None:
    path = f"/account/invoices/{Invoice.objects.get().stripe_id}/"
    assert client_for(subscriber).get(path).status_code == 404
    assert Client().get(path).headers["Location"].startswith("/account/login/")
    assert client_for(member).get("/account/invoices/in_forged/").status_code == 404


def test_invoice_that_stripe_says_is_another_s_is_not_shown(member: User, till: Till, client_for: Any) -> None:
    """Our row says it is theirs, Stripe says it is not: Stripe is believed."""
    invoice = till.stripe.store.all("invoice")[0]
    till.stripe.store.save(invoice | {"customer": till.stripe.call("POST", "customers", email="x@y.zz")["id"]})
    answer = client_for(member).get(f"/account/invoices/{invoice['id']}/", follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    assert "Stripe has no page for this invoice" in answer.content.decode()


def test_stripe_away_is_said_at_the_click_on_an_invoice_c120(member: User, till: Till, client_for: Any) -> None:
    till.stripe.fail_next("503", times=3)
    answer = client_for(member).get(f"/account/invoices/{Invoice.objects.get().stripe_id}/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_18_late_payer_has_one_button_and_a_date(member: User, till: Till, client_for: Any) -> None:
    till.stripe.renew(Subscription.objects.get().stripe_id, card="declines")
    till.ring_last()
    owed = Invoice.objects.get(status="open")
    browser = client_for(member)
    banner = browser.get("/").content.decode().partition('class="banner"')[2].partition("</div>")[0]
    assert "Your last payment did not go through. Everything stays open to you until" in banner
    assert banner.count("<a ") + banner.count("<button") == 1
    assert f'href="/account/invoices/{owed.stripe_id}/"' in banner
    assert "Please pay by" in read(browser)
    till.stripe.pay_invoice(owed.stripe_id)
    till.ring_last()
    assert 'class="banner"' not in browser.get("/").content.decode()


def test_18_lock_out_is_never_silent(member: User, client_for: Any, now: datetime) -> None:
    Subscription.objects.update(status="past_due", unpaid_since=now - timedelta(days=30))
    assert "Your plan is on hold, because a payment is missing." in client_for(member).get("/").content.decode()


def test_buyer_sees_what_is_on_its_way_and_what_came_back(newcomer: User, till: Till, client_for: Any) -> None:
    browser = client_for(newcomer)
    atlas = till.sell("Atlas", interval="once", amount=900)
    till.press(browser.post(f"/checkout/{atlas.stripe_id}/").headers["Location"], "async")
    till.ring_last()
    assert "Your payment arrives in a few days" in read(browser)
    till.stripe.advance(8 * DAY)
    till.ring_last()
    page = read(browser)
    assert "Atlas" in page
    assert "Yours" in page
    till.stripe.refund(till.stripe.store.all("checkout.session")[0]["id"])
    till.ring_last()
    page = read(browser)
    assert "Given back, and closed" in page
    assert "· Given back" in page
    assert "Sent to your bank" in page


def test_person_sees_grants_with_their_end(newcomer: User, plan: Product, client_for: Any, now: datetime) -> None:
    Grant.objects.create(user=newcomer, product=plan, reason="Thanks", ends_at=datetime(2100, 3, 1, tzinfo=now.tzinfo))
    Grant.objects.create(user=newcomer, product=build.item(name="Atlas"), reason="Thanks")
    Grant.objects.create(
        user=newcomer,
        product=build.item(name="Old"),
        reason="Over",
        starts_at=now - timedelta(days=2),
        ends_at=now - timedelta(days=1),
    )
    page = read(client_for(newcomer))
    for text in ("until March 1, 2100", "Atlas", "for good"):
        assert text in page
    assert "Old" not in page


def test_page_costs_as_many_queries_for_much_as_for_little(
    subscriber: User, client_for: Any, now: datetime, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    holder = subscriber.customers.get()
    for number in range(30):
        invoice = build.invoice(holder, now=now, status="paid", number=f"L-{number}")
        Refund.objects.create(
            stripe_id=f"re_{number}",
            customer=holder,
            payment_intent="pi",
            invoice=invoice,
            amount=1,
            currency="usd",
            status="succeeded",
            created_at=now,
        )
        Purchase.objects.create(
            session_id=f"cs_{number}",
            customer=holder,
            product=build.item(),
            amount=1,
            currency="usd",
            state="paid",
            created_at=now,
        )
    browser = client_for(subscriber)
    with django_assert_max_num_queries(10):
        page = read(browser)
    assert "All your invoices" in page
    with django_assert_max_num_queries(6):
        assert browser.get("/account/invoices/").content.decode().count("L-") == 30


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"status": "paid"}, "Paid"),
        ({"status": "paid", "amount_refunded": 1200}, "Given back"),
        ({"status": "paid", "amount_refunded": 200}, "Paid, $2 given back"),
        ({"status": "paid", "disputed": True}, "Disputed"),
        ({"status": "open"}, "To be paid"),
        ({"status": "open", "needs_action": True}, "Confirm it with your bank"),
        ({"status": "void"}, "Called off"),
        ({"status": "uncollectible"}, "Not collected"),
        ({"status": "a_word_to_come"}, "a_word_to_come"),
    ],
)
def test_invoice_is_told_in_words(
    newcomer: User, client_for: Any, now: datetime, fields: dict[str, Any], state: str
) -> None:
    build.invoice(build.customer(newcomer), now=now, **fields)
    assert f"· {state}" in read(client_for(newcomer))


def test_person_without_an_invoice_is_told_so(newcomer: User, client_for: Any) -> None:
    assert "There is none yet." in client_for(newcomer).get("/account/invoices/").content.decode()


def test_deleted_customer_s_invoices_stay_in_sight(member: User, client_for: Any, till: Till) -> None:
    till.stripe.call("DELETE", f"customers/{Customer.objects.get().stripe_id}")
    till.ring_last()
    assert Invoice.objects.get().number in read(client_for(member))
