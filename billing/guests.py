"""Paying without an account. What a guest buys belongs to nobody until it is claimed (billing.claims); here it is only paid.

A guest is a browser: what it has opened at Stripe is kept in its session, so that a second click opens no second Checkout, and so that
the page to come back to speaks to nobody else.
"""

from collections.abc import MutableMapping
from typing import Any

from django.utils.crypto import salted_hmac

from billing import gateway
from billing.checkout import STANDING, fresh_key, order, scope, settled
from billing.gateway import Session
from billing.models import Customer, Price, Purchase, Subscription

Memory = MutableMapping[str, Any]
OPENED = "guest_checkouts"
REMEMBERED = 10


class PaidAlready(Exception):
    """This browser has paid for this already; `session_id` names the Checkout session it did it in."""

    def __init__(self, session_id: str) -> None:
        super().__init__(session_id)
        self.session_id = session_id


def start(memory: Memory, browser: str, price: Price) -> str:
    """Return the address of a Checkout session for whoever sits at this browser. `memory` is its session, `browser` its secret.

    Raises PaidAlready; billing.checkout.AlreadyHeld while an earlier one is being paid; gateway.GatewayDown or GatewayRefused.
    """
    mine = scope(price)
    known = opened(memory).get(mine, {"id": "", "price": 0, "count": 0})
    session = settled(known["id"], wanted=known["price"] == price.pk)
    if session and session.status == "open":
        return session.url
    if session and is_paid(session):
        raise PaidAlready(session.id)
    who = salted_hmac("billing.guests", browser, algorithm="sha256").hexdigest()[:32]
    # The same browser's clicks share a key, so that two at once open one session even before either could be remembered.
    with fresh_key(f"guest-{who}-{mine}-{known['count']}") as key:
        session = gateway.create_session(order(price, customer=None, key=key))
    before = [known["id"], *known.get("before", [])][:REMEMBERED]
    fresh = {"id": session.id, "price": price.pk, "count": known["count"] + 1, "before": before}
    memory[OPENED] = opened(memory) | {mine: fresh}
    return session.url


def close(memory: Memory, price: Price) -> None:
    """See to it that what this browser opened as a guest is not paid beside what its person opens now. Raises as `start`."""
    known = opened(memory).get(scope(price))
    session = settled(known["id"], wanted=False) if known else None
    if session and is_paid(session) and not Customer.objects.filter(stripe_id=session.customer_id).exclude(user=None):
        raise PaidAlready(session.id)


def is_paid(session: Session) -> bool:
    """Return whether what this session paid for still stands, as our rows know it."""
    states = (Purchase.State.PAID, Purchase.State.PENDING)
    subscribed = Subscription.objects.filter(stripe_id=session.subscription_id, status__in=STANDING, ended_at=None)
    return subscribed.exists() or Purchase.objects.filter(session_id=session.id, state__in=states).exists()


def opened(memory: Memory) -> dict[str, Any]:
    return dict(memory.get(OPENED, {}))


def has_opened(memory: Memory, session_id: str) -> bool:
    """Return whether this browser was sent to this session."""
    return any(session_id in (one["id"], *one.get("before", ())) for one in opened(memory).values())
