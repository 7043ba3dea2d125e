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

pytestmark = pytest.mark.django_db
# The same lives every time: a test that fails now and then helps nobody. `python -m bench.faults lives` plays thousands of new ones.
QUICK = settings(
    max_examples=120 if connection.vendor == "sqlite" else 80,
    stateful_step_count=16,
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
    assert statuses >= {"none", "trialing", "active", "past_due", "paused", "canceled"}
    assert len(life.cells) > 30


def test_lives_would_go_wrong_without_the_tickets(life: type[Life], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a late answer that may overwrite a later one is found out."""
    monkeypatch.setattr(Customer, "has_applied", lambda *_: False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(life, settings=QUICK)
