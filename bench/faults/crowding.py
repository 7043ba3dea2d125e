"""Slow clients by the hundred, uploads at a byte a second and a flood of unsigned bells, at the site behind nginx; honest people go on."""

import http.client
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings

from bench.faults import clicks, lives
from bench.faults.audit import database_url, percentile
from bench.faults.clicks import together
from bench.faults.fleet import Fleet, fleet
from bench.faults.postman import PATH, Postman
from bench.faults.proxied import nginx
from billing.catalogue import mirror_catalogue
from billing.models import WebhookEvent
from sandbox.stripe import StripeServer
from tests import build

MIB = 1024 * 1024
PATIENCE = 500.0  # ms, what 99 of 100 honest clicks take at most
GROWTH = 50.0  # MiB, of all workers together
# One quarter each: a head that never ends, a head at a byte a second, a body at a byte a second, an answer that is not read.
WAYS = ("open", "head", "body", "deaf")


@dataclass
class Outcome:
    """Times in ms, memory in MiB of all workers together."""

    slow: int = 0
    calm: list[float] = field(default_factory=list)
    crowded: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    posted: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    growth: float = 0
    timeouts: int = 0

    @property
    def p99(self) -> float:
        return percentile(self.crowded, 0.99)

    def failures(self) -> list[str]:
        found = list(self.wrong)
        if self.p99 > PATIENCE:
            found.append(f"99 of 100 honest clicks took {self.p99:.0f} ms")
        if self.growth > GROWTH:
            found.append(f"the workers grew by {self.growth:.0f} MiB")
        if self.rows:
            found.append(f"{self.rows} rows were written for bells that nobody signed")
        if self.timeouts:
            found.append(f"{self.timeouts} workers timed out")
        return found

    def __str__(self) -> str:
        return (
            f"{len(self.crowded)} honest clicks beside {self.slow} slow clients and {sum(self.posted.values())} unsigned bells of a MiB: "
            f"p99 {self.p99:.0f} ms (calm {percentile(self.calm, 0.99):.0f} ms), {len(self.wrong)} wrong, {self.rows} rows, "
            f"{self.growth:.0f} MiB more, {self.timeouts} workers timed out; bells answered {dict(self.posted)}"
        )


def run(stripe: StripeServer, *, slow: int, seconds: float, bells: int, quick: bool = False) -> Outcome:
    """Hold `slow` lines open for so long, and send the bells meanwhile, in eight hands."""
    found = Outcome(slow=slow)
    price = lives.plan(stripe, "Basic", 1200)[0]
    mirror_catalogue()
    member = build.person()
    lives.join(stripe, member.pk, settings.SITE_URL, price)
    file = build.file(build.ebook(access="members"))
    with fleet(database_url(), quick=quick) as site, nginx(site.port) as port:
        postman = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=1, hands=4)
        postman.start()
        postman.give(lives.events_since(stripe, 0)[1])
        postman.finish(60)
        click = partial(honest, port, file.get_absolute_url(), clicks.cookie_of(member), found)
        # What each process loads with its first requests is no growth.
        together([partial(unsigned, port, found)] * 48, hands=24)
        click(3, [])
        found.posted.clear()
        click(min(5.0, seconds / 3), found.calm)
        before, known = memory(site), WebhookEvent.objects.count()
        over = threading.Event()
        crowd = [
            threading.Thread(target=dawdle, args=(port, WAYS[number % 4], over), daemon=True) for number in range(slow)
        ]
        for one in crowd:
            one.start()
        flood = threading.Thread(
            target=lambda: together([partial(unsigned, port, found)] * bells, hands=8), daemon=True
        )
        flood.start()
        click(seconds, found.crowded)
        flood.join(300)
        over.set()
        found.growth = memory(site) - before
        found.rows = WebhookEvent.objects.count() - known
        found.timeouts = site.log().count("WORKER TIMEOUT")
    return found


def honest(port: int, path: str, cookie: str, found: Outcome, seconds: float, times: list[float]) -> None:
    """A member downloads, one click after the other."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        answer = clicks.request(partial(http.client.HTTPConnection, "127.0.0.1", port, 30), "GET", path, cookie)
        times.append(answer.seconds)
        if answer.status != 302:
            found.wrong.append(f"a click got {answer.status}")
        time.sleep(0.05)


def dawdle(port: int, way: str, over: threading.Event) -> None:
    """Be slow in one way until all is over; begin anew when the line is dropped."""
    host = f"Host: 127.0.0.1:{port}\r\n"
    while not over.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            if way == "deaf":
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                line.sendall(f"GET /plans/ HTTP/1.1\r\n{host}\r\n".encode())
            elif way == "body":
                line.sendall(f"POST {PATH} HTTP/1.1\r\n{host}Content-Length: 100000\r\n\r\n".encode())
            else:
                line.sendall(f"GET / HTTP/1.1\r\n{host}".encode())
            while not over.wait(1):
                line.sendall(b"x" if way == "body" else b"X: y\r\n"[:1] if way == "head" else b"")
                if way in ("open", "deaf"):
                    over.wait(30)


def unsigned(port: int, found: Outcome) -> None:
    """Ring with a MiB that nobody signed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    status = 0
    with suppress(OSError, http.client.HTTPException):
        connection.request("POST", PATH, b"x" * MIB, {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"})
        status = connection.getresponse().status
    connection.close()
    found.posted[status] += 1
    if not 400 <= status < 500:
        found.wrong.append(f"a bell that nobody signed got {status}")


def memory(site: Fleet) -> float:
    """Return what the workers hold in memory, in MiB."""
    pages = [Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in site.workers()]
    return sum(map(int, pages)) * 4096 / MIB
