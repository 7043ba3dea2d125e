"""Twenty clicks at once by each of four people, at processes that die on the way: the short form of `python -m bench.faults checkouts`."""

import pytest

from bench.faults import checkouts
from bench.faults.deliveries import aimed
from sandbox.stripe import StripeServer
from tests import build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_people_who_click_twenty_times_at_once_pay_once_t28(stripe: StripeServer) -> None:
    people = [build.person() for _ in range(4)]
    found = checkouts.run(stripe, people, each=20, plan=aimed(1, points=("F11", "F12")), quick=True)
    assert found.failures() == 0, found
    assert found.paid == found.people
    assert found.killed == 2
