"""Four days without a bell, and one reconcile: the short form of `python -m bench.faults silence`."""

import pytest

from bench.faults import silence
from sandbox.stripe import StripeServer
from tests import build
from tests.effort import tries

pytestmark = pytest.mark.django_db


def test_reconcile_after_four_silent_days_leaves_no_difference_t27(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.gateway.client.time.sleep", lambda *_: None)
    found = silence.run(stripe, [build.person().pk for _ in range(tries(50, 130))], moves=tries(40, 80))
    assert found.differences == []
    assert found.unmet == []
    assert found.calls <= found.allowed
