"""The counter of tests/billing/conftest.py, for those pages of the owner that ask Stripe."""

from tests.billing.conftest import member, press, till

__all__ = ["member", "press", "till"]
