"""The download click through the whole stack, beside the floor: CPU time of the worker per request, interleaved."""

import statistics
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.report import Figure
from bench.servers import Server, gunicorn
from courses.models import File
from tests import build

ROUNDS, REQUESTS, WARM_UP = 15, 100, 60
CATALOGUE = 300


def fill(email: str) -> tuple[File, str]:
    """Make a catalogue, a subscriber and a member-only file; return the file and the subscriber's session cookie."""
    product = build.plan()
    person = build.subscribed(build.person(email), product, now=datetime.now(UTC))
    for _ in range(CATALOGUE):
        build.file(build.ebook())
    file = build.file(build.ebook(title="The measured book"))
    browser = Client()
    browser.force_login(person)
    return file, f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def queries(file: File, cookie: str) -> int:
    browser = Client(headers={"Cookie": cookie})
    with CaptureQueriesContext(connection) as captured:
        response = browser.get(file.get_absolute_url())
    assert response.status_code == 302, response.status_code
    return len(captured)


def burst(server: Server, path: str, cookie: str, *, requests: int) -> float:
    """Send requests over one connection; return the worker's CPU seconds per request. Raises AssertionError on any other answer."""
    client = server.connect()
    before = server.cpu()
    for _ in range(requests):
        client.request("GET", path, headers={"Cookie": cookie})
        response = client.getresponse()
        response.read()
        assert response.status == 302, f"{path} answered {response.status}"
    spent = server.cpu() - before
    client.close()
    return spent / requests


def measure() -> list[Figure]:
    """Return the click's cost as a ratio to the floor's, its milliseconds of CPU, and its queries."""
    file, cookie = fill("click@example.com")
    path = file.get_absolute_url()
    with gunicorn("config.wsgi") as site, gunicorn("bench.floor") as floor:
        for server, address in ((site, path), (floor, "/floor/")):
            burst(server, address, cookie, requests=WARM_UP)
        pairs = [
            (burst(site, path, cookie, requests=REQUESTS), burst(floor, "/floor/", cookie, requests=REQUESTS))
            for _ in range(ROUNDS)
        ]
    beside = "a bare Django view: session, user, redirect; PostgreSQL, gunicorn, CPU of the worker, interleaved"
    n = ROUNDS * REQUESTS
    figures: list[Any] = [
        ("click_cpu_ratio", statistics.median(a / b for a, b in pairs), "ratio", beside, n),
        ("click_cpu", 1000 * statistics.median(a for a, _ in pairs), "ms", "nothing: CPU of the worker per click", n),
        ("floor_cpu", 1000 * statistics.median(b for _, b in pairs), "ms", "nothing: CPU of the worker per request", n),
        ("click_queries", queries(file, cookie), "queries", f"a catalogue of {CATALOGUE} titles", 1),
    ]
    return [Figure(*values) for values in figures]
