"""Customers made, Checkout sessions and portal sessions opened: what a person's click asks of Stripe."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.gateway.client import asking, identifier, moment, plain, v1


@dataclass(frozen=True)
class Order:
    """What one Checkout session is to be. `once` pays once, else it subscribes; `attempt` tells one try from the next."""

    customer_id: str
    reference: str
    price_id: str
    once: bool
    trial_days: int
    metadata: dict[str, str]
    success_url: str
    cancel_url: str
    automatic_tax: bool
    promotion_codes: bool
    attempt: int


@dataclass(frozen=True)
class Session:
    """`status` is open, complete or expired; `payment_status` paid, unpaid or no_payment_required; `url` is there while open."""

    id: str
    customer_id: str
    mode: str
    status: str
    payment_status: str
    subscription_id: str
    price_id: str
    url: str
    expires_at: datetime | None


def create_customer(email: str, *, metadata: dict[str, str], key: str) -> str:
    """Make a customer and return its id. The same `key` within a day gives the same customer."""
    with asking():
        params = {"email": email, "metadata": metadata}
        created = v1().customers.create(params, {"idempotency_key": _key("customer", key, params)})
        return str(created.id)


def create_session(order: Order) -> Session:
    """Open a Checkout session; the same order gives the same session, so that a double click opens one."""
    params = _session_params(order)
    with asking():
        key = _key("checkout", f"{order.customer_id}-{order.attempt}", params)
        return _session(plain(v1().checkout.sessions.create(params, {"idempotency_key": key})))


def fetch_session(session_id: str) -> Session:
    """Raises Gone when Stripe knows no such session, GatewayDown or GatewayRefused."""
    with asking():
        return _session(plain(v1().checkout.sessions.retrieve(session_id, {"expand": ["line_items"]})))


def expire_session(session_id: str) -> None:
    """Close an open session. Raises GatewayRefused when it is not open any more."""
    with asking():
        v1().checkout.sessions.expire(session_id)


def create_portal_session(customer_id: str, *, return_url: str, flow: str = "", subscription_id: str = "") -> str:
    """Return the short-lived address of the Billing Portal; make it on the click and never store it.

    `flow` is empty, payment_method_update, or subscription_cancel, which needs `subscription_id`.
    """
    params: dict[str, Any] = {"customer": customer_id, "return_url": return_url}
    if flow == "subscription_cancel" and subscription_id:
        params["flow_data"] = {"type": flow, "subscription_cancel": {"subscription": subscription_id}}
    elif flow == "payment_method_update":
        params["flow_data"] = {"type": flow}
    with asking():
        return str(v1().billing_portal.sessions.create(params).url)


def _session_params(order: Order) -> dict[str, Any]:
    params: dict[str, Any] = {
        "mode": "payment" if order.once else "subscription",
        "customer": order.customer_id,
        "client_reference_id": order.reference,
        "line_items": [{"price": order.price_id, "quantity": 1}],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "metadata": order.metadata,
        "customer_update": {"address": "auto", "name": "auto"},
    }
    if order.promotion_codes:
        params["allow_promotion_codes"] = True
    if order.automatic_tax:
        params |= {"automatic_tax": {"enabled": True}, "tax_id_collection": {"enabled": True}}
    if order.once:
        return params | {
            "invoice_creation": {"enabled": True},
            "payment_intent_data": {"metadata": order.metadata},
        }
    subscription: dict[str, Any] = {"metadata": order.metadata, "billing_mode": {"type": "flexible"}}
    if order.trial_days:
        subscription["trial_period_days"] = order.trial_days
    return params | {"subscription_data": subscription}


def _key(action: str, name: str, params: dict[str, Any]) -> str:
    """Return an idempotency key that is the same for the same wish and no other: Stripe refuses a known key with other parameters."""
    wish = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:24]
    return f"{action}-{name}-{wish}"


def _session(found: dict[str, Any]) -> Session:
    lines = (found.get("line_items") or {}).get("data") or []
    return Session(
        id=found["id"],
        customer_id=identifier(found.get("customer")),
        mode=found["mode"],
        status=found["status"],
        payment_status=found["payment_status"],
        subscription_id=identifier(found.get("subscription")),
        price_id=lines[0]["price"]["id"] if lines else "",
        url=found.get("url") or "",
        expires_at=moment(found.get("expires_at")),
    )
