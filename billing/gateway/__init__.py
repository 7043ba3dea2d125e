"""Stripe, as the rest of the site sees it: strings in, small frozen dataclasses out, and three errors. The only importer of `stripe`."""

from billing.gateway.catalogue import PriceSnapshot, ProductSnapshot, fetch_catalogue, fetch_product, fetch_product_of
from billing.gateway.checkout import (
    Order,
    Session,
    create_customer,
    create_portal_session,
    create_session,
    expire_session,
    fetch_session,
)
from billing.gateway.client import GatewayDown, GatewayError, GatewayRefused, Gone, within
from billing.gateway.customers import (
    CustomerSnapshot,
    PurchaseSnapshot,
    SubscriptionSnapshot,
    fetch_customer,
    fetch_customers,
    fetch_owner,
)
from billing.gateway.webhooks import MAX_BODY, Bell, BellRefused, BellTooLarge, verify

__all__ = [
    "MAX_BODY",
    "Bell",
    "BellRefused",
    "BellTooLarge",
    "CustomerSnapshot",
    "GatewayDown",
    "GatewayError",
    "GatewayRefused",
    "Gone",
    "Order",
    "PriceSnapshot",
    "ProductSnapshot",
    "PurchaseSnapshot",
    "Session",
    "SubscriptionSnapshot",
    "create_customer",
    "create_portal_session",
    "create_session",
    "expire_session",
    "fetch_catalogue",
    "fetch_customer",
    "fetch_customers",
    "fetch_owner",
    "fetch_product",
    "fetch_product_of",
    "fetch_session",
    "verify",
    "within",
]
