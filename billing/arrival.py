"""What has become of a Checkout session, for the page that people come back to. It grants nothing: it asks Stripe the ordinary way."""

import re
from datetime import datetime
from enum import StrEnum

from django.core.cache import cache

from billing import entitlements, gateway, sync
from billing.gateway import Session
from billing.models import Customer, Purchase, Subscription

SESSION_ID = re.compile(r"cs_(test|live)_[A-Za-z0-9]{1,200}")
# Seconds that one look at Stripe may take while somebody waits, and that lie between two for one customer.
PATIENCE = 4
REST = 2


class Arrival(StrEnum):
    READY = "ready"
    WAITING = "waiting"
    PENDING = "pending"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    UNKNOWN = "unknown"


def arrival(user_id: int, session_id: str, *, now: datetime) -> Arrival:
    """Say how far this person's session has come. A session of anybody else, or of nobody, is UNKNOWN; a slow Stripe is WAITING."""
    mine = set(Customer.objects.filter(user=user_id).values_list("stripe_id", flat=True))
    if not SESSION_ID.fullmatch(session_id) or not mine:
        return Arrival.UNKNOWN
    try:
        with gateway.within(PATIENCE):
            session = gateway.fetch_session(session_id)
            if session.customer_id not in mine:
                return Arrival.UNKNOWN
            if session.status == "complete" and cache.add(f"arrival:{session.customer_id}", 1, timeout=REST):
                sync.converge(session.customer_id)
    except gateway.GatewayRefused:
        return Arrival.UNKNOWN
    except gateway.GatewayDown:
        return Arrival.WAITING
    return _outcome(session, now=now)


def _outcome(session: Session, *, now: datetime) -> Arrival:
    if session.status != "complete":
        return Arrival.UNFINISHED
    if session.mode == "payment":
        return _outcome_of_purchase(session)
    if Subscription.objects.filter(entitlements.live(now=now), stripe_id=session.subscription_id).exists():
        return Arrival.READY
    return Arrival.PENDING if session.payment_status == "unpaid" else Arrival.WAITING


def _outcome_of_purchase(session: Session) -> Arrival:
    states = set(Purchase.objects.filter(session_id=session.id).values_list("state", flat=True))
    if Purchase.State.PAID in states:
        return Arrival.READY
    if Purchase.State.PENDING in states:
        return Arrival.PENDING
    return Arrival.FAILED if states else Arrival.WAITING
