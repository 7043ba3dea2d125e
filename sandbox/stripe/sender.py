"""Webhooks: signed with the real time, sent by a thread of their own, tried again until answered, with switches that make trouble."""

import hashlib
import hmac
import http.client
import json
import logging
import random
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.store import Store
from sandbox.stripe.terms import public

Object = dict[str, Any]
logger = logging.getLogger(__name__)
BACKOFF = (1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
SWITCHES = ("duplicate", "reorder", "delay", "drop")
MAIN = "main"


def signature(body: bytes, secret: str, moment: int) -> str:
    """Return the Stripe-Signature header's value. Source: https://docs.stripe.com/webhooks#verify-manually"""
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


class Sender(threading.Thread):
    """Takes due deliveries from the store, one after the other."""

    def __init__(self, store: Store, *, url: str | None, secret: str) -> None:
        super().__init__(name="webhooks", daemon=True)
        self.store, self.main_url, self.secret = store, url, secret
        self.switches: set[str] = set()
        self.woken, self.stopped = threading.Event(), threading.Event()

    def addresses(self) -> list[tuple[str, str, list[str]]]:
        """Return (name, url, enabled events) of every address."""
        found = [(MAIN, self.main_url, ["*"])] if self.main_url else []
        endpoints = [one for one in self.store.all("webhook_endpoint") if not one.get("deleted")]
        return found + [(one["id"], one["url"], one["enabled_events"]) for one in endpoints]

    def post(self, event: Object) -> None:
        """Put an event into the post. Called with the store's lock held."""
        wanted = [a for a in self.addresses() if "*" in a[2] or event["type"] in a[2]]
        if not wanted:
            self.store.save(event | {"pending_webhooks": 0})
        for name, _, _ in wanted:
            if "drop" in self.switches:
                self.queue(event["id"], name, status="dropped")
                continue
            due = time.time() + (random.uniform(0, 3) if "reorder" in self.switches else 0)
            due += 5 if "delay" in self.switches else 0
            for _ in range(3 if "duplicate" in self.switches else 1):
                self.queue(event["id"], name, due=due)
        self.woken.set()

    def queue(self, event: str, address: str, *, due: float = 0, status: str = "pending") -> None:
        row = (event, address, due, status)
        self.store.db.execute("INSERT INTO deliveries (event, url, due, status) VALUES (?, ?, ?, ?)", row)

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
        with self.store.lock:
            self.store.db.execute(
                "UPDATE deliveries SET tries = ?, status = ?, answer = ?, due = ? WHERE id = ?",
                (
                    tries + 1,
                    "pending" if again else status,
                    answer,
                    time.time() + (BACKOFF[tries] if again else 0),
                    number,
                ),
            )
            if status == "done" and (found := self.store.find("event", event)):
                self.store.save(found | {"pending_webhooks": 0})
        return True

    def send(self, event_id: str, address: str) -> tuple[str, str]:
        """POST one event; return (done, failed or gone, what was answered)."""
        event = self.store.find("event", event_id)
        target = {name: url for name, url, _ in self.addresses()}.get(address)
        if event is None or target is None:
            return "gone", "nobody to send it to"
        body = json.dumps(public(event), indent=2).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (stand-in)"}
        headers["Stripe-Signature"] = signature(body, self.secret_of(address), int(time.time()))
        parts = urlsplit(target)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        try:
            connection.request("POST", parts.path or "/", body, headers)
            status = connection.getresponse().status
        except OSError as error:
            return "failed", type(error).__name__
        finally:
            connection.close()
        return ("done" if 200 <= status < 300 else "failed"), str(status)

    def secret_of(self, address: str) -> str:
        found = self.store.find("webhook_endpoint", address)
        return str(found["_secret"]) if found else self.secret

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
