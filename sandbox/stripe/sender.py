"""Webhooks: signed with the real time, sent by a thread of their own, tried again until answered, with switches that make trouble."""

import hashlib
import hmac
import http.client
import json
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.shaping import as_of
from sandbox.stripe.store import Store
from sandbox.stripe.terms import API_VERSION, public

Object = dict[str, Any]
logger = logging.getLogger(__name__)
BACKOFF = (1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
SWITCHES = ("duplicate", "reorder", "delay", "drop", "old", "rotate")
OLD_VERSION = "2024-06-20"
MAIN = "main"
WAITING = (
    "SELECT COUNT(DISTINCT url) FROM deliveries WHERE event = ? "
    "AND url NOT IN (SELECT url FROM deliveries WHERE event = ? AND status = 'done')"
)


def signature(body: bytes, secrets: list[str], moment: int) -> str:
    """Return the Stripe-Signature header's value, with one v1 for each secret. Source: https://docs.stripe.com/webhooks#verify-manually"""
    macs = [hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest() for secret in secrets]
    return f"t={moment}," + ",".join(f"v1={mac}" for mac in macs)


@dataclass(frozen=True)
class Address:
    """Where events are sent: `secrets` are one, or two while the secret is being changed; `version` is the API version of their shape."""

    name: str
    url: str
    wanted: tuple[str, ...]
    secrets: tuple[str, ...]
    version: str


class Sender(threading.Thread):
    """Takes due deliveries from the store, one after the other."""

    def __init__(self, store: Store, *, url: str | None, secret: str) -> None:
        super().__init__(name="webhooks", daemon=True)
        self.store, self.main_url, self.secret = store, url, secret
        self.switches: set[str] = set()
        self.old_version = OLD_VERSION  # The shape that the switch "old" gives to what the main address gets.
        self.second_secret = "whsec_second0123456789abcdef"  # Signs too while the switch "rotate" is on.
        self.woken, self.stopped = threading.Event(), threading.Event()

    def addresses(self) -> list[Address]:
        found = []
        if self.main_url:
            both = (self.second_secret, self.secret) if "rotate" in self.switches else (self.secret,)
            version = self.old_version if "old" in self.switches else API_VERSION
            found.append(Address(MAIN, self.main_url, ("*",), both, version))
        for one in self.store.all("webhook_endpoint", status="enabled"):
            secrets = (one["_secret"], *one.get("_old_secrets", []))
            found.append(Address(one["id"], one["url"], tuple(one["enabled_events"]), secrets, one["api_version"]))
        return found

    def post(self, event: Object) -> int:
        """Put an event into the post, and return how many addresses want it. Called with the store's lock held."""
        wanted = [address for address in self.addresses() if "*" in address.wanted or event["type"] in address.wanted]
        for address in wanted:
            if "drop" in self.switches:
                self.queue(event["id"], address.name, status="dropped")
                continue
            due = time.time() + (random.uniform(0, 3) if "reorder" in self.switches else 0)
            due += 5 if "delay" in self.switches else 0
            for _ in range(3 if "duplicate" in self.switches else 1):
                self.queue(event["id"], address.name, due=due)
        if wanted:
            self.woken.set()
        return len(wanted)

    def queue(self, event: str, address: str, *, due: float = 0, status: str = "pending") -> None:
        row = (event, address, due, status)
        self.store.db.execute("INSERT INTO deliveries (event, url, due, status) VALUES (?, ?, ?, ?)", row)

    def send_again(self, event: str) -> None:
        """Send an event to everybody once more, as the dashboard's button does."""
        with self.store.lock:
            for address in self.addresses():
                self.queue(event, address.name)
        self.woken.set()

    def run(self) -> None:
        while not self.stopped.is_set():
            if not self.step():
                self.woken.wait(0.2)
                self.woken.clear()

    def step(self) -> bool:
        """Send the delivery that is due longest; return whether there was one."""
        with self.store.lock:
            row = self.store.db.execute(
                "SELECT id, event, url, tries FROM deliveries WHERE status = 'pending' AND due <= ? ORDER BY due, id LIMIT 1",
                (time.time(),),
            ).fetchone()
        if row is None:
            return False
        number, event, address, tries = row
        status, answer = self.send(event, address)
        again = status == "failed" and tries < len(BACKOFF)
        due = time.time() + (BACKOFF[tries] if again else 0)
        with self.store.lock:
            self.store.db.execute(
                "UPDATE deliveries SET tries = ?, status = ?, answer = ?, due = ? WHERE id = ?",
                (tries + 1, "pending" if again else status, answer, due, number),
            )
            if status == "done":
                self.count_off(event)
        return True

    def count_off(self, event: str) -> None:
        """An event has arrived where no address waits for it any more."""
        left = self.store.db.execute(WAITING, (event, event)).fetchone()[0]
        if found := self.store.find("event", event):
            self.store.save(found | {"pending_webhooks": left})

    def send(self, event_id: str, name: str) -> tuple[str, str]:
        """POST one event; return (done, failed or gone, what was answered)."""
        with self.store.lock:
            event = self.store.find("event", event_id)
            address = {one.name: one for one in self.addresses()}.get(name)
            if event is None or address is None:
                return "gone", "nobody to send it to"
            shaped = as_of(public(event), address.version, self.links)
        body = json.dumps(shaped, indent=2).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (stand-in)"}
        headers["Stripe-Signature"] = signature(body, list(address.secrets), int(time.time()))
        parts = urlsplit(address.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        try:
            connection.request("POST", parts.path or "/", body, headers)
            status = connection.getresponse().status
        except OSError as error:
            return "failed", type(error).__name__
        finally:
            connection.close()
        return ("done" if 200 <= status < 300 else "failed"), str(status)

    def links(self, identifier: str) -> Object:
        """Return what tied an invoice and its payment together before basil."""
        about = self.store.find_any(identifier) or {"object": ""}
        if about["object"] == "invoice":
            payment = next(iter(self.store.all("invoice_payment", invoice=identifier)), None)
            intent = payment and self.store.find("payment_intent", payment["payment"]["payment_intent"])
            return {"payment_intent": intent and intent["id"], "charge": intent and intent["latest_charge"]}
        intent_id = about.get("payment_intent") if about["object"] == "charge" else identifier
        payment = next(iter(self.store.all("invoice_payment", payment_intent=intent_id)), None)
        return {"invoice": payment and payment["invoice"]}

    def pending(self) -> int:
        """Return how many deliveries are still on their way."""
        with self.store.lock:
            return int(self.store.db.execute("SELECT COUNT(*) FROM deliveries WHERE status = 'pending'").fetchone()[0])

    def hurry(self) -> None:
        """Make every pending delivery due now."""
        with self.store.lock:
            self.store.db.execute("UPDATE deliveries SET due = 0 WHERE status = 'pending'")
        self.woken.set()

    def stop(self) -> None:
        self.stopped.set()
        self.woken.set()
        if self.is_alive():
            self.join(25)
