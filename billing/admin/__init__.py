"""The owner's view of money. What Stripe told us can be read and asked for again, never edited: it would be overwritten, or worse, not."""

from billing.admin.catalogue import PriceAdmin, ProductAdmin
from billing.admin.grants import GrantAdmin
from billing.admin.holdings import CustomerAdmin, PurchaseAdmin, SubscriptionAdmin
from billing.admin.money import ClaimAdmin, DisputeAdmin, InvoiceAdmin, RefundAdmin
from billing.admin.notices import NoticeAdmin
from billing.admin.webhooks import WebhookEventAdmin

__all__ = [
    "ClaimAdmin",
    "CustomerAdmin",
    "DisputeAdmin",
    "GrantAdmin",
    "InvoiceAdmin",
    "NoticeAdmin",
    "PriceAdmin",
    "ProductAdmin",
    "PurchaseAdmin",
    "RefundAdmin",
    "SubscriptionAdmin",
    "WebhookEventAdmin",
]
