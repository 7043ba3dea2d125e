"""Some of the 5,040 orders of a life; `python -m bench.faults orders` walks them all."""

import pytest

from accounts.models import User
from bench.faults import lives, orders
from billing.catalogue import mirror_catalogue
from billing.models import Customer
from sandbox.stripe import StripeServer
from tests.effort import tries

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BELLS, ANSWERS = tries(6, 50), tries(12, 100)


@pytest.fixture
def prices(db: None, stripe: StripeServer) -> list[str]:
    made = [lives.plan(stripe, name, amount)[0] for name, amount in (("Basic", 1200), ("Pro", 3000))]
    mirror_catalogue()
    return made


@pytest.mark.parametrize("ends", [True, False], ids=["ended", "went on"])
def test_bells_in_any_order_end_in_the_truth_t25(
    newcomer: User, stripe: StripeServer, prices: list[str], *, ends: bool
) -> None:
    _, bells = orders.life(stripe, newcomer, prices, ends=ends)
    assert len(bells) == 7
    found = orders.of_bells(stripe, newcomer, bells).some(orders.sampled(BELLS, length=7, seed=ends))
    assert (found.orders, found.wrong) == (BELLS, 0)


def test_answers_in_any_order_end_in_the_latest(newcomer: User, stripe: StripeServer, prices: list[str]) -> None:
    found = orders.of_answers(stripe, newcomer, prices[0]).some(orders.sampled(ANSWERS, length=7, seed=1))
    assert (found.orders, found.wrong) == (ANSWERS, 0)


def test_answers_would_go_wrong_without_the_tickets(
    newcomer: User, stripe: StripeServer, prices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Customer, "has_applied", lambda *_: False)
    found = orders.of_answers(stripe, newcomer, prices[0]).some(orders.sampled(5, length=7, seed=1))
    assert found.wrong > 0
