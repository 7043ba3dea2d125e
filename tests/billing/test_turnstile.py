"""While Stripe hangs, some threads of every process stay free for those who want nothing of it."""

import runpy
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import User
from billing import entitlements, events
from billing.gateway.turnstile import PLACES, Full, Turnstile
from billing.models import WebhookEvent
from tests.billing.test_concurrency import together
from tests.billing.till import Till, ring

GUNICORN = Path(__file__).parents[2] / "deploy" / "gunicorn.conf.py"


def test_members_keep_threads_of_their_own_in_every_process() -> None:
    assert runpy.run_path(str(GUNICORN))["threads"] - 3 >= PLACES


def test_no_more_get_in_than_there_are_places_and_each_gives_its_place_back() -> None:
    door, inside, leave = Turnstile(places=2), threading.Semaphore(0), threading.Event()

    def stay() -> str:
        with door.passed(), door.passed():
            inside.release()
            assert leave.wait(10)
        return "stayed"

    def come_third() -> str:
        inside.acquire()
        inside.acquire()
        try:
            with door.passed():
                return "came in"
        except Full:
            return "turned away"
        finally:
            leave.set()

    assert together(stay, stay, come_third) == ["stayed", "stayed", "turned away"]
    with door.passed():
        assert door.has_place()


def test_who_queues_gets_the_place_that_becomes_free() -> None:
    door, inside = Turnstile(places=1), threading.Event()

    def pass_quickly() -> bool:
        with door.passed():
            inside.set()
            time.sleep(0.1)
        return True

    def queue() -> bool:
        assert inside.wait(10)
        with door.passed():
            return True

    assert together(pass_quickly, queue) == [True, True]


def test_nobody_queues_while_stripe_is_slow() -> None:
    door = Turnstile(places=1)
    door.inside[-1] = time.monotonic() - 3
    began = time.monotonic()
    with pytest.raises(Full), door.passed():
        pass
    assert time.monotonic() - began < 0.25


@pytest.mark.django_db(transaction=True)
def test_bells_that_find_no_place_are_kept_and_not_counted_as_tries(member: User, till: Till) -> None:
    """Twelve bells at a hanging Stripe: the five that wait fail by their deadline, the others at once, and a minute later all is well."""
    bell = till.stripe.events("customer.subscription.created")[0]
    bells = [bell | {"id": f"evt_{number}"} for number in range(12)]
    till.stripe.fail_next("hang", times=99, seconds=30)

    def took(event: dict[str, object]) -> float:
        began = time.monotonic()
        assert ring(event).status_code == 500
        connection.close()
        return time.monotonic() - began

    times = sorted(together(*[lambda event=event: took(event) for event in bells]))  # type: ignore[misc, type-var]
    assert times[12 - PLACES - 1] < 3
    assert times[-1] < 10
    assert WebhookEvent.objects.filter(tries=0).count() == 12 - PLACES
    till.stripe.faults.clear()
    later = max(WebhookEvent.objects.values_list("received_at", flat=True)) + events.PAUSES[0]
    assert events.take_up(now=later) == 1, "the first answer settles all that rang before it"
    assert not WebhookEvent.objects.filter(tries=0, handled_at=None).exists()
    assert list(entitlements.held(member.pk, now=later))
