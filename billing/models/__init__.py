"""Mirrored facts of Stripe, and grants. No policy lives here: who may what is billing.entitlements' to say."""

from billing.models.catalogue import Price, Product
from billing.models.checkouts import Checkout
from billing.models.claims import Claim
from billing.models.holdings import Customer, Grant, Purchase, Subscription
from billing.models.money import Dispute, Invoice, Refund, RevenueChange
from billing.models.notices import Notice
from billing.models.webhooks import WebhookEvent

__all__ = [
    "Checkout",
    "Claim",
    "Customer",
    "Dispute",
    "Grant",
    "Invoice",
    "Notice",
    "Price",
    "Product",
    "Purchase",
    "Refund",
    "RevenueChange",
    "Subscription",
    "WebhookEvent",
]
