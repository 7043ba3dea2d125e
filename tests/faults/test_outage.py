"""A second or so of each kind of trouble at Stripe: the short form of `python -m bench.faults outage`."""

import pytest

from bench.faults import outage
from sandbox.stripe import StripeServer
from tests.effort import tries

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_members_download_and_nobody_gets_in_while_stripe_is_away(stripe: StripeServer) -> None:
    found = outage.run(stripe, members=3, newcomers=2, seconds=tries(2, 3) / 2, quick=True)
    assert found.failures() == [], found
    assert min(map(len, found.downloads.values())) > 0
