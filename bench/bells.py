"""The webhook beside a bare handler that stores and commits: CPU time of the worker per event, interleaved, on PostgreSQL.

An event about a customer costs five questions to Stripe and their answers written down; one about nobody is verified and kept. Both
are measured. Stripe is the embedded one, in this process, whose CPU time is not the worker's.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from bench.faults import lives
from bench.report import Figure
from bench.servers import Server, gunicorn
from billing.catalogue import mirror_catalogue
from sandbox.stripe import StripeServer
from tests import build
from tests.billing.till import WEBHOOK, signed

ROUNDS, EVENTS, WARM_UP = 11, 40, 40
numbers = count(1)
Event = dict[str, Any]


def about_nobody(event: Event) -> Event:
    """The same event of a type and about a thing that are only kept."""
    return event | {"type": "payout.paid", "data": {"object": {"id": "po_1", "object": "payout"}}}


def about_a_customer(event: Event) -> Event:
    return event


def burst(server: Server, event: Event, shape: Callable[[Event], Event], *, events: int) -> tuple[float, float]:
    """Deliver new events over one connection; return the worker's CPU seconds and the wall seconds per event."""
    client = server.connect()
    cpu, began = server.cpu(), time.monotonic()
    for _ in range(events):
        body = json.dumps(shape(event) | {"id": f"evt_bench{next(numbers)}"}).encode()
        headers = {"Content-Type": "application/json", "Stripe-Signature": signed(body)}
        client.request("POST", WEBHOOK, body, headers)
        response = client.getresponse()
        response.read()
        assert response.status == 200, f"the webhook answered {response.status}"
    spent = server.cpu() - cpu, time.monotonic() - began
    client.close()
    return spent[0] / events, spent[1] / events


def measure() -> list[Figure]:
    """Return our throughput as a ratio to the bare handler's (1 would be as much), for both kinds of event, and our events a second."""
    with tempfile.TemporaryDirectory() as folder, stripe_server(Path(folder)) as stripe:
        price = lives.plan(stripe, "Basic", 1200)[0]
        mirror_catalogue()
        lives.join(stripe, build.person("bells@example.com").pk, settings.SITE_URL, price)
        event = stripe.events("invoice.paid")[0]
        with gunicorn("config.wsgi") as site, gunicorn("bench.bare") as bare:
            return [
                *compare("webhook_throughput", site, bare, event, about_a_customer),
                *compare("webhook_kept_throughput", site, bare, event, about_nobody),
            ]


def compare(name: str, site: Server, bare: Server, event: Event, shape: Callable[[Event], Event]) -> list[Figure]:
    for server in (site, bare):
        burst(server, event, shape, events=WARM_UP)
    pairs = [
        (burst(site, event, shape, events=EVENTS), burst(bare, event, shape, events=EVENTS)) for _ in range(ROUNDS)
    ]
    beside = "a bare WSGI handler that stores and commits by psycopg; CPU of the worker, interleaved"
    n = ROUNDS * EVENTS
    return [
        Figure(name, statistics.median(floor[0] / ours[0] for ours, floor in pairs), "ratio", beside, n),
        Figure(f"{name}_cpu", 1000 * statistics.median(ours[0] for ours, _ in pairs), "ms", "CPU per event", n),
        Figure(f"{name}_wall", 1000 * statistics.median(ours[1] for ours, _ in pairs), "ms", "one after the other", n),
    ]


def stripe_server(root: Path) -> StripeServer:
    return StripeServer(
        root,
        api_key=settings.STRIPE_SECRET_KEY,
        webhook_secret=settings.STRIPE_WEBHOOK_SECRETS[0],
        webhook_url=None,
        mail_dir=None,
        port=int(urlsplit(settings.STRIPE_API_BASE).port or 0),
    )
