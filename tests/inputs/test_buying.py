"""Bad inputs 113 to 123: the click on a price, the way back, and the portal, pressed twice, forged, stale or while Stripe is away."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from billing.models import Checkout, Customer, Price, Purchase, Subscription
from tests import build
from tests.billing.life import Life
from tests.billing.till import DAY, Till
from tests.visits import Visit

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Knock = Callable[..., Visit]


def session(till: Till) -> dict[str, Any]:
    return till.stripe.store.all("checkout.session")[0]


def led(visit: Visit, location: str, status: int = 302) -> None:
    """Hold that somebody was led on in words and that nothing was written."""
    assert (visit.status, visit.location) == (status, location)
    assert visit.before == visit.after


def test_c114_member_who_pays_already_is_led_to_the_account(
    member: User, till: Till, client_for: Any, knock: Knock
) -> None:
    till.ring_last()
    visit = knock(client_for(member), "post", f"/checkout/{Price.objects.get().stripe_id}/")
    assert (visit.status, visit.location) == (302, "/account/")
    assert len(till.stripe.store.all("checkout.session")) == 1


@pytest.mark.parametrize("price", ["price_of_nobody", "price_withdrawn", "1", "-1", "x" * 200])
def test_c115_price_that_is_not_on_the_page_is_not_sold(
    newcomer: User, till: Till, client_for: Any, knock: Knock, price: str
) -> None:
    build.price(till.sell().product, stripe_id="price_withdrawn", active=False)
    led(knock(client_for(newcomer), "post", f"/checkout/{price}/"), "/plans/")
    assert not till.stripe.store.all("checkout.session")


@pytest.mark.parametrize("price", ["%00", "..%2f..", "a b", "%c0%af", "<script>"])
def test_c115_price_that_is_no_name_is_not_found(newcomer: User, client_for: Any, knock: Knock, price: str) -> None:
    knock(client_for(newcomer), "post", f"/checkout/{price}/").refused(404)


@pytest.mark.parametrize("quantity", ["-5", "0", "9999999999", "1e3", "NaN", "١"])
def test_c116_quantity_and_price_of_a_form_are_not_read(
    newcomer: User, till: Till, client_for: Any, knock: Knock, quantity: str
) -> None:
    price = till.sell()
    form = {"quantity": quantity, "unit_amount": "1", "price": "price_x", "customer": "cus_x"}
    assert knock(client_for(newcomer), "post", f"/checkout/{price.stripe_id}/", form).status == 303
    assert session(till)["_items"] == [{"price": price.stripe_id, "quantity": 1, "amount": 1200}]


def test_c117_back_and_two_tabs_and_an_expired_session_leave_one_to_pay(
    newcomer: User, till: Till, client_for: Any
) -> None:
    browser, price = client_for(newcomer), till.sell()
    first, again = (browser.post(f"/checkout/{price.stripe_id}/")["Location"] for _ in range(2))
    assert first == again
    till.stripe.advance(2 * DAY)
    assert browser.post(f"/checkout/{price.stripe_id}/")["Location"] != first
    other = till.price(price.product.stripe_id, amount=12000, interval="year")
    browser.post(f"/checkout/{other.stripe_id}/")
    assert sorted(one["status"] for one in till.stripe.store.all("checkout.session")) == ["expired", "expired", "open"]


SESSIONS = ["another person's", "cs_test_" + "a" * 58, "../customers/cus_1", "", "<script>", "\0", "x" * 10_000]


@pytest.mark.parametrize("name", SESSIONS)
def test_c118_session_that_is_not_theirs_opens_nothing(
    member: User, newcomer: User, till: Till, client_for: Any, knock: Knock, name: str
) -> None:
    thief = build.person("theo@example.com")
    build.customer(thief)
    wanted = session(till)["id"] if name.startswith("another") else name
    visit = knock(client_for(thief), "get", "/checkout/done/", {"session_id": wanted}).refused(404)
    assert "<script>" not in visit.page
    assert not Subscription.objects.exists()


def test_c119_payment_under_another_address_is_bound_to_the_account_that_clicked(
    newcomer: User, till: Till, client_for: Any
) -> None:
    somebody = build.person("gus@example.com")
    browser = client_for(newcomer)
    price = till.sell()
    till.press(browser.post(f"/checkout/{price.stripe_id}/")["Location"], "pay", email=somebody.email)
    till.stripe.call("POST", f"customers/{Customer.objects.get().stripe_id}", email=somebody.email)
    till.ring_last()
    assert Customer.objects.get().user == newcomer
    title = build.ebook()
    file = build.file(title).get_absolute_url()
    assert browser.get(file).status_code == 302
    assert client_for(somebody).get(file).status_code == 403


@pytest.mark.parametrize("fault", ["503", "500", "429", "reset", "nonsense"])
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/checkout/sessions"])
def test_c120_stripe_away_is_said_and_leaves_no_half_row(
    newcomer: User, till: Till, client_for: Any, knock: Knock, path: str, fault: str
) -> None:
    price = till.sell()
    till.stripe.fail_next(fault, times=9, path=path)
    visit = knock(client_for(newcomer), "post", f"/checkout/{price.stripe_id}/")
    till.stripe.faults.clear()
    assert (visit.status, visit.response.headers["Retry-After"]) == (503, "30")
    assert "Nothing was charged" in visit.page
    assert len(visit.lines) == 1, visit.lines
    assert not Checkout.objects.exclude(session_id="").exists()
    assert client_for(newcomer).post(f"/checkout/{price.stripe_id}/").status_code == 303
    assert len(till.stripe.store.all("customer")) == 1


def test_c121_customer_that_stripe_made_and_we_lost_is_used_again(newcomer: User, till: Till, client_for: Any) -> None:
    price = till.sell()
    till.stripe.fail_next("503", times=9, path="/v1/checkout/sessions")
    assert client_for(newcomer).post(f"/checkout/{price.stripe_id}/").status_code == 503
    till.stripe.faults.clear()
    Customer.objects.all().delete()
    assert client_for(newcomer).post(f"/checkout/{price.stripe_id}/").status_code == 303
    assert [one["id"] for one in till.stripe.store.all("customer")] == [Customer.objects.get().stripe_id]


def test_c122_portal_of_somebody_who_never_paid_is_the_page_of_plans(
    newcomer: User, client_for: Any, till: Till, knock: Knock
) -> None:
    led(knock(client_for(newcomer), "post", "/portal/"), "/plans/")


def end(life: Life) -> None:
    life.call("DELETE", f"subscriptions/{life.subscription['id']}")


ENDS: dict[str, list[Callable[[Life], Any]]] = {
    "refund after cancel": [end, lambda life: life.refund()],
    "cancel after refund": [lambda life: life.refund(), end],
    "dispute after refund": [lambda life: life.refund(500), lambda life: life.world.dispute(life.charge)],
    "dispute after cancel": [end, lambda life: life.world.dispute(life.charge)],
}


@pytest.mark.parametrize("acts", ENDS.values(), ids=ENDS)
def test_c123_two_ends_are_one_end(newcomer: User, till: Till, acts: list[Callable[[Life], Any]]) -> None:
    life = Life(till, newcomer)
    life.subscribe()
    till.ring_last()
    assert life.is_open()
    for act in acts:
        act(life)
        till.ring_last()
    assert not life.is_open()
    for event in till.stripe.events():
        till.rung.discard(event["id"])
    till.ring_all()
    assert not life.is_open()
    assert (Subscription.objects.count(), Purchase.objects.count()) == (1, 0)
