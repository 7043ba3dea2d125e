"""Paying without an account: who is sent where, and that nothing of it is anybody's before it is claimed."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import claims, entitlements
from billing.models import Customer, Notice, Purchase, Subscription
from tests import build
from tests.billing.conftest import Guest
from tests.billing.till import DAY, Till

pytestmark = pytest.mark.django_db


def sessions(till: Till) -> list[dict[str, Any]]:
    return list(till.stripe.store.all("checkout.session"))


def back(browser: Client, till: Till, **query: str) -> Any:
    return browser.get("/checkout/done/", {"session_id": sessions(till)[0]["id"], **query})


def test_02_stranger_is_sent_to_stripe_at_once_without_a_customer(guest: Guest, till: Till) -> None:
    answer = guest.press(till.sell())
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(till.stripe.url)
    made = sessions(till)[0]
    assert made["customer"] is None
    assert made["client_reference_id"] is None
    assert made["metadata"] == {"site": "http://testserver"}
    assert not Customer.objects.exists()


def test_stranger_who_buys_outright_becomes_a_customer_too(guest: Guest, till: Till) -> None:
    atlas = till.sell("Atlas", interval="once")
    till.press(guest.press(atlas).headers["Location"], "pay", email="gus@example.com")
    till.ring_last()
    assert Purchase.objects.get().customer.is_guest
    assert Customer.objects.get().email == "gus@example.com"


def test_double_click_of_a_stranger_opens_one_session_c113(guest: Guest, till: Till) -> None:
    price = till.sell()
    addresses = {guest.press(price).headers["Location"] for _ in range(3)}
    assert len(addresses) == len(sessions(till)) == 1


def test_clicks_at_once_share_a_session_before_either_is_remembered_c113(till: Till) -> None:
    """Neither has the other's Django session yet; the cookie of the form is what they share."""
    price = till.sell()
    first, second = Client(), Client()
    first.get("/plans/")
    second.cookies["csrf"] = first.cookies["csrf"].value
    addresses = {browser.post(f"/checkout/{price.stripe_id}/").headers["Location"] for browser in (first, second)}
    assert len(addresses) == len(sessions(till)) == 1


def test_two_strangers_have_sessions_of_their_own(till: Till) -> None:
    price = till.sell()
    for _ in range(2):
        browser = Client()
        browser.get("/plans/")
        browser.post(f"/checkout/{price.stripe_id}/")
    assert len(sessions(till)) == 2


def test_other_plan_of_a_stranger_expires_the_session_before_c117(guest: Guest, till: Till) -> None:
    monthly = till.sell()
    yearly = till.price(monthly.product.stripe_id, amount=12000, interval="year")
    guest.press(monthly)
    guest.press(yearly)
    assert [one["status"] for one in sessions(till)] == ["open", "expired"]
    guest.press(monthly)
    assert [one["status"] for one in sessions(till)] == ["open", "expired", "expired"]


def test_expired_session_of_a_stranger_is_replaced(guest: Guest, till: Till) -> None:
    price = till.sell()
    first = guest.press(price).headers["Location"]
    till.stripe.advance(2 * DAY)
    assert guest.press(price).headers["Location"] != first


def test_stranger_who_paid_in_another_tab_is_shown_that_and_pays_nothing_c114(guest: Guest, till: Till) -> None:
    price = till.sell()
    guest.pay(price)
    answer = guest.press(price)
    assert answer.headers["Location"] == f"/checkout/done/?session_id={sessions(till)[0]['id']}"
    assert len(sessions(till)) == 1


def test_member_in_a_browser_that_paid_as_a_guest_is_shown_that_first(guest: Guest, till: Till, newcomer: User) -> None:
    price = till.sell()
    guest.pay(price)
    guest.browser.force_login(newcomer)
    assert guest.press(price).headers["Location"].startswith("/checkout/done/")
    assert len(sessions(till)) == 1


def test_session_left_open_as_a_guest_is_closed_when_the_person_signs_in(
    guest: Guest, till: Till, newcomer: User
) -> None:
    price = till.sell()
    guest.press(price)
    guest.browser.force_login(newcomer)
    guest.press(price)
    assert [one["status"] for one in sessions(till)] == ["open", "expired"]
    assert sessions(till)[0]["customer"] == Customer.objects.get().stripe_id


def test_stranger_may_buy_again_what_has_ended(guest: Guest, till: Till) -> None:
    price = till.sell()
    guest.pay(price)
    till.ring_last()
    till.stripe.call("DELETE", f"subscriptions/{Subscription.objects.get().stripe_id}")
    till.ring_last()
    assert guest.press(price).headers["Location"].startswith(till.stripe.url)


def test_withdrawn_price_leads_a_stranger_back_to_the_plans_c115(guest: Guest, till: Till) -> None:
    price = till.sell()
    price.product.prices.update(active=False)
    assert guest.press(price).headers["Location"] == "/plans/"


@pytest.mark.parametrize("kind", ["503", "429", "nonsense", "reset"])
def test_stripe_in_trouble_is_a_503_in_words_for_strangers_too_c120(guest: Guest, till: Till, kind: str) -> None:
    price = till.sell()
    till.stripe.fail_next(kind, times=3, path="/v1/checkout/sessions")
    answer = guest.press(price)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert b"Nothing was charged" in answer.content
    till.stripe.faults.clear()
    assert guest.press(price).status_code == 303


