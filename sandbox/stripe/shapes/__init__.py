"""Stripe's objects as dicts, with every field that its description requires. Private notes of ours start with an underscore."""

from sandbox.stripe.shapes.base import base, page
from sandbox.stripe.shapes.cards import payment_method, setup_intent
from sandbox.stripe.shapes.catalogue import amount_in, balance_transaction, customer, plan, price, product
from sandbox.stripe.shapes.discounts import coupon, discount, promotion_code
from sandbox.stripe.shapes.disputes import dispute, fraud_warning, movement
from sandbox.stripe.shapes.invoices import invoice, invoice_item, invoice_payment, line, parent_of_line, tax_of_invoice
from sandbox.stripe.shapes.payments import charge, payment_intent, refund
from sandbox.stripe.shapes.sessions import checkout_session
from sandbox.stripe.shapes.subscriptions import item, subscription

__all__ = [
    "amount_in",
    "balance_transaction",
    "base",
    "charge",
    "checkout_session",
    "coupon",
    "customer",
    "discount",
    "dispute",
    "fraud_warning",
    "invoice",
    "invoice_item",
    "invoice_payment",
    "item",
    "line",
    "movement",
    "page",
    "parent_of_line",
    "payment_intent",
    "payment_method",
    "plan",
    "price",
    "product",
    "promotion_code",
    "refund",
    "setup_intent",
    "subscription",
    "tax_of_invoice",
]
