"""What has become of a Checkout session, for the page that people come back to. It grants nothing: it asks Stripe the ordinary way."""

import re
from dataclasses import dataclass
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
OVER = ("canceled", "incomplete_expired")


class Arrival(StrEnum):
    READY = "ready"
    CLAIM = "claim"
    CLAIMED = "claimed"
    WAITING = "waiting"
    PENDING = "pending"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Found:
    """How far a session has come; `email` is the address that a guest's code goes to, as much of it as may be shown."""

    state: Arrival
    email: str = ""


def arrival(session_id: str, *, user_id: int | None, own: bool, now: datetime) -> Found:
    """Say how far this session has come, to the person whose customer paid it, or to the browser that opened it (`own`).

    To anybody else it is UNKNOWN. A slow Stripe is WAITING. READY is what that person's library holds already; what a guest has paid
    for waits for its CLAIM.
    """
    mine = set(Customer.objects.filter(user=user_id).values_list("stripe_id", flat=True)) if user_id else set()
    if not SESSION_ID.fullmatch(session_id) or not (mine or own):
        return Found(Arrival.UNKNOWN)
    try:
        with gateway.within(PATIENCE):
            session = gateway.fetch_session(session_id)
            if session.customer_id not in mine and not own:
                return Found(Arrival.UNKNOWN)
            if session.status == "complete" and cache.add(f"arrival:{session.customer_id}", 1, timeout=REST):
                sync.converge(session.customer_id)
    except gateway.GatewayRefused:
        return Found(Arrival.UNKNOWN)
    except gateway.GatewayDown:
        return Found(Arrival.WAITING)
    return Found(_for_whom(session, _outcome(session, now=now), user_id=user_id), masked(session.email))


def masked(email: str) -> str:
    """Return enough of an address to recognise one's own: "n•••@example.com"."""
    name, _, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}" if name else ""


def _for_whom(session: Session, outcome: Arrival, *, user_id: int | None) -> Arrival:
    """A guest's purchase is nobody's until it is claimed, and then it is whoever claimed it's."""
    if outcome is not Arrival.READY:
        return outcome
    owner = Customer.objects.values_list("user", flat=True).get(stripe_id=session.customer_id)
    if owner is None:
        return Arrival.CLAIM
    return Arrival.READY if owner == user_id else Arrival.CLAIMED


def _outcome(session: Session, *, now: datetime) -> Arrival:
    if session.status != "complete":
        return Arrival.UNFINISHED
    if session.mode == "payment":
        return _outcome_of_purchase(session)
    bought = Subscription.objects.filter(stripe_id=session.subscription_id)
    if bought.filter(entitlements.live(now=now)).exists():
        return Arrival.READY
    unpaid = session.payment_status == "unpaid"
    if bought.filter(status__in=OVER).exists():
        return Arrival.FAILED if unpaid else Arrival.UNKNOWN
    return Arrival.PENDING if unpaid else Arrival.WAITING


def _outcome_of_purchase(session: Session) -> Arrival:
    states = set(Purchase.objects.filter(session_id=session.id).values_list("state", flat=True))
    if Purchase.State.PAID in states:
        return Arrival.READY
    if Purchase.State.PENDING in states:
        return Arrival.PENDING
    if Purchase.State.FAILED in states:
        return Arrival.FAILED
    return Arrival.UNKNOWN if states else Arrival.WAITING
