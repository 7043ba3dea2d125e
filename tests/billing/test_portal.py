"""The click that leads to the Billing Portal."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils.formats import date_format

from accounts.models import User
from billing import sync
from billing.models import Customer, Product, Subscription
from tests import build
from tests.billing.till import Till

pytestmark = [pytest.mark.django_db, pytest.mark.once]


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
        ("subscription_update", "subscription_update"),
        ("customer_update", None),
        ("x" * 999, None),
    ],
)
def test_only_known_steps_are_opened(member: User, till: Till, client_for: Any, asked: str, opened: str | None) -> None:
    till.ring_last()
    assert client_for(member).post("/portal/", {"flow": asked}).status_code == 303
    assert latest(till)["_flow"] == opened


def test_newcomer_without_a_customer_is_shown_the_plans_c122(newcomer: User, till: Till, client_for: Any) -> None:
    assert client_for(newcomer).post("/portal/").headers["Location"] == "/plans/"


def test_portal_of_the_customer_that_pays_is_opened(member: User, till: Till, client_for: Any, now: datetime) -> None:
    till.ring_last()
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


@pytest.fixture
def nadia(member: User, till: Till, client_for: Any) -> Client:
    """Nadia's browser; her plan is known to the site."""
    till.ring_last()
    nadia: Client = client_for(member)
    return nadia


def ask(nadia: Client, flow: str, **fields: str) -> None:
    assert nadia.post("/portal/", {"flow": flow, **fields}).status_code == 303


def back(nadia: Client) -> str:
    """Come back from the portal, and read the account page."""
    answer = nadia.get("/portal/done/", follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    return str(answer.content.decode())


def at_stripe(till: Till, **fields: Any) -> None:
    found = till.stripe.store.all("subscription")[0]
    till.stripe.store.save(found | fields)


def test_17_member_who_cancelled_is_told_the_last_day_before_any_bell(nadia: Client, till: Till) -> None:
    ask(nadia, "subscription_cancel")
    till.press(latest(till)["url"], "", act="cancel", subscription=Subscription.objects.get().stripe_id)
    page = back(nadia)
    until = date_format(Subscription.objects.get().current_period_end, "DATE_FORMAT")
    assert page.count(f"You keep access until {until}.") == 2
    assert "Cancelled." in page
    assert "Keep the plan" in page


def test_member_who_changed_their_mind_is_told_that_nothing_was_cancelled(nadia: Client) -> None:
    ask(nadia, "subscription_cancel")
    assert "Nothing was cancelled: your plan goes on." in back(nadia)


def test_member_who_changed_the_plan_is_told_what_it_is_now(nadia: Client, till: Till) -> None:
    dear = till.sell("Patrons", amount=3000)
    ask(nadia, "subscription_update")
    till.press(latest(till)["url"], "", price=dear.stripe_id, subscription=Subscription.objects.get().stripe_id)
    assert "Your plan is Patrons, $30." in back(nadia)


def test_member_who_paused_is_told_what_that_means(nadia: Client, till: Till, settings: Any) -> None:
    settings.STRIPE_PAUSE = True
    assert 'value="subscription_pause"' in nadia.get("/account/").content.decode()
    nadia.post("/portal/", {"flow": "subscription_pause"})
    at_stripe(till, status="paused", status_details={"paused": {"subscription": {"type": "pause_requested"}}})
    page = back(nadia)
    assert "Paused. Nothing is charged and nothing is open while it rests." in page
    assert "Paused, as you wished" in page
    assert "Resume the plan" in page


def test_pausing_is_offered_only_where_the_owner_allows_it(nadia: Client, settings: Any) -> None:
    assert 'value="subscription_pause"' not in nadia.get("/account/").content.decode()


def test_step_that_the_portal_does_not_allow_opens_its_first_page(nadia: Client, till: Till) -> None:
    till.stripe.fail_next("400", path="/v1/billing_portal/sessions")
    ask(nadia, "subscription_update")
    assert latest(till)["_flow"] is None


def test_member_whose_trial_ended_without_a_card_goes_on_with_one(nadia: Client, till: Till) -> None:
    paused = {"paused": {"subscription": {"type": "trial_end_without_payment_method"}}}
    at_stripe(till, status="paused", status_details=paused, default_payment_method=None)
    cards(till, None)
    sync.converge(Customer.objects.get().stripe_id)
    page = nadia.get("/account/").content.decode()
    assert "the trial is over, and there is no card yet" in page
    assert "Your trial is over. Add a card" in page
    ask(nadia, "payment_method_update")
    assert "Your card is saved." in back(nadia)
    assert Subscription.objects.get().status == "paused"
    ask(nadia, "payment_method_update")
    cards(till, "pm_1")
    assert "Your card is saved, and your plan goes on." in back(nadia)
    assert Subscription.objects.get().status == "active"


def test_member_who_only_looked_around_in_the_portal_wakes_nothing(nadia: Client, till: Till) -> None:
    """A card is there, but going on was not what they pressed: it would be charged."""
    paused = {"paused": {"subscription": {"type": "trial_end_without_payment_method"}}}
    at_stripe(till, status="paused", status_details=paused)
    for flow in ("", "subscription_cancel"):
        ask(nadia, flow)
        back(nadia)
    assert till.stripe.store.all("subscription")[0]["status"] == "paused"


def test_way_back_alone_wakes_and_asks_nothing(nadia: Client, till: Till) -> None:
    """Somebody else's page may send a member there; without the click before it does nothing."""
    till.stripe.calls.clear()
    assert nadia.get("/portal/done/?flow=payment_method_update").headers["Location"] == "/account/"
    assert till.stripe.calls == []


def test_way_back_while_stripe_is_away_says_so(nadia: Client, till: Till) -> None:
    ask(nadia, "subscription_cancel")
    till.stripe.fail_next("503", times=9)
    assert "Stripe has not told us yet what you changed" in back(nadia)


def test_button_of_one_plan_opens_the_portal_for_that_one(nadia: Client, member: User, till: Till, now: Any) -> None:
    other = build.customer(member, current=False, stripe_id=till.stripe.call("POST", "customers", email="x@y.zz")["id"])
    Subscription.objects.create(stripe_id="sub_other", customer=other, status="active", created_at=now)
    ask(nadia, "", subscription="sub_other")
    assert latest(till)["customer"] == other.stripe_id


def test_button_about_somebody_else_s_plan_opens_one_s_own(nadia: Client, till: Till, subscriber: User) -> None:
    ask(nadia, "subscription_cancel", subscription=subscriber.customers.get().subscriptions.get().stripe_id)
    assert latest(till)["customer"] == Subscription.objects.exclude(customer__user=subscriber).get().customer.stripe_id


def cards(till: Till, card: str | None) -> None:
    customer = till.stripe.store.all("customer")[0]
    settings = customer["invoice_settings"] | {"default_payment_method": card}
    till.stripe.store.save(customer | {"invoice_settings": settings})
