"""Stripe's objects as dicts, with every field that its description requires. Private notes of ours start with an underscore."""

from sandbox.stripe.shapes.base import base, page
from sandbox.stripe.shapes.catalogue import customer, plan, price, product
from sandbox.stripe.shapes.invoices import invoice, invoice_payment, line
from sandbox.stripe.shapes.payments import charge, payment_intent, refund
from sandbox.stripe.shapes.sessions import checkout_session
from sandbox.stripe.shapes.subscriptions import item, subscription

__all__ = [
    "base",
    "charge",
    "checkout_session",
    "customer",
    "invoice",
    "invoice_payment",
    "item",
    "line",
    "page",
    "payment_intent",
    "plan",
    "price",
    "product",
    "refund",
    "subscription",
]
