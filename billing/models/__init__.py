"""Mirrored facts of Stripe, and grants. No policy lives here: who may what is billing.entitlements' to say."""

from billing.models.catalogue import Price, Product
from billing.models.holdings import Customer, Grant, Purchase, Subscription
from billing.models.webhooks import WebhookEvent

__all__ = ["Customer", "Grant", "Price", "Product", "Purchase", "Subscription", "WebhookEvent"]
