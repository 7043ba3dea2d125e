"""The shop of the billing tests, for inputs that come from Stripe or go there."""

from tests.billing.conftest import guest, member, post, press, till

__all__ = ["guest", "member", "post", "press", "till"]
