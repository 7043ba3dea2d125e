"""A second and a half of each kind of trouble at Stripe: the short form of `python -m bench.faults outage`."""

import pytest

from bench.faults import outage
from sandbox.stripe import StripeServer

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_members_download_and_nobody_gets_in_while_stripe_is_away(stripe: StripeServer) -> None:
    found = outage.run(stripe, members=3, newcomers=2, seconds=1.5, quick=True)
    assert found.failures() == [], found
    assert min(map(len, found.downloads.values())) > 0
