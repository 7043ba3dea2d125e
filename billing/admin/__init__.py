"""The owner's view of money. What Stripe told us can be read and asked for again, never edited: it would be overwritten, or worse, not."""

from billing.admin.catalogue import PriceAdmin, ProductAdmin
from billing.admin.holdings import CustomerAdmin, GrantAdmin, PurchaseAdmin, SubscriptionAdmin
from billing.admin.notices import NoticeAdmin
from billing.admin.webhooks import WebhookEventAdmin

__all__ = [
    "CustomerAdmin",
    "GrantAdmin",
    "NoticeAdmin",
    "PriceAdmin",
    "ProductAdmin",
    "PurchaseAdmin",
    "SubscriptionAdmin",
    "WebhookEventAdmin",
]
