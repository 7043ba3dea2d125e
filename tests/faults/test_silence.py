"""Four days without a bell for 130 customers, and one reconcile: the short form of `python -m bench.faults silence`."""

import pytest

from bench.faults import silence
from sandbox.stripe import StripeServer
from tests import build

pytestmark = pytest.mark.django_db


def test_reconcile_after_four_silent_days_leaves_no_difference_t27(
    stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.gateway.client.time.sleep", lambda *_: None)
    found = silence.run(stripe, [build.person().pk for _ in range(130)], moves=80)
    assert found.differences == []
    assert found.unmet == []
    assert found.calls <= found.allowed
