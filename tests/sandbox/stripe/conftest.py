"""One embedded Stripe and the real SDK on the other end of the socket."""

import http.server
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from stripe import StripeClient

from sandbox.stripe import StripeServer

KEY, SECRET = "sk_test_sandbox", "whsec_sandbox0123456789abcd"


class Inbox:
    """A webhook endpoint that keeps what it gets, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((body, self.headers["Stripe-Signature"]))
                self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_address[1]}/hook"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()


@pytest.fixture(scope="session")
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    yield box
    box.httpd.shutdown()
    box.httpd.server_close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox) -> Iterator[StripeServer]:
    root = tmp_path_factory.mktemp("stripe")
    with StripeServer(
        root, api_key=KEY, webhook_secret=SECRET, webhook_url=inbox.url, mail_dir=root / "mail"
    ) as running:
        yield running


@pytest.fixture
def sandbox(server: StripeServer, inbox: Inbox) -> StripeServer:
    server.settle(10)
    server.reset()
    inbox.got.clear()
    inbox.answers.clear()
    return server


@pytest.fixture
def api(sandbox: StripeServer) -> StripeClient:
    return StripeClient(KEY, base_addresses={"api": sandbox.url}, max_network_retries=0)


@pytest.fixture
def monthly(api: StripeClient) -> Any:
    product = api.v1.products.create({"name": "Membership"})
    recurring: Any = {"interval": "month"}
    return api.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1200, "recurring": recurring})


@pytest.fixture
def once(api: StripeClient) -> Any:
    product = api.v1.products.create({"name": "The Tide Book"})
    return api.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 900})


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def submit(url: str, **form: str) -> tuple[int, str]:
    """Submit a form on a hosted page; return the status and where it leads, or the page."""
    return visit(url, urlencode(form).encode())


def visit(url: str, body: bytes | None = None) -> tuple[int, str]:
    """Open a hosted page without following where it leads; return the status, and that or the page."""
    try:
        with urllib.request.build_opener(Stay).open(url, data=body) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Location") or error.read().decode()


@pytest.fixture
def checkout(api: StripeClient) -> Callable[..., Any]:
    """Open a Checkout session for a new customer; keywords go into it."""

    def opened(price: Any, **params: Any) -> Any:
        customer = api.v1.customers.create({"email": "sam@example.com", "metadata": {"user": "7"}})
        mode = "subscription" if price.recurring else "payment"
        values = {"mode": mode, "customer": customer.id, "line_items": [{"price": price.id, "quantity": 1}]}
        values |= {
            "success_url": "https://shop.example/done?id={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.example/plans",
        }
        return api.v1.checkout.sessions.create(values | params)  # type: ignore[arg-type]

    return opened


@pytest.fixture
def subscribed(api: StripeClient, checkout: Callable[..., Any], monthly: Any) -> Any:
    """A subscription to the monthly price, paid with a good card on the Checkout page."""
    submit(checkout(monthly).url, outcome="pay")
    [found] = api.v1.subscriptions.list({"status": "all"}).data
    return found


@pytest.fixture
def bought(api: StripeClient, checkout: Callable[..., Any], once: Any) -> Any:
    """A Checkout session whose single price has been paid outright."""
    session = checkout(once)
    submit(session.url, outcome="pay")
    return api.v1.checkout.sessions.retrieve(session.id)


def types(sandbox: StripeServer) -> list[str]:
    return [event["type"] for event in sandbox.events()]
