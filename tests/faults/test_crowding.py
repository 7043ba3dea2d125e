"""Dozens of slow clients and a hundred unsigned bells at the site behind nginx: the short form of `python -m bench.faults crowding`."""

import pytest

from bench.faults import crowding
from bench.faults.proxied import program
from sandbox.stripe import StripeServer
from tests.effort import tries

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.skipif(not program(), reason="needs nginx: the package nginx-light brings it")
def test_t40_slow_clients_keep_nobody_waiting(stripe: StripeServer) -> None:
    """More of them than gunicorn has threads. How long honest people may wait is the long run's to say, on a machine of its own."""
    found = crowding.run(stripe, slow=tries(40, 200), seconds=tries(3, 10), bells=tries(40, 200), quick=True)
    assert found.wrong == [], found
    assert (found.rows, found.timeouts) == (0, 0)
    assert len(found.crowded) > 10
    assert found.p99 < 5000, found
