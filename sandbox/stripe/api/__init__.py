"""The REST endpoints that the site and its tests use. What is not here answers 404; a parameter that is not named here answers 400."""

from sandbox.stripe.api import (
    account,
    catalogue,
    checkout,
    clocks,
    customers,
    discounts,
    invoices,
    payments,
    portal,
    refunds,
    schedules,
    subscriptions,
)
from sandbox.stripe.api.routes import answer

# Importing a room registers its routes.
ROOMS = (
    account,
    catalogue,
    checkout,
    clocks,
    customers,
    discounts,
    invoices,
    payments,
    portal,
    refunds,
    schedules,
    subscriptions,
)

__all__ = ["ROOMS", "answer"]
