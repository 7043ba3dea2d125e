"""HTTP for the embedded Stripe: keys, idempotency, rate limits, and trouble on request."""

import base64
import hashlib
import http.server
import json
import logging
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe import pages
from sandbox.stripe.api import answer
from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import parse
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import API_VERSION

logger = logging.getLogger(__name__)
MAX_BODY = 1024 * 1024
JSON = {"Content-Type": "application/json"}
NOT_FOUND, TOO_MANY = 404, 429
IN_USE = "There is currently another in-progress request using this Idempotency Key."
OTHER_PARAMETERS = "Keys for idempotent requests can only be used with the same parameters."


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024  # Two hundred people press a button at once.
    stripe: Any

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("a connection ended early")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # Head and body leave in two pieces, and the second would wait 40 ms for an answer to the first.
    )
    server: Listener

    def version_string(self) -> str:
        return "lectern-sandbox-stripe"

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)

    def do_GET(self) -> None:
        self.serve("GET")

    def do_POST(self) -> None:
        self.serve("POST")

    def do_DELETE(self) -> None:
        self.serve("DELETE")

    def serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self.reply(413, b"too large", {"Content-Type": "text/plain"})
            return
        text = self.rfile.read(length).decode("utf-8", "replace") if length else ""
        if parts.path.startswith("/v1/"):
            self.serve_api(method, parts.path, text if method == "POST" else parts.query or text)
        else:
            page = pages.respond(self.server.stripe, method, parts.path, parts.query, text)
            self.reply(page.status, page.body, pages.HEADERS | page.headers)

    def serve_api(self, method: str, path: str, text: str) -> None:
        stripe = self.server.stripe
        stripe.calls.append((method, path))
        self.request_id = new_id("req", 14)
        fault = stripe.fault_for(path)
        if fault and self.suffer(fault):
            return
        try:
            self.authorise()
            if stripe.is_too_much():
                raise StripeError(429, "Request rate limit exceeded.", code="rate_limit")
            status, body, replayed = self.once(method, path, text)
        except StripeError as error:
            status, body, replayed = error.status, json.dumps(error.body()), False
        if fault and fault.kind == "lost":
            self.close_connection = True
            return
        if fault and fault.kind == "late":
            fault.released.wait(fault.seconds)
        headers = {"Stripe-Version": self.headers.get("Stripe-Version") or API_VERSION}
        if key := self.headers.get("Idempotency-Key"):
            headers["Idempotency-Key"] = key
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        if status in (409, 429):
            headers["Stripe-Should-Retry"] = "true"
        self.reply(status, body.encode(), JSON | {"Request-Id": self.request_id} | headers)

    def suffer(self, fault: Any) -> bool:
        """Make this call go wrong; return True when it is thereby answered."""
        if fault.kind in ("hang", "slow"):
            self.server.stripe.sender.stopped.wait(fault.seconds)
        if fault.kind in ("slow", "late", "lost"):
            return False
        if fault.kind in ("hang", "reset"):
            self.close_connection = True
            return True
        if fault.kind == "nonsense":
            self.reply(200, b"<html>", JSON)
            return True
        status = 429 if fault.kind == "lock" else int(fault.kind)
        error = {"type": "api_error", "message": "Trouble, as asked."}
        if status == TOO_MANY:
            code = "lock_timeout" if fault.kind == "lock" else "rate_limit"
            error = {"type": "invalid_request_error", "code": code, "message": "Too many requests, as asked."}
        headers = {"Request-Id": self.request_id} | (
            {"Stripe-Should-Retry": "true"} if status == TOO_MANY or status >= 500 else {}
        )
        self.reply(status, json.dumps({"error": error}).encode(), JSON | headers)
        return True

    def authorise(self) -> None:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            value = base64.b64decode(value + "==").decode("utf-8", "replace").partition(":")[0]
        if value != self.server.stripe.api_key:
            raise StripeError(401, "Invalid API Key provided", type_="invalid_request_error")

    def once(self, method: str, path: str, text: str) -> tuple[int, str, bool]:
        """Answer a call, or what the same Idempotency-Key was answered before. Errors of the caller are kept too, as Stripe keeps them.

        Raises StripeError (409) while another call with the same key is still being answered.
        """
        stripe, key = self.server.stripe, self.headers.get("Idempotency-Key") if method == "POST" else None
        with stripe.gate:
            if key and key in stripe.in_flight:
                raise StripeError(409, IN_USE, code="idempotency_key_in_use", type_="idempotency_error")
            if key:
                stripe.in_flight.add(key)
        try:
            return self.answered(method, path, text, key)
        finally:
            with stripe.gate:
                stripe.in_flight.discard(key)

    def answered(self, method: str, path: str, text: str, key: str | None) -> tuple[int, str, bool]:
        stripe, world = self.server.stripe, self.server.stripe.world
        request = hashlib.sha256(f"{method} {path}\n{text}".encode()).hexdigest()
        with stripe.store.lock:
            if key and (kept := self.kept(key, request)):
                return *kept, True
            world.version = self.headers.get("Stripe-Version") or API_VERSION
            world.request_id, world.request_key = self.request_id, key
            try:
                with stripe.store.step():
                    status, body = 200, json.dumps(answer(world, method, path, parse(text)))
            except StripeError as error:
                if error.status == NOT_FOUND or error.param:
                    raise  # Refused before anything was done: the key may be used again.
                status, body = error.status, json.dumps(error.body())
            finally:
                world.version, world.request_id, world.request_key = API_VERSION, None, None
            if key:
                stripe.store.db.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, request, status, body))
        return status, body, False

    def kept(self, key: str, request: str) -> tuple[int, str] | None:
        """Return what this key was answered before. Raises StripeError where it comes with other parameters."""
        row = self.server.stripe.store.db.execute(
            "SELECT request, status, body FROM answers WHERE key = ?", (key,)
        ).fetchone()
        if row and row[0] != request:
            raise StripeError(400, OTHER_PARAMETERS, type_="idempotency_error")
        return (row[1], row[2]) if row else None

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
