"""The embedded Stripe as a server: the API under /v1, the hosted pages, and the thread that sends webhooks."""

import base64
import hashlib
import http.server
import json
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe import pages
from sandbox.stripe.api import answer
from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import parse
from sandbox.stripe.sender import Sender
from sandbox.stripe.store import Store, new_id
from sandbox.stripe.terms import API_VERSION, SANDBOX_CLOCK, public
from sandbox.stripe.world import World

logger = logging.getLogger(__name__)
MAX_BODY = 1024 * 1024


@dataclass
class Fault:
    """Trouble for the next calls of the API: `kind` is hang, late, reset, nonsense or an HTTP status."""

    kind: str
    times: int
    path: str
    seconds: float
    released: threading.Event = field(default_factory=threading.Event)


class StripeServer:
    """One embedded Stripe. `start` and `stop` it, or use it as a context manager."""

    def __init__(
        self,
        root: Path,
        *,
        api_key: str,
        webhook_secret: str,
        webhook_url: str | None,
        mail_dir: Path | None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.api_key, self.mail_dir = api_key, mail_dir
        self.store = Store(root)
        self.httpd = Listener((host, port), Handler)
        self.httpd.stripe = self
        self.url = f"http://{host}:{self.httpd.server_address[1]}"
        self.world = World(self.store, self.url)
        self.sender = Sender(self.store, url=webhook_url, secret=webhook_secret)
        self.world.post = self.sender.post  # type: ignore[method-assign]
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, str]] = []
        self.begin()

    def begin(self) -> None:
        with self.store.lock:
            if self.store.note("began") is None:
                self.store.set_note("began", int(time.time()))

    # --- Life ---------------------------------------------------------------------------------

    def start(self) -> "StripeServer":
        self.sender.start()
        threading.Thread(target=self.httpd.serve_forever, name="stripe", daemon=True).start()
        threading.Thread(target=self.tick, name="stripe clock", daemon=True).start()
        return self

    def tick(self) -> None:
        """The sandbox's clock runs with real time: do what falls due."""
        while not self.sender.stopped.wait(1):
            with self.store.lock:
                self.world.run_until(SANDBOX_CLOCK, self.world.now())

    def stop(self) -> None:
        self.sender.stop()
        self.httpd.shutdown()
        self.httpd.server_close()
        self.store.close()

    def __enter__(self) -> "StripeServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Forget everything, faults and switches too."""
        with self.store.lock:
            self.store.clear()
            self.begin()
        self.faults, self.calls = [], []
        self.sender.switches.clear()

    # --- For tests ----------------------------------------------------------------------------

    def now(self) -> int:
        with self.store.lock:
            return self.world.now()

    def advance(self, seconds: int) -> None:
        """Move the sandbox's clock forward by so many seconds."""
        with self.store.lock:
            self.world.advance(SANDBOX_CLOCK, self.world.now() + seconds)

    def call(self, method: str, path: str, **params: Any) -> dict[str, Any]:
        """Call the API without a socket: `call("POST", "customers", email=…)`. Raises StripeError."""
        with self.store.lock:
            return answer(self.world, method, f"/v1/{path}", texts(params))

    def settle(self, timeout: float = 10) -> None:
        """Wait until every webhook is answered or given up; raise TimeoutError when some are not."""
        end = time.monotonic() + timeout
        while self.sender.pending():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.sender.pending()} webhooks are still on their way")
            self.sender.hurry()
            time.sleep(0.02)

    def events(self, *types: str) -> list[dict[str, Any]]:
        """Return the events so far, oldest first."""
        found = [public(one) for one in reversed(self.store.all("event"))]
        return [one for one in found if not types or one["type"] in types]

    def fail_next(self, kind: str, *, times: int = 1, path: str = "", seconds: float = 30) -> Fault:
        """Make the next calls whose path holds `path` go wrong: "hang", "reset", "nonsense", or a status such as "429".

        A "late" answer is the right one of the moment it was asked for, and is on its way until it is released, or so many seconds.
        """
        self.faults.append(Fault(kind, times, path, seconds))
        return self.faults[-1]

    def fault_for(self, path: str) -> Fault | None:
        with self.store.lock:
            for fault in self.faults:
                if fault.times and fault.path in path:
                    fault.times -= 1
                    return fault
        return None


def texts(value: Any) -> Any:
    """Turn Python values into what a form would carry."""
    if isinstance(value, dict):
        return {name: texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    stripe: StripeServer

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
        fault = stripe.fault_for(path)
        if fault and self.suffer(fault):
            return
        try:
            self.authorise()
            status, body = self.once(method, path, text)
        except StripeError as error:
            status, body = error.status, json.dumps(error.body())
        headers = {"Content-Type": "application/json", "Request-Id": new_id("req", 14), "Stripe-Version": API_VERSION}
        if fault:
            fault.released.wait(fault.seconds)
        self.reply(status, body.encode(), headers)

    def suffer(self, fault: Fault) -> bool:
        """Make this call go wrong; return True when it is thereby answered."""
        if fault.kind == "late":
            return False
        if fault.kind == "hang":
            self.server.stripe.sender.stopped.wait(fault.seconds)
        if fault.kind in ("hang", "reset"):
            self.close_connection = True
            return True
        body = (
            b"<html>"
            if fault.kind == "nonsense"
            else b'{"error": {"type": "api_error", "message": "Trouble, as asked."}}'
        )
        self.reply(200 if fault.kind == "nonsense" else int(fault.kind), body, {"Content-Type": "application/json"})
        return True

    def authorise(self) -> None:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            value = base64.b64decode(value + "==").decode("utf-8", "replace").partition(":")[0]
        if value != self.server.stripe.api_key:
            raise StripeError(401, "Invalid API Key provided", type_="invalid_request_error")

    def once(self, method: str, path: str, text: str) -> tuple[int, str]:
        """Answer a call, or what the same Idempotency-Key was answered before. Errors of the caller are kept too, as Stripe keeps them."""
        stripe, key = self.server.stripe, self.headers.get("Idempotency-Key")
        request = hashlib.sha256(f"{method} {path}\n{text}".encode()).hexdigest()
        with stripe.store.lock:
            if key and method == "POST":
                row = stripe.store.db.execute(
                    "SELECT request, status, body FROM answers WHERE key = ?", (key,)
                ).fetchone()
                if row and row[0] != request:
                    raise StripeError(
                        400,
                        "Keys for idempotent requests can only be used with the same parameters.",
                        type_="idempotency_error",
                    )
                if row:
                    return row[1], row[2]
            try:
                status, body = 200, json.dumps(answer(stripe.world, method, path, parse(text)))
            except StripeError as error:
                if error.status == 404 or error.param:
                    raise  # Refused before anything was done: the key may be used again.
                status, body = error.status, json.dumps(error.body())
            if key and method == "POST":
                stripe.store.db.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, request, status, body))
        return status, body

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
