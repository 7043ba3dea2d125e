"""Random lives at the shop: access is what Stripe said last, and what Stripe says now once every bell has arrived."""

import logging
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from billing.models import Customer
from sandbox.stripe import StripeServer
from tests.billing.machine import Life, prepared
from tests.billing.shop import START
from tests.effort import tries

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ON_SQLITE = connection.vendor == "sqlite"
# The same lives every time: a test that fails now and then helps nobody. `python -m bench.faults lives` plays thousands of new ones.
QUICK = settings(
    max_examples=tries(25, 220) if ON_SQLITE else tries(10, 80),
    stateful_step_count=14,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def life(db: None, stripe: StripeServer) -> Iterator[type[Life]]:
    logging.disable(logging.CRITICAL)  # Thousands of failures are meant, and each would write a page.
    with time_machine.travel(START, tick=False) as traveller:
        yield prepared(stripe, traveller)
    logging.disable(logging.NOTSET)


def test_nobody_is_ever_wrongly_in_or_out_t25(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=QUICK)
    statuses = {status for status, _ in life.cells}
    assert statuses >= {"none", "trialing", "active", "past_due", "canceled"}
    assert len(life.cells) > (tries(15, 40) if ON_SQLITE else tries(8, 25))


def late_answer(life: type[Life]) -> None:
    """Somebody ends their subscription while an answer that still calls it live is on its way."""
    one = life()
    try:
        one.begins(price=0, trial=False, card="good", told=True)
        one.answer_is_slow(0, 0)
        one.cancels_now(0, 0)
        one.shop.listen()
        one.last_bell_arrives(0, 0)
        one.answer_is_slow(0, 1)
        one.everybody_has_what_they_should()
    finally:
        one.teardown()


def test_late_answer_changes_nothing(life: type[Life]) -> None:
    late_answer(life)


def test_late_answer_would_be_found_out_without_the_tickets(life: type[Life], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control that shows that lives can fail."""
    monkeypatch.setattr(Customer, "has_applied", lambda *_: False)
    with pytest.raises(AssertionError):
        late_answer(life)
