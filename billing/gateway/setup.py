"""How the account at Stripe is set up: what our key may ask, where Stripe rings, what the portal offers. For `manage.py doctor`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import stripe
from django.conf import settings

from billing.gateway.client import GatewayDown, asking, pages, plain, v1

LISTED = (
    "customers",
    "subscriptions",
    "invoices",
    "prices",
    "products",
    "events",
    "disputes",
    "payment_intents",
    "checkout.sessions",
)
MARK = "lectern_doctor"


@dataclass(frozen=True)
class Endpoint:
    """Where Stripe rings, for which events ("*" for all), in the shapes of which version."""

    id: str
    url: str
    enabled: bool
    events: tuple[str, ...]
    api_version: str


@dataclass(frozen=True)
class Portal:
    """What people may do in the Billing Portal; `at_period_end` says that who cancels keeps what is paid for."""

    card: bool
    invoices: bool
    cancel: bool
    at_period_end: bool
    pause: bool


def fetch_time() -> datetime:
    """Return Stripe's time of day, from an answer's Date. Raises GatewayDown."""
    try:
        answer = requests.head(settings.STRIPE_API_BASE or stripe.DEFAULT_API_BASE, timeout=5, allow_redirects=False)
        return parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError) as error:
        raise GatewayDown(f"Stripe does not tell its time: {type(error).__name__}") from None


def forbidden() -> list[str]:
    """Return which of the lists that the site reads are closed to our key. Raises GatewayDown where the key itself is refused."""
    return [name for name in LISTED if not is_open(lambda name=name: service(name).list({"limit": 1}))]  # type: ignore[misc]


def is_open(ask: Callable[[], Any]) -> bool:
    """Return whether our key may ask this. Raises GatewayDown for a key that Stripe does not know, or a Stripe that does not answer."""
    with asking():
        try:
            ask()
        except stripe.PermissionError:
            return False
    return True


def service(name: str) -> Any:
    found = v1()
    for step in name.split("."):
        found = getattr(found, step)
    return found


def fetch_endpoints() -> list[Endpoint]:
    """Return where Stripe rings. Raises GatewayDown (also where our key may not ask) or GatewayRefused."""
    with asking():
        return [
            Endpoint(
                id=one["id"],
                url=one["url"],
                enabled=one["status"] == "enabled",
                events=tuple(one["enabled_events"]),
                api_version=one.get("api_version") or "",
            )
            for one in pages(v1().webhook_endpoints.list)
        ]


def create_endpoint(url: str, events: list[str]) -> str:
    """Let Stripe ring at an address for these events, in the shapes that we read; return the secret it signs with.

    Stripe tells it this once. Keep it from logs and sentences. Raises as fetch_endpoints.
    """
    with asking():
        made = v1().webhook_endpoints.create(
            {"url": url, "enabled_events": events, "api_version": stripe.api_version, "description": "Lectern"}
        )
        return str(made["secret"])


def widen_endpoint(endpoint_id: str, events: list[str]) -> None:
    """Let an endpoint hear these events, and be enabled; its address, its secret and its version stay. Raises as fetch_endpoints."""
    with asking():
        v1().webhook_endpoints.update(endpoint_id, {"enabled_events": events, "disabled": False})


def fetch_portal() -> Portal | None:
    """Return what the portal's default configuration offers, None where there is none yet. Raises as fetch_endpoints."""
    with asking():
        for one in pages(v1().billing_portal.configurations.list, active=True, is_default=True):
            features = one["features"]
            cancel = features["subscription_cancel"]
            return Portal(
                card=bool(features["payment_method_update"]["enabled"]),
                invoices=bool(features["invoice_history"]["enabled"]),
                cancel=bool(cancel["enabled"]),
                at_period_end=cancel.get("mode") == "at_period_end",
                pause=bool((features.get("subscription_pause") or {}).get("enabled")),
            )
    return None


def mark_product(product_id: str, mark: str) -> None:
    """Write a mark into a product's metadata ("" takes it out), which makes Stripe ring with product.updated. Nobody sees it."""
    with asking():
        plain(v1().products.update(product_id, {"metadata": {MARK: mark}}))
