"""Stripe, as the rest of the site sees it: strings in, small frozen dataclasses out, and three errors. The only importer of `stripe`."""

from billing.gateway.catalogue import PriceSnapshot, ProductSnapshot, fetch_catalogue, fetch_product, fetch_product_of
from billing.gateway.checkout import (
    Order,
    Session,
    create_customer,
    create_session,
    expire_session,
    fetch_session,
    name_customer,
)
from billing.gateway.client import Busy, GatewayDown, GatewayError, GatewayRefused, Gone, within
from billing.gateway.customers import CustomerSnapshot, fetch_customer, fetch_customers, fetch_owner
from billing.gateway.invoices import InvoiceSnapshot, fetch_invoice_page, preview_amount
from billing.gateway.payments import DisputeSnapshot, RefundSnapshot
from billing.gateway.portal import FLOWS, create_portal_session, resume_subscription
from billing.gateway.purchases import PurchaseSnapshot
from billing.gateway.subscriptions import SubscriptionSnapshot
from billing.gateway.webhooks import (
    API_VERSION,
    MAX_BODY,
    Bell,
    BellForged,
    BellMistimed,
    BellRefused,
    BellTooLarge,
    fetch_undelivered,
    verify,
)

__all__ = [
    "API_VERSION",
    "FLOWS",
    "MAX_BODY",
    "Bell",
    "BellForged",
    "BellMistimed",
    "BellRefused",
    "BellTooLarge",
    "Busy",
    "CustomerSnapshot",
    "DisputeSnapshot",
    "GatewayDown",
    "GatewayError",
    "GatewayRefused",
    "Gone",
    "InvoiceSnapshot",
    "Order",
    "PriceSnapshot",
    "ProductSnapshot",
    "PurchaseSnapshot",
    "RefundSnapshot",
    "Session",
    "SubscriptionSnapshot",
    "create_customer",
    "create_portal_session",
    "create_session",
    "expire_session",
    "fetch_catalogue",
    "fetch_customer",
    "fetch_customers",
    "fetch_invoice_page",
    "fetch_owner",
    "fetch_product",
    "fetch_product_of",
    "fetch_session",
    "fetch_undelivered",
    "name_customer",
    "preview_amount",
    "resume_subscription",
    "verify",
    "within",
]
