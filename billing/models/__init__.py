"""Mirrored facts of Stripe, and grants. No policy lives here: who may what is billing.entitlements' to say."""

from billing.models.catalogue import Price, Product
from billing.models.checkouts import Checkout
from billing.models.holdings import Customer, Grant, Purchase, Subscription
from billing.models.webhooks import WebhookEvent

__all__ = ["Checkout", "Customer", "Grant", "Price", "Product", "Purchase", "Subscription", "WebhookEvent"]
