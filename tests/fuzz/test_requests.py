"""Hundreds of hostile requests at every address, and thousands in a complete run; `python -m bench.faults requests` sends twenty thousand
over real sockets.

Each is made from the seed alone, and undone afterwards, so that one that fails does so again.
"""

import time
from collections import Counter
from datetime import datetime
from http.cookies import SimpleCookie
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts.models import User
from sandbox.stripe import StripeServer
from tests.conftest import ClientFor
from tests.effort import tries
from tests.fuzz import attacks, people
from tests.fuzz.addresses import Door, doors
from tests.fuzz.attacks import Attack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
SEED, REQUESTS = 20, tries(800, 6000)


class Fuzzer:
    def __init__(self, found: dict[str, User | None], hosts: set[str]) -> None:
        self.browsers = {role: browser_of(role, person) for role, person in found.items()}
        self.real, self.hosts = people.rows(), hosts
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def send(self, attack: Attack) -> Any:
        """Send it, hold the answer against what must hold, and undo whatever it did."""
        browser = self.browsers[attack.role]
        kept = SimpleCookie({name: morsel.value for name, morsel in browser.cookies.items()})
        headers = dict(attack.headers)
        kind = headers.pop("Content-Type", "")
        # A length that does not fit can be told over a socket alone.
        headers.pop("Content-Length", None)
        began = time.perf_counter()
        before = transaction.savepoint()
        answer: Any = browser.generic(attack.method, attack.path, attack.body, content_type=kind, headers=headers)
        seconds = time.perf_counter() - began
        body = b"" if answer.streaming else attacks.plain(answer)
        transaction.savepoint_rollback(before)
        browser.cookies = kept
        self.statuses[answer.status_code] += 1
        told = {name.lower(): value for name, value in answer.headers.items()}
        if cookies := answer.cookies.output():
            told["set-cookie"] = cookies.replace("\r\n", " ")
        if found := attacks.wrong(
            attack, status=answer.status_code, headers=told, body=body, seconds=seconds, hosts=self.hosts
        ):
            error = answer.exc_info[1] if getattr(answer, "exc_info", None) else ""
            self.wrong.append(f"{found} {error!r:.200} {attack}")
        return answer

    def run(self, count: int, *, seed: int) -> None:
        dice, open_doors = Random(seed), doors()
        for number in range(count):
            door = open_doors[number % len(open_doors)]
            self.one(dice, door)
            if number % 100 == 99:
                cache.clear()

    def one(self, dice: Random, door: Door) -> None:
        attack = attacks.made(dice, door, list(self.browsers), self.real)
        answer = self.send(attack)
        if attack.method == "GET" and answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
            again = attacks.filled(dice, attacks.plain(answer).decode(), attack.role, door, attack.path.split("?")[0])
            if again:
                self.send(again)


def browser_of(role: str, person: User | None) -> Client:
    if person is None:
        browser = Client()
    elif role == people.WITHOUT_FACTOR:
        browser = Client()
        browser.force_login(person)
    else:
        browser = ClientFor(person)
    browser.raise_request_exception = False
    return browser


@pytest.fixture
def fuzzer(now: datetime, stripe: StripeServer, settings: Any) -> Fuzzer:
    settings.ACCOUNT_RATE_LIMITS = False
    found = people.everybody(now)
    people.shelf()
    hosts = {"testserver", urlsplit(configured.S3_BUCKET_ORIGIN).netloc, urlsplit(stripe.url).netloc}
    return Fuzzer(found, hosts)


def test_t20_strangers_and_members_break_nothing_by_what_they_send(fuzzer: Fuzzer) -> None:
    began = time.monotonic()
    fuzzer.run(REQUESTS, seed=SEED)
    print(fuzzer.statuses, f"{time.monotonic() - began:.1f} s")
    assert not fuzzer.wrong, "\n".join(fuzzer.wrong)
    assert sum(fuzzer.statuses.values()) >= REQUESTS
    assert {200, 302, 400, 403, 404, 405} <= set(fuzzer.statuses)


def test_every_address_of_the_site_is_asked() -> None:
    names = {door.name for door in doors()}
    assert len(names) > 150
    assert {"download", "webhook", "claim_code", "account_login", "courses_upload_sign", "mfa_authenticate"} <= names


def test_judge_finds_what_is_wrong() -> None:
    """Shows that each rule can fail."""
    attack = Attack("visitor", Door("home", ""), "GET", "/")
    good: dict[str, Any] = {"status": 200, "headers": {"content-type": "text/html"}, "body": b"", "seconds": 0.1}
    bad: list[dict[str, Any]] = [
        {"status": 500},
        {"seconds": 6.0},
        {"body": b"<Error><Code>AccessDenied</Code>"},
        {"body": b"Hello <q7x>"},
        {"headers": {"location": "https://evil.example/"}},
        {"headers": {"x": "a\r\nb"}},
        {"headers": {"set-cookie": "a=b q7x=1"}},
    ]
    assert attacks.wrong(attack, hosts=set(), **good) == ""
    assert all(attacks.wrong(attack, hosts=set(), **(good | one)) for one in bad)
