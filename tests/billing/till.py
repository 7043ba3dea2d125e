"""The far side of the counter: selling at the embedded Stripe, paying on its pages, and ringing its bells at the site by hand."""

import hashlib
import hmac
import json
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from billing.catalogue import mirror_product
from billing.models import Price
from sandbox.stripe import StripeServer

WEBHOOK = "/stripe/webhook/"
HOUR, DAY = 3600, 86400


@dataclass
class Till:
    """One shop with its Stripe. `rung` remembers which events have been delivered."""

    stripe: StripeServer

    def __post_init__(self) -> None:
        self.rung: set[str] = set()

    def sell(self, name: str = "Membership", *, amount: int = 1200, interval: str = "month", **fields: Any) -> Price:
        """Make a product with one price at Stripe and mirror it. `interval` "once" sells outright."""
        product = self.stripe.call("POST", "products", name=name, **fields)
        return self.price(product["id"], amount=amount, interval=interval)

    def price(
        self, product_id: str, *, amount: int, interval: str = "month", currency: str = "usd", **fields: Any
    ) -> Price:
        if interval != "once":
            fields["recurring"] = {"interval": interval}
        made = self.stripe.call("POST", "prices", product=product_id, unit_amount=amount, currency=currency, **fields)
        mirror_product(product_id)
        return Price.objects.get(stripe_id=made["id"])

    def press(self, address: str, outcome: str, **fields: str) -> None:
        """Press one of the hosted page's buttons, and stay there when it leads back to the site."""
        opener = urllib.request.build_opener(StayHere)
        form = urlencode({"outcome": outcome, **fields}).encode()
        opener.open(urllib.request.Request(address, form, method="POST"), timeout=10).close()

    def session_of(self, address: str) -> str:
        return address.rsplit("/", 1)[-1]

    def subscription_of(self, customer_id: str) -> dict[str, Any]:
        return self.stripe.call("GET", "subscriptions", customer=customer_id, status="all")["data"][0]

    def ring_all(self) -> None:
        """Deliver every event that has not been delivered yet, oldest first; each must be taken."""
        for event in self.stripe.events():
            if event["id"] not in self.rung:
                assert ring(event).status_code == 200, event["type"]
                self.rung.add(event["id"])

    def ring_last(self) -> None:
        """Deliver, of all events that have not been delivered yet, the last of each customer: it holds the news of those before."""
        last = {}
        for event in self.stripe.events():
            if event["id"] not in self.rung:
                body = event["data"]["object"]
                customer = body["id"] if body["object"] == "customer" else body.get("customer")
                last[customer or event["id"]] = event
                self.rung.add(event["id"])
        for event in last.values():
            assert ring(event).status_code == 200, event["type"]

    def catch_up(self) -> datetime:
        """Let Stripe's clock, which a life has moved, be the site's again; return the moment to travel to for that."""
        moment = datetime.fromtimestamp(self.stripe.now(), UTC)
        self.stripe.store.set_note("offset", 0)
        return moment


class StayHere(urllib.request.HTTPRedirectHandler):
    def http_error_303(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp

    http_error_302 = http_error_303


def signed(body: bytes, *, secret: str = "", at: float | None = None, scheme: str = "v1") -> str:
    """Return the Stripe-Signature header for these very bytes, whatever they are."""
    moment = int(time.time() if at is None else at)
    mac = hmac.new(
        (secret or settings.STRIPE_WEBHOOK_SECRETS[0]).encode(), f"{moment}.".encode() + body, hashlib.sha256
    )
    return f"t={moment},{scheme}={mac.hexdigest()}"


def deliver(body: bytes, header: str | None) -> HttpResponse:
    """POST these bytes at the webhook, with this Stripe-Signature header or with none."""
    headers = {} if header is None else {"Stripe-Signature": header}
    answer: Any = Client().post(WEBHOOK, body, content_type="application/json", headers=headers)
    return answer


def ring(event: dict[str, Any]) -> HttpResponse:
    """Deliver an event as Stripe would: signed, now."""
    body = json.dumps(event).encode()
    return deliver(body, signed(body))


def event(type_: str = "customer.updated", **fields: Any) -> dict[str, Any]:
    """An event as Stripe shapes it, about a customer that nobody knows."""
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "data": {"object": {"id": "tok_1", "object": "token"}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type_,
    } | fields
