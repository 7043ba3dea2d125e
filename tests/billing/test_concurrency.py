"""Two at once, with real threads and real commits: on the database that the site has."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import claims, entitlements, gateway, sync
from billing.models import Claim, Customer, Price, Subscription, WebhookEvent
from tests import build
from tests.billing.till import Till, ring

pytestmark = pytest.mark.django_db(transaction=True)
Press = Callable[[User, Price], HttpResponse]


def together(*acts: Callable[[], object]) -> list[object]:
    """Let every act start at the same moment on a thread, and a connection, of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        start.wait(10)
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(30) for done in [pool.submit(run, act) for act in acts]]


def test_same_event_delivered_at_once_is_one_row(member: User, till: Till) -> None:
    event = till.stripe.events("customer.subscription.created")[0]
    answers = together(*[lambda: ring(event).status_code] * 8)
    assert answers == [200] * 8
    assert WebhookEvent.objects.count() == 1
    assert Subscription.objects.count() == 1
    assert Customer.objects.get().user == member


def test_downloads_write_on_while_stripe_hangs(member: User, till: Till) -> None:
    """A converge that waits for Stripe holds no write lock: on SQLite every download would stop for as long."""
    customer = Customer.objects.get()
    till.stripe.fail_next("hang", times=9, seconds=20)

    def hanging() -> None:
        with gateway.within(3), pytest.raises(gateway.GatewayDown):
            sync.converge(customer.stripe_id)

    def writing() -> list[float]:
        took = []
        while not till.stripe.calls or len(took) < 20:
            began = time.monotonic()
            build.person()
            took.append(time.monotonic() - began)
            time.sleep(0.05)
        return took

    _, took = together(hanging, writing)
    assert max(took) < 0.5  # type: ignore[call-overload]


def overtaken(member: User, till: Till) -> None:
    """Two bells at once. The first asker's answer is held back on its way until the second's has been applied."""
    customer = Customer.objects.get().stripe_id
    assert sync.converge(customer)
    fetched, applied = threading.Event(), threading.Event()

    def slow() -> bool:
        ticket = sync.take_ticket(customer)
        stale = gateway.fetch_customer(customer)
        fetched.set()
        assert applied.wait(10)
        return sync.apply(stale, ticket=ticket, now=timezone.now())

    def quick() -> bool:
        assert fetched.wait(10)
        till.stripe.call("DELETE", f"subscriptions/{till.subscription_of(customer)['id']}")
        done = sync.converge(customer)
        applied.set()
        return done

    assert together(slow, quick) == [False, True]
    assert Subscription.objects.get().status == "canceled"
    assert not entitlements.held(member.pk, now=timezone.now() + timedelta(seconds=1))


def test_stale_answer_never_lets_anybody_back_in(member: User, till: Till) -> None:
    overtaken(member, till)


def test_stale_answer_would_let_them_back_in_without_the_check(
    member: User, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control that shows the test above can fail."""
    monkeypatch.setattr(Customer, "has_applied", lambda *_: False)
    with pytest.raises(AssertionError):
        overtaken(member, till)
    assert Subscription.objects.get().status == "active"


def test_tickets_taken_at_once_are_all_different(newcomer: User) -> None:
    tickets = together(*[lambda: sync.take_ticket("cus_new")] * 10)
    assert sorted(tickets) == list(range(1, 11))  # type: ignore[type-var]


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="row locks are PostgreSQL's")
def test_two_deliveries_of_different_events_end_in_the_truth(member: User, till: Till) -> None:
    """Bells and changes race for real, again and again: what stands in the end is what Stripe says."""
    customer = Customer.objects.get().stripe_id
    subscription = till.subscription_of(customer)["id"]
    for round_ in range(15):
        till.stripe.call("POST", f"subscriptions/{subscription}", cancel_at_period_end=round_ % 2 == 0)
        bells = till.stripe.events("customer.subscription.updated", "customer.subscription.created")[-2:]
        WebhookEvent.objects.all().delete()
        assert together(*[lambda bell=bell: ring(bell).status_code for bell in bells]) == [200, 200]
        assert Subscription.objects.get().cancel_at_period_end is (round_ % 2 == 0)


def test_fifty_clicks_at_once_make_one_customer_and_one_session_c113(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    answers = together(*[lambda: press(newcomer, price)] * 50)
    assert {answer.status_code for answer in answers} == {303}  # type: ignore[attr-defined]
    assert len(till.stripe.store.all("customer")) == Customer.objects.count() == 1
    assert len([one for one in till.stripe.store.all("checkout.session") if one["status"] == "open"]) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1  # type: ignore[attr-defined]


def test_fifty_clicks_of_a_guest_at_once_make_one_session_c113(till: Till) -> None:
    price = till.sell()
    page = Client()
    page.get("/plans/")

    def click() -> HttpResponse:
        browser = Client()
        browser.cookies["csrf"] = page.cookies["csrf"].value
        return browser.post(f"/checkout/{price.stripe_id}/")

    answers = together(*[click] * 50)
    assert {answer.status_code for answer in answers} == {303}  # type: ignore[attr-defined]
    assert len({answer.headers["Location"] for answer in answers}) == 1  # type: ignore[attr-defined]
    assert len(till.stripe.store.all("checkout.session")) == 1


def test_code_claimed_by_many_at_once_is_one_person_s(till: Till) -> None:
    code = claims.issue(Customer.objects.create(stripe_id="cus_guest", email="gus@example.com"), now=timezone.now())
    people = [build.person() for _ in range(8)]

    def claim(person: User) -> bool:
        try:
            return bool(claims.redeem(code, person.pk, now=timezone.now()))
        except claims.WrongCode:
            return False

    assert sum(together(*[lambda person=person: claim(person) for person in people])) == 1  # type: ignore[arg-type]
    assert Customer.objects.exclude(user=None).count() == 1


def test_one_code_shown_at_once_in_two_browsers_makes_one_account(till: Till) -> None:
    code = claims.issue(Customer.objects.create(stripe_id="cus_guest", email="gus@example.com"), now=timezone.now())
    together(*[lambda: Client().post("/account/claim/", {"code": code})] * 6)
    assert User.objects.count() == 1
    assert Customer.objects.get().user == User.objects.get()


def test_guesses_at_once_are_still_five(till: Till) -> None:
    code = claims.issue(Customer.objects.create(stripe_id="cus_guest", email="gus@example.com"), now=timezone.now())
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")

    def guess() -> None:
        with pytest.raises(claims.WrongCode):
            claims.find(wrong, now=timezone.now())

    together(*[guess] * 12)
    assert Claim.objects.get().tries == claims.MAX_TRIES


def test_clicks_on_two_plans_at_once_leave_one_session_to_pay(newcomer: User, till: Till, press: Press) -> None:
    monthly = till.sell()
    yearly = till.price(monthly.product.stripe_id, amount=12000, interval="year")
    together(*[lambda: press(newcomer, monthly), lambda: press(newcomer, yearly)] * 4)
    assert len([one for one in till.stripe.store.all("checkout.session") if one["status"] == "open"]) == 1
