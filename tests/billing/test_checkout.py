"""The click on a price: who is sent where, and what is never paid twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import checkout
from billing.models import Checkout, Customer, Grant, Price, Product, Purchase, Subscription
from tests import build
from tests.billing.till import DAY, Till

pytestmark = pytest.mark.django_db
Press = Callable[[User, Price], HttpResponse]


def session(till: Till) -> dict[str, Any]:
    return till.stripe.store.all("checkout.session")[0]


def test_newcomer_is_sent_to_stripe_with_all_that_binds_the_session(newcomer: User, till: Till, press: Press) -> None:
    answer = press(newcomer, till.sell())
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(till.stripe.url)
    made = session(till)
    bound = {"user": str(newcomer.pk), "site": "http://testserver"}
    assert made["client_reference_id"] == str(newcomer.pk)
    assert made["metadata"] == made["_subscription"] == bound
    assert made["success_url"] == "http://testserver/checkout/done/?session_id={CHECKOUT_SESSION_ID}"
    assert made["cancel_url"] == "http://testserver/plans/"
    assert made["allow_promotion_codes"] is True
    customer = Customer.objects.get()
    assert (customer.user, customer.stripe_id, customer.email) == (newcomer, made["customer"], newcomer.email)
    assert till.stripe.store.all("customer")[0]["metadata"] == bound


def test_tax_and_promotion_codes_follow_the_settings(newcomer: User, till: Till, press: Press, settings: Any) -> None:
    settings.STRIPE_AUTOMATIC_TAX, settings.STRIPE_PROMOTION_CODES = True, False
    press(newcomer, till.sell())
    assert session(till)["automatic_tax"]["enabled"] is True
    assert not session(till)["allow_promotion_codes"]


def test_second_click_reuses_the_open_session(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    first, second = press(newcomer, price), press(newcomer, price)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(till.stripe.store.all("checkout.session")) == 1


def test_other_plan_expires_the_session_before_c117(newcomer: User, till: Till, press: Press) -> None:
    monthly = till.sell()
    yearly = till.price(monthly.product.stripe_id, amount=12000, interval="year")
    press(newcomer, monthly)
    press(newcomer, yearly)
    assert [one["status"] for one in till.stripe.store.all("checkout.session")] == ["open", "expired"]


def test_expired_session_is_replaced_c117(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    first = press(newcomer, price).headers["Location"]
    till.stripe.advance(2 * DAY)
    second = press(newcomer, price).headers["Location"]
    assert first != second
    assert session(till)["status"] == "open"


def test_things_bought_outright_keep_sessions_of_their_own(newcomer: User, till: Till, press: Press) -> None:
    press(newcomer, till.sell("Atlas", interval="once"))
    press(newcomer, till.sell("Almanac", interval="once"))
    assert [one["status"] for one in till.stripe.store.all("checkout.session")] == ["open", "open"]


def test_member_who_pays_already_is_sent_to_the_account_c114(member: User, till: Till, press: Press) -> None:
    till.ring_last()
    other = till.sell("Patrons", amount=3000)
    answer = press(member, other)
    assert answer.headers["Location"] == "/account/"
    assert len(till.stripe.store.all("checkout.session")) == 1


def test_member_whose_bell_has_not_rung_pays_no_second_time(member: User, till: Till, press: Press) -> None:
    """Paid a moment ago in another tab: our rows know nothing of it, but the stored session does."""
    assert not Subscription.objects.exists()
    answer = press(member, Price.objects.get())
    assert answer.headers["Location"] == "/account/"
    assert Subscription.objects.get().status == "active"


@pytest.mark.parametrize("status", ["trialing", "active", "past_due", "unpaid", "paused"])
def test_standing_subscription_is_not_doubled(
    newcomer: User, till: Till, press: Press, now: datetime, status: str
) -> None:
    price = till.sell()
    build.subscribed(newcomer, price.product, now=now, status=status)
    assert press(newcomer, price).headers["Location"] == "/account/"


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_ended_subscription_may_be_followed_by_a_new_one(
    newcomer: User, till: Till, press: Press, now: datetime, status: str
) -> None:
    price = till.sell()
    build.subscribed(newcomer, price.product, now=now, status=status, ended_at=now)
    Customer.objects.all().update(current=False)
    assert press(newcomer, price).status_code == 303


def test_thing_bought_once_is_not_sold_again(newcomer: User, till: Till, press: Press) -> None:
    atlas = till.sell("Atlas", interval="once")
    assert atlas.product.kind == Product.Kind.ITEM
    till.press(press(newcomer, atlas).headers["Location"], "pay")
    till.ring_last()
    assert Purchase.objects.get().state == "paid"
    assert press(newcomer, atlas).headers["Location"] == "/account/"


def test_withdrawn_and_unknown_prices_lead_back_to_the_plans_c115(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    Price.objects.update(active=False)
    assert press(newcomer, price).headers["Location"] == "/plans/"
    price.stripe_id = "price_unknown"
    assert press(newcomer, price).headers["Location"] == "/plans/"
    assert not till.stripe.store.all("customer")


def test_price_withdrawn_at_stripe_alone_is_refused_in_words(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    till.stripe.call("POST", f"prices/{price.stripe_id}", active=False)
    assert press(newcomer, price).headers["Location"] == "/plans/"


def test_quantity_and_price_in_the_form_are_not_read_c116(newcomer: User, till: Till, client_for: Any) -> None:
    price = till.sell()
    client_for(newcomer).post(
        f"/checkout/{price.stripe_id}/", {"quantity": "-5", "unit_amount": "1", "price": "price_x"}
    )
    assert session(till)["_items"] == [{"price": price.stripe_id, "quantity": 1, "amount": 1200}]


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/checkout/sessions"])
def test_stripe_down_is_a_503_in_words_and_leaves_no_half_row_c120(
    newcomer: User, till: Till, press: Press, path: str
) -> None:
    price = till.sell()
    till.stripe.fail_next("503", times=3, path=path)
    answer = press(newcomer, price)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert b"Nothing was charged" in answer.content
    assert not Checkout.objects.exclude(session_id="").exists()
    assert press(newcomer, price).status_code == 303
    assert len(till.stripe.store.all("customer")) == 1


def test_hanging_stripe_holds_nobody_for_ten_seconds(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    till.stripe.fail_next("hang", times=9, seconds=20)
    began = timezone.now()
    assert press(newcomer, price).status_code == 503
    assert (timezone.now() - began).total_seconds() < 10


def test_customer_whose_row_was_lost_is_found_again_c121(newcomer: User, till: Till, press: Press) -> None:
    """Stripe made the customer, and our commit failed: the next try gets the same one."""
    checkout.customer_for(newcomer.pk, newcomer.email)
    Customer.objects.all().delete()
    assert press(newcomer, till.sell()).status_code == 303
    assert len(till.stripe.store.all("customer")) == 1


def test_customer_unknown_to_stripe_is_replaced_once(newcomer: User, till: Till, press: Press) -> None:
    build.customer(newcomer, stripe_id="cus_wiped")
    assert press(newcomer, till.sell()).status_code == 303
    assert newcomer.customers.filter(current=True).exclude(stripe_id="cus_wiped").count() == 1


def test_trial_is_given_once_a_person(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell(metadata={"trial_days": "14"})
    assert price.trial_days == 14
    till.press(press(newcomer, price).headers["Location"], "pay")
    till.ring_last()
    found = Subscription.objects.get()
    assert found.status == "trialing"
    till.stripe.call("DELETE", f"subscriptions/{found.stripe_id}")
    till.ring_last()
    press(newcomer, price)
    assert session(till)["_trial_days"] == 0


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_a_form_starts_a_checkout(newcomer: User, till: Till, client_for: Any, method: str) -> None:
    assert getattr(client_for(newcomer), method)(f"/checkout/{till.sell().stripe_id}/").status_code == 405


# --- What could be paid twice, or be stuck ------------------------------------------------------


def test_failure_of_stripe_is_not_repeated_for_a_day_by_our_key(newcomer: User, till: Till, press: Press) -> None:
    """Stripe answers a known key as before, its own failures too; after one, the next click comes with another key."""
    price = till.sell()
    keys: list[str | None] = []
    handler = till.stripe.httpd.RequestHandlerClass
    till.stripe.fail_next("500", times=2, path="/v1/customers")
    with pytest.MonkeyPatch.context() as patch:
        once = handler.serve_api

        def listening(self: Any, method: str, path: str, text: str) -> None:
            if (method, path) == ("POST", "/v1/customers"):
                keys.append(self.headers.get("Idempotency-Key"))
            once(self, method, path, text)

        patch.setattr(handler, "serve_api", listening)
        assert press(newcomer, price).status_code == 503
        assert press(newcomer, price).status_code == 303
    assert keys[0] == keys[1] != keys[2]
    assert len(till.stripe.store.all("customer")) == 1


def test_price_unknown_to_stripe_costs_no_customer_after_another(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    Price.objects.update(stripe_id="price_lost")
    price.stripe_id = "price_lost"
    for _ in range(3):
        assert press(newcomer, price).headers["Location"] == "/plans/"
    assert len(till.stripe.store.all("customer")) == Customer.objects.count() == 1


def test_customer_deleted_at_stripe_is_replaced_c121(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    press(newcomer, price)
    till.stripe.call("DELETE", f"customers/{Customer.objects.get().stripe_id}")
    assert press(newcomer, price).status_code == 303
    assert newcomer.customers.get(current=True).stripe_id == session(till)["customer"]
    assert session(till)["status"] == "open"


def test_person_deleted_meanwhile_gets_no_customer(newcomer: User, till: Till) -> None:
    number, email = newcomer.pk, newcomer.email
    newcomer.delete()
    with pytest.raises(checkout.PersonGone):
        checkout.start(number, email, till.sell())
    assert not Customer.objects.exists()


def test_two_persons_with_one_address_at_stripe_stay_two(till: Till, press: Press, client_for: Any) -> None:
    """Stripe knows several customers of one address; ours is found by nothing but its id."""
    price = till.sell()
    till.stripe.call("POST", "customers", email="twin@example.com")
    press(build.person("twin@example.com"), price)
    assert len(till.stripe.store.all("customer")) == 2
    assert Customer.objects.get().stripe_id == session(till)["customer"]


def test_session_that_is_being_paid_is_not_followed_by_another(newcomer: User, till: Till, press: Press) -> None:
    """The bank is confirming the monthly plan in one tab while the yearly one is pressed in another."""
    monthly = till.sell()
    yearly = till.price(monthly.product.stripe_id, amount=12000, interval="year")
    press(newcomer, monthly)
    till.stripe.fail_next("400", path="/expire")
    answer = press(newcomer, yearly)
    assert answer.headers["Location"] == "/account/"
    assert len(till.stripe.store.all("checkout.session")) == 1


def test_unfinished_subscription_is_finished_and_not_doubled(
    newcomer: User, till: Till, press: Press, now: datetime, client_for: Any
) -> None:
    price = till.sell()
    build.subscribed(newcomer, price.product, now=now, status="incomplete")
    browser = client_for(newcomer)
    page = browser.post(f"/checkout/{price.stripe_id}/", follow=True).content.decode()
    assert "A payment for this was begun before" in page
    assert "Not paid yet" in page


def test_thing_that_is_subscribed_to_is_not_subscribed_to_twice(
    newcomer: User, till: Till, press: Press, now: datetime
) -> None:
    price = till.sell("Magazine", metadata={"kind": "item"})
    assert price.product.kind == Product.Kind.ITEM
    build.subscribed(newcomer, price.product, now=now)
    assert press(newcomer, price).headers["Location"] == "/account/"


def test_thing_bought_outright_beside_a_plan_is_sold(member: User, till: Till, press: Press) -> None:
    till.ring_last()
    atlas = till.sell("Atlas", interval="once")
    till.press(press(member, atlas).headers["Location"], "pay")
    till.ring_last()
    assert Purchase.objects.get().state == "paid"
    assert session(till)["customer"] == Customer.objects.get().stripe_id


def test_thing_given_for_good_is_not_sold(newcomer: User, till: Till, press: Press, now: datetime) -> None:
    atlas = till.sell("Atlas", interval="once")
    grant = Grant.objects.create(user=newcomer, product=atlas.product, reason="Thanks", ends_at=now + timedelta(days=9))
    assert press(newcomer, atlas).status_code == 303
    grant.ends_at = None
    grant.save()
    assert press(newcomer, atlas).headers["Location"] == "/account/"


def test_payment_on_its_way_is_not_asked_for_twice(newcomer: User, till: Till, client_for: Any) -> None:
    atlas = till.sell("Atlas", interval="once")
    browser = client_for(newcomer)
    till.press(browser.post(f"/checkout/{atlas.stripe_id}/").headers["Location"], "async")
    page = browser.post(f"/checkout/{atlas.stripe_id}/", follow=True).content.decode()
    assert "Your payment for this is on its way" in page
    assert "arrives in a few days" in page
    assert len(till.stripe.store.all("checkout.session")) == 1


@pytest.mark.parametrize("quantity", ["0", "-1", "9999999999", "NaN", "", "1e3"])
def test_nonsense_for_a_quantity_is_one_c116(newcomer: User, till: Till, client_for: Any, quantity: str) -> None:
    price = till.sell()
    answer = client_for(newcomer).post(f"/checkout/{price.stripe_id}/", {"quantity": quantity})
    assert answer.status_code == 303
    assert session(till)["_items"][0]["quantity"] == 1


def test_trial_without_a_card_follows_the_price(newcomer: User, till: Till, press: Press) -> None:
    product = till.sell(metadata={"trial_days": "7", "trial_card": "optional"}).product
    price = till.price(
        product.stripe_id, amount=9900, interval="year", metadata={"trial_days": "30", "trial_end": "create_invoice"}
    )
    press(newcomer, price)
    made = session(till)
    assert (made["_trial_days"], made["_missing"]) == (30, "create_invoice")
    assert made["payment_method_collection"] == "if_required"
