"""Many people at once, and the limits that Stripe sets."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from stripe import APIConnectionError, InvalidRequestError, RateLimitError, StripeClient, StripeError

from sandbox.stripe import StripeServer
from sandbox.stripe.store import new_id
from tests.sandbox.stripe.conftest import KEY

DAY = 24 * 3600
PEOPLE, INVOICES = 1000, 12


def test_a_thousand_customers_invoices_list_in_a_moment(
    sandbox: StripeServer, api: StripeClient, subscribed: Any
) -> None:
    """A page costs the same, however many others there are. Counted in the processor's time, which neighbours do not change."""
    store = sandbox.store
    paid = store.get("invoice", str(subscribed.latest_invoice))
    with store.step():
        for person in range(PEOPLE):
            for month in range(INVOICES):
                state = "open" if month == 0 and person % 100 == 0 else "paid"
                store.save(paid | {"id": new_id("in"), "customer": f"cus_{person}", "status": state})

    def seconds(count: int, **params: Any) -> float:
        started = time.process_time()
        assert len(api.v1.invoices.list({"limit": 100, **params}).data) == count  # type: ignore[typeddict-item]
        return time.process_time() - started

    assert seconds(12, customer="cus_500") < 0.5
    assert seconds(10, status="open") < 0.5
    assert seconds(0, customer="cus_500", status="void") < 0.5
    assert seconds(100, status="paid") < 1
    oldest = str(subscribed.latest_invoice)
    assert seconds(100, ending_before=oldest) < 1
    started = time.process_time()
    with store.step():
        sandbox.world.run_until("clock_sandbox", sandbox.now())
    assert time.process_time() - started < 0.1


def test_many_press_the_button_at_once(sandbox: StripeServer, api: StripeClient, monthly: Any) -> None:
    customers = [sandbox.call("POST", "customers", email=f"{n}@example.com")["id"] for n in range(20)]
    wish: Any = {"mode": "subscription", "line_items": [{"price": monthly.id}], "success_url": "https://shop.example/"}

    def press(number: int) -> str:
        client = StripeClient(KEY, base_addresses={"api": sandbox.url}, max_network_retries=8)
        mine = wish | {"customer": customers[number % len(customers)]}
        made = client.v1.checkout.sessions.create(mine, {"idempotency_key": f"checkout-{number % len(customers)}"})
        return made.id

    with ThreadPoolExecutor(20) as pool:
        sessions = list(pool.map(press, range(200)))
    assert len(set(sessions)) == len(customers) == len(sandbox.store.all("checkout.session"))


def test_the_same_key_twice_at_once_is_refused_until_the_first_is_answered(
    sandbox: StripeServer, api: StripeClient
) -> None:
    options: Any = {"idempotency_key": "customer:7"}
    made: list[str] = []
    with sandbox.store.lock:
        first = threading.Thread(target=lambda: made.append(api.v1.customers.create({}, options).id))
        first.start()
        while "customer:7" not in sandbox.in_flight:
            time.sleep(0.005)
        with pytest.raises(StripeError) as refused:
            api.v1.customers.create({}, options)
    first.join()
    assert (refused.value.error.code, refused.value.http_status) == ("idempotency_key_in_use", 409)
    again = api.v1.customers.create({}, options)
    assert [again.id] == made
    assert again.last_response.headers["Idempotent-Replayed"] == "true"  # type: ignore[union-attr]


def test_a_limit_of_calls_a_second_is_kept(sandbox: StripeServer, api: StripeClient) -> None:
    sandbox.limit = 5

    def press_on() -> None:
        for _ in range(20):
            api.v1.customers.list()

    with pytest.raises(RateLimitError) as refused:
        press_on()
    assert (refused.value.error.code, refused.value.headers["Stripe-Should-Retry"]) == ("rate_limit", "true")  # type: ignore[index]
    assert refused.value.request_id.startswith("req_")  # type: ignore[union-attr]


def test_an_object_in_use_is_a_lock_timeout(sandbox: StripeServer, api: StripeClient) -> None:
    sandbox.fail_next("lock", path="/v1/customers")
    with pytest.raises(RateLimitError) as refused:
        api.v1.customers.create({})
    assert refused.value.error.code == "lock_timeout"


def test_an_answer_that_is_lost_was_still_a_deed(sandbox: StripeServer, api: StripeClient) -> None:
    """A retry with the same key finds out what became of the first try."""
    sandbox.fail_next("lost")
    with pytest.raises(APIConnectionError):
        api.v1.customers.create({"email": "sam@example.com"}, {"idempotency_key": "k"})
    assert api.v1.customers.create({"email": "sam@example.com"}, {"idempotency_key": "k"}).email == "sam@example.com"
    assert len(api.v1.customers.list().data) == 1


def test_test_clocks_keep_to_stripes_limits(sandbox: StripeServer, api: StripeClient, monthly: Any) -> None:
    start = sandbox.now()
    clock = api.v1.test_helpers.test_clocks.create({"frozen_time": start})
    card: Any = {"test_clock": clock.id, "payment_method": "pm_card_visa"}
    customer = api.v1.customers.create(card)
    one = api.v1.subscriptions.create({"customer": customer.id, "items": [{"price": monthly.id}]})
    with pytest.raises(InvalidRequestError, match="two intervals"):
        api.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 90 * DAY})
    api.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 60 * DAY})
    assert len(api.v1.invoices.list({"subscription": one.id}).data) == 2
    for _ in range(2):
        api.v1.customers.create(card)
    with pytest.raises(InvalidRequestError, match="at most 3"):
        api.v1.customers.create(card)
    api.v1.test_helpers.test_clocks.delete(clock.id)
    assert api.v1.customers.list().data == []
    assert api.v1.subscriptions.retrieve(one.id).status == "canceled"