# --- The way back -------------------------------------------------------------------------------


def test_04_guest_is_told_where_the_code_went_and_types_it_there(guest: Guest, till: Till) -> None:
    guest.pay(till.sell(), email="gus@example.com")
    page = back(guest.browser, till).content.decode()
    assert "g•••@example.com" in page
    assert "gus@example.com" not in page
    assert 'action="/account/claim/"' in page
    assert Notice.objects.get(kind="claim").customer == Customer.objects.get()
    assert back(guest.browser, till, format="json").json() == {"state": "claim", "next": None}


def test_03_guest_waits_for_stripe_without_an_error(guest: Guest, till: Till) -> None:
    guest.pay(till.sell())
    till.stripe.fail_next("503", times=3)
    answer = back(guest.browser, till)
    assert answer.status_code == 200
    assert "Setting up your access" in answer.content.decode()


def test_page_speaks_to_no_other_browser_c118(guest: Guest, till: Till, newcomer: User, client_for: Any) -> None:
    guest.pay(till.sell())
    assert back(Client(), till).headers["Location"].startswith("/account/login/?next=/checkout/done/")
    assert back(client_for(newcomer), till).status_code == 404
    assert not Customer.objects.exists()


def test_guest_by_bank_debit_is_told_that_the_code_comes_with_the_money(guest: Guest, till: Till) -> None:
    guest.pay(till.sell("Atlas", interval="once"), outcome="async")
    assert b"As soon as the payment arrives" in back(guest.browser, till).content
    assert not Notice.objects.filter(kind="claim").exists()
    till.stripe.advance(5 * DAY)
    till.ring_last()
    assert Notice.objects.filter(kind="claim").exists()
    assert back(guest.browser, till, format="json").json()["state"] == "claim"


def test_guest_who_left_without_paying_is_told_so(guest: Guest, till: Till) -> None:
    guest.press(till.sell())
    assert b"not finished" in back(guest.browser, till).content


def test_knowing_the_address_gives_nothing(guest: Guest, till: Till, client_for: Any) -> None:
    """Mallory makes an account with the very address that was paid with, and confirms it."""
    guest.pay(till.sell(), email="gus@example.com")
    till.ring_last()
    mallory = build.person("gus@example.com")
    till.ring_last()
    back(client_for(mallory), till)
    assert not list(entitlements.held(mallory.pk, now=timezone.now()))
    assert Customer.objects.get().is_guest


def test_guest_may_have_a_trial_without_a_card(guest: Guest, till: Till) -> None:
    price = till.sell(metadata={"trial_days": "14", "trial_card": "optional", "trial_end": "pause"})
    assert (price.trial_days, price.trial_card, price.trial_end) == (14, False, "pause")
    guest.press(price)
    made = sessions(till)[0]
    assert made["payment_method_collection"] == "if_required"
    assert (made["_trial_days"], made["_missing"]) == (14, "pause")


def test_trial_with_a_card_asks_for_one_and_ends_if_it_is_taken_away(guest: Guest, till: Till) -> None:
    guest.press(till.sell(metadata={"trial_days": "14"}))
    made = sessions(till)[0]
    assert made["payment_method_collection"] == "always"
    assert made["_missing"] == "cancel"


def test_what_was_bought_for_nothing_is_to_be_claimed_too(guest: Guest, till: Till) -> None:
    coupon = till.stripe.call("POST", "coupons", percent_off=100)
    till.stripe.call("POST", "promotion_codes", promotion={"type": "coupon", "coupon": coupon["id"]}, code="GIFT")
    address = guest.press(till.sell("Atlas", interval="once")).headers["Location"]
    till.press(address, "pay", email="gus@example.com", code="GIFT")
    till.ring_last()
    assert (Purchase.objects.get().state, Purchase.objects.get().amount) == ("paid", 0)
    assert Notice.objects.filter(kind="claim").count() == 1


def test_guest_s_trial_without_a_card_is_claimed_warned_of_and_paused(guest: Guest, till: Till) -> None:
    """Two weeks without a card, claimed, forgotten: it rests, and says what would wake it."""
    price = till.sell(metadata={"trial_days": "14", "trial_card": "optional", "trial_end": "pause"})
    guest.pay(price)
    till.ring_last()
    found = Subscription.objects.get()
    assert (found.status, found.card_missing) == ("trialing", True)
    guest.browser.post("/account/claim/", {"code": claims.issue(Customer.objects.get(), now=timezone.now())})
    assert "Add a card to go on after the trial." in guest.browser.get("/account/").content.decode()
    till.stripe.advance(15 * DAY)
    till.ring_last()
    found.refresh_from_db()
    assert (found.status, found.pause_reason) == ("paused", "trial_end_without_payment_method")
    page = guest.browser.get("/account/").content.decode()
    assert "Your trial is over. Add a card" in page
    address = guest.browser.post("/portal/", {"flow": "payment_method_update"}).headers["Location"]
    till.press(address, "", card="good")
    page = guest.browser.get("/portal/done/", follow=True).content.decode()
    assert "Your card is saved, and your plan goes on." in page
    found.refresh_from_db()
    assert (found.status, found.card_missing) == ("active", False)
