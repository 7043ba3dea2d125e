"""Twenty thousand hostile requests over real sockets, at every address of the URLconf, by everybody (tests/fuzz makes and judges them)."""

import re
import socket
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command

from accounts.models import User
from bench.faults.audit import database_url
from bench.faults.clicks import together
from bench.faults.fleet import Fleet, fleet
from sandbox.s3 import BucketServer, Identity
from sandbox.stripe import StripeServer
from tests.fuzz import attacks, people
from tests.fuzz.addresses import doors
from tests.fuzz.attacks import Attack
from tests.fuzz.test_requests import browser_of

HANDS, ROUND, LARGEST = 8, 500, 20 * 1024 * 1024
TOKEN = "c" * 32
PATIENCE = 60


@dataclass
class Heard:
    """One answer off the wire; status 0 when the line was closed without one."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


@dataclass
class Found:
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    doors: set[str] = field(default_factory=set)
    slowest: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, attack: Attack, heard: Heard, hosts: set[str]) -> None:
        said = attacks.wrong(
            attack, status=heard.status, headers=heard.headers, body=heard.body, seconds=heard.seconds, hosts=hosts
        )
        with self.lock:
            self.statuses[heard.status] += 1
            self.doors.add(attack.door.route)
            self.slowest = max(self.slowest, heard.seconds)
            if said:
                self.wrong.append(f"{said} {attack}")
                print(self.wrong[-1], flush=True)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


def run(stripe: StripeServer, *, requests: int, seed: int = 1, quick: bool = False) -> Found:
    """Send them, in rounds; after each the people who were deleted or signed out come back."""
    found, dice, open_doors = Found(), Random(seed), doors()
    ours = {urlsplit(settings.S3_BUCKET_ORIGIN).netloc, urlsplit(stripe.url).netloc}
    with tempfile.TemporaryDirectory() as folder, bucket(Path(folder)), fleet(database_url(), quick=quick) as site:
        hosts, said = ours | {"testserver", f"testserver:{site.port}"}, 0
        wrong = 0
        while found.requests < requests:
            everybody = people.everybody(datetime.now(UTC))
            people.shelf()
            real, cookies = people.rows(), {role: cookie_of(role, person) for role, person in everybody.items()}
            chosen = [
                attacks.made(dice, open_doors[(found.requests + n) % len(open_doors)], list(cookies), real)
                for n in range(min(ROUND, requests - found.requests))
            ]
            acts = [partial(send, site, one, cookies[one.role], found, hosts) for one in chosen]
            together(acts, hands=HANDS)
            call_command("flush", verbosity=0, interactive=False)
            log, known = site.log()[said:], wrong
            said, wrong = said + len(log), len(found.wrong)
            if wrong > known and "Internal Server Error" in log:
                print(log[log.index("Internal Server Error") :][:6000], flush=True)
            print(f"{found.requests} sent, {len(found.wrong)} wrong", flush=True)
    return found


def send(site: Fleet, attack: Attack, cookie: str, found: Found, hosts: set[str]) -> None:
    """Send it; a page with a form on it gets that form back, with something in it gone wrong."""
    answer = ask(site, attack, cookie)
    found.note(attack, answer, hosts)
    if attack.method == "GET" and answer.status == 200 and "html" in answer.headers.get("content-type", ""):
        dice, page = Random(f"{attack.role} {attack.path}"), answer.body.decode(errors="replace")
        if again := attacks.filled(dice, page, attack.role, attack.door, attack.path.split("?")[0]):
            found.note(again, ask(site, again, cookie), hosts)


def ask(site: Fleet, attack: Attack, cookie: str) -> Heard:
    """Write the request as it stands, end our side of the line, and read what comes."""
    headers = {"Host": f"testserver:{site.port}", "Cookie": cookie, "X-CSRFToken": TOKEN}
    headers |= {"Connection": "close", "Content-Length": str(len(attack.body))} | attack.headers
    lines = [f"{attack.method} {attack.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    began = time.monotonic()
    text = b""
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as line:
        try:
            line.sendall("\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + attack.body)
            line.shutdown(socket.SHUT_WR)
            while (piece := line.recv(65536)) and len(text) < LARGEST:
                text += piece
        except OSError:
            pass  # Whoever is refused in the middle of a long body finds the line closed.
    return heard(text, time.monotonic() - began)


def heard(text: bytes, seconds: float) -> Heard:
    text = text.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = text.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/1\.[01] (\d{3})", first)
    pairs = [line.partition(":") for line in rest]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Heard(
        int(status[1]) if status else 0, headers, attacks.opened(body, headers.get("content-encoding", "")), seconds
    )


def bucket(folder: Path) -> BucketServer:
    return BucketServer(
        folder,
        bucket=settings.S3_BUCKET,
        region=settings.S3_REGION,
        identities={name: Identity(name, *pair) for name, pair in settings.S3_IDENTITIES.items()},
        cors_origins=["*"],
        port=int(urlsplit(settings.S3_ENDPOINT_URL).port or 0),
    )


def cookie_of(role: str, person: User | None) -> str:
    """Sign the person in, and return the cookies of their browser, which holds a token too."""
    browser = browser_of(role, person)
    session = browser.cookies.get(settings.SESSION_COOKIE_NAME)
    signed_in = f"{settings.SESSION_COOKIE_NAME}={session.value}; " if session else ""
    return f"{signed_in}{settings.CSRF_COOKIE_NAME}={TOKEN}"
