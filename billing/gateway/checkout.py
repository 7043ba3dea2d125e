"""Customers made and named, Checkout sessions opened and closed: what a person's click on a price asks of Stripe."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from billing.gateway.client import asking, identifier, in_turn, plain, v1


@dataclass(frozen=True)
class Order:
    """What one Checkout session is to be. `once` pays once, else it subscribes.

    Without `customer_id` Stripe makes a customer of whoever pays. `key` tells one try from the next: the same order with the same key
    is the same session. `trial_card` and `trial_end` are a price's.
    """

    customer_id: str
    reference: str
    price_id: str
    once: bool
    trial_days: int
    trial_card: bool
    trial_end: str
    metadata: dict[str, str]
    success_url: str
    cancel_url: str
    automatic_tax: bool
    promotion_codes: bool
    key: str


@dataclass(frozen=True)
class Session:
    """`status` is open, complete or expired; `payment_status` paid, unpaid or no_payment_required; `url` is there while open.

    `email` is what the buyer wrote, or the customer's.
    """

    id: str
    customer_id: str
    email: str
    mode: str
    status: str
    payment_status: str
    subscription_id: str
    url: str


def create_customer(email: str, *, metadata: dict[str, str], key: str) -> str:
    """Make a customer and return its id. The same `key` within a day gives the same customer."""
    with asking():
        params = {"email": email, "metadata": metadata}
        options = {"idempotency_key": _key("customer", key, params)}
        created = in_turn(lambda: v1().customers.create(params, options))
        return str(created.id)


def create_session(order: Order) -> Session:
    """Open a Checkout session; the same order gives the same session, so that a double click opens one."""
    params = _session_params(order)
    with asking():
        options = {"idempotency_key": _key("checkout", order.key, params)}
        return _session(plain(in_turn(lambda: v1().checkout.sessions.create(params, options))))


def fetch_session(session_id: str) -> Session:
    """Raises Gone when Stripe knows no such session, GatewayDown or GatewayRefused."""
    with asking():
        return _session(plain(v1().checkout.sessions.retrieve(session_id)))


def expire_session(session_id: str) -> None:
    """Close an open session. Raises GatewayRefused when it is not open any more."""
    with asking():
        v1().checkout.sessions.expire(session_id)


def name_customer(customer_id: str, *, metadata: dict[str, str]) -> None:
    """Write whose a customer is into its metadata, so that a lost database can be rebuilt. Raises Gone, GatewayDown or GatewayRefused."""
    with asking():
        v1().customers.update(customer_id, {"metadata": metadata})


def _session_params(order: Order) -> dict[str, Any]:
    params: dict[str, Any] = {
        "mode": "payment" if order.once else "subscription",
        "line_items": [{"price": order.price_id, "quantity": 1}],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "metadata": order.metadata,
    }
    if order.customer_id:
        # Only a customer that is there already can be updated; one that Checkout makes gets all that the buyer writes.
        params |= {"customer": order.customer_id, "customer_update": {"address": "auto", "name": "auto"}}
    elif order.once:
        params["customer_creation"] = "always"
    if order.reference:
        params["client_reference_id"] = order.reference
    if order.promotion_codes:
        params["allow_promotion_codes"] = True
    if order.automatic_tax:
        params |= {"automatic_tax": {"enabled": True}, "tax_id_collection": {"enabled": True}}
    return params | (_payment_params(order) if order.once else _subscription_params(order))


def _payment_params(order: Order) -> dict[str, Any]:
    return {"invoice_creation": {"enabled": True}, "payment_intent_data": {"metadata": order.metadata}}


def _subscription_params(order: Order) -> dict[str, Any]:
    subscription: dict[str, Any] = {"metadata": order.metadata, "billing_mode": {"type": "flexible"}}
    params: dict[str, Any] = {"subscription_data": subscription}
    if order.trial_days:
        subscription["trial_period_days"] = order.trial_days
        # Even where a card is asked for, it may be taken away before the trial ends.
        subscription["trial_settings"] = {"end_behavior": {"missing_payment_method": order.trial_end}}
        if not order.trial_card:
            params["payment_method_collection"] = "if_required"
    return params


def _key(action: str, name: str, params: dict[str, Any]) -> str:
    """Return an idempotency key that is the same for the same wish and no other: Stripe refuses a known key with other parameters."""
    wish = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:24]
    return f"{action}-{name}-{wish}"


def _session(found: dict[str, Any]) -> Session:
    return Session(
        id=found["id"],
        customer_id=identifier(found.get("customer")),
        email=(found.get("customer_details") or {}).get("email") or found.get("customer_email") or "",
        mode=found["mode"],
        status=found["status"],
        payment_status=found["payment_status"],
        subscription_id=identifier(found.get("subscription")),
        url=found.get("url") or "",
    )
