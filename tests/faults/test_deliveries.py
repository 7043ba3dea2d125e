"""Hundreds of deliveries, 32 at once, at three real processes that are killed: the short form of `python -m bench.faults deliveries`."""

import pytest

from bench.faults import deliveries
from sandbox.stripe import StripeServer
from tests.effort import COMPLETE, tries

DELIVERIES = tries(160, 500)
pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PLAN = f"{deliveries.JITTER},{deliveries.aimed(1, 10)}"


def test_deliveries_to_dying_processes_lose_nothing_and_end_in_the_truth_t25(
    stripe: StripeServer, crowd: list[int]
) -> None:
    found = deliveries.run(stripe, crowd, deliveries=DELIVERIES, copies=4, quick=True, plan=PLAN)
    print(found)
    assert found.audit.failures() == []
    assert found.deliveries >= DELIVERIES
    # Each point killed twice; two threads of one worker may have come to theirs at once.
    assert found.killed > len(deliveries.WEBHOOK_POINTS)
    assert min(found.reached.values()) >= 10


@pytest.mark.skipif(
    not COMPLETE, reason="a control of the test before it; it takes the many deliveries of a complete run"
)
def test_deliveries_would_end_wrong_without_the_tickets(stripe: StripeServer, crowd: list[int]) -> None:
    """The control: the same run without the check that keeps late answers from overwriting later ones."""
    found = deliveries.run(stripe, crowd, deliveries=DELIVERIES, copies=4, quick=True, plan=PLAN, without="tickets")
    print(found, *found.audit.failures(), sep="\n")
    assert found.audit.wrong or found.audit.doubled
    assert found.audit.lost == []
