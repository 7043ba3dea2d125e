"""Settings that are each right and together wrong are named before anybody is served."""

from typing import Any

import pytest
from django.core import checks


def found(**options: Any) -> set[str]:
    return {message.id for message in checks.run_checks(**options) if message.id.startswith("billing.")}


def test_operator_with_right_settings_hears_nothing() -> None:
    assert found(include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"STRIPE_LIVEMODE": True}, {"billing.E001", "billing.E002"}),
        ({"STRIPE_LIVEMODE": True, "STRIPE_API_BASE": "", "SECURE": True}, set()),
        ({"STRIPE_LIVEMODE": True, "STRIPE_API_BASE": ""}, {"billing.E002"}),
        ({"GRACE_DAYS": 28}, {"billing.W001"}),
    ],
)
def test_operator_is_told_what_does_not_fit(settings: Any, changes: dict[str, Any], told: set[str]) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert found(include_deployment_checks=True) == told
