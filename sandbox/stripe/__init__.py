"""A stand-in for Stripe on loopback: the real SDK speaks to it, people pay on its pages, its clock can be moved. No money moves."""

from sandbox.stripe.server import StripeServer

__all__ = ["StripeServer"]
