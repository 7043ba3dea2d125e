"""Stripe answers 500, 429, nonsense, nothing, or cuts the line, and everybody clicks on: members download, checkout says so plainly."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts.models import User
from bench.faults import clicks, lives
from bench.faults.audit import audit, database_url, percentile
from bench.faults.clicks import Answer
from bench.faults.fleet import Fleet, fleet
from bench.faults.postman import Postman
from billing.catalogue import mirror_catalogue
from billing.models import Customer
from courses.models import File
from sandbox.stripe import StripeServer
from tests import build

FAULTS = ("500", "429", "nonsense", "reset", "hang")
LONGEST = 12.0
# Bells at once; three processes of eight threads answer them, and everybody else.
HANDS = 32


@dataclass
class Outcome:
    """Seconds and counts while Stripe was away, fault by fault, and what stood wrong after it came back."""

    calm: list[float] = field(default_factory=list)
    downloads: dict[str, list[float]] = field(default_factory=dict)
    refused_members: list[str] = field(default_factory=list)
    let_in: list[str] = field(default_factory=list)
    not_plain: list[str] = field(default_factory=list)
    half_written: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    after: list[str] = field(default_factory=list)
    slowest: float = 0

    def failures(self) -> list[str]:
        return [*self.refused_members, *self.let_in, *self.not_plain, *self.half_written, *self.slow, *self.after]

    def __str__(self) -> str:
        times = ", ".join(f"{name} p99 {percentile(found, 0.99):.0f} ms" for name, found in self.downloads.items())
        count = sum(map(len, self.downloads.values()))
        return (
            f"{count} downloads while Stripe was away ({times}; before p99 {percentile(self.calm, 0.99):.0f} ms); "
            f"{len(self.refused_members)} members refused, {len(self.let_in)} strangers let in, {len(self.not_plain)} checkouts not "
            f"plain, {len(self.half_written)} rows half-written, {len(self.slow)} requests over {LONGEST:.0f} s, slowest "
            f"{self.slowest:.1f} s, {len(self.after)} wrong afterwards; {dict(self.statuses)}"
        )


def run(stripe: StripeServer, *, members: int, newcomers: int, seconds: float, quick: bool = False) -> Outcome:
    """Let each kind of trouble last so many seconds while members download, newcomers press prices and bells ring."""
    price = lives.plan(stripe, "Basic", 1200)[0]
    mirror_catalogue()
    paid = [build.person() for _ in range(members)]
    new = [build.person() for _ in range(newcomers)]
    for person in paid:
        lives.join(stripe, person.pk, settings.SITE_URL, price)
    file = build.file(build.ebook(access="members"))
    found = Outcome()
    with fleet(database_url(), quick=quick) as site:
        postman = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=1, hands=8)
        postman.start()
        position, events = lives.events_since(stripe, 0)
        postman.give(events)
        postman.finish(60)
        scene = Scene(stripe, site, price, file, paid, new, found)
        scene.download(seconds, found.calm)
        for fault in FAULTS:
            scene.trouble(fault, seconds)
        late = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=1, hands=8)
        late.start()
        late.give(lives.events_since(stripe, position)[1])
        late.finish(60)
        found.after = audit(stripe, [person.pk for person in (*paid, *new)], late.answered).failures()
    return found


@dataclass
class Scene:
    stripe: StripeServer
    site: Fleet
    price: str
    file: File
    members: list[User]
    newcomers: list[User]
    found: Outcome

    def __post_init__(self) -> None:
        self.cookies = {person.pk: clicks.cookie_of(person) for person in (*self.members, *self.newcomers)}
        self.lock = threading.Lock()

    def trouble(self, fault: str, seconds: float) -> None:
        """Everything at once while Stripe is in trouble; the site's threads that wait for it must not keep members waiting."""
        trouble = self.stripe.fail_next(fault, times=10**9, seconds=60)
        bells = self.bells(seconds)
        times = self.found.downloads.setdefault(fault, [])
        hands = [
            threading.Thread(target=self.download, args=(seconds, times)),
            threading.Thread(target=self.press, args=(fault, seconds)),
            threading.Thread(target=self.peep, args=(fault, seconds)),
            *bells,
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join(120)
        if Customer.objects.filter(user__in=[person.pk for person in self.newcomers]).exists():
            self.found.half_written.append(f"{fault}: a customer that Stripe never gave us")
        trouble.times = 0
        self.stripe.faults.clear()

    def note(self, what: str, answer: Answer) -> None:
        with self.lock:
            self.found.statuses[f"{what} {answer.status}"] += 1
            self.found.slowest = max(self.found.slowest, answer.seconds)
            if answer.seconds > LONGEST:
                self.found.slow.append(f"{what} took {answer.seconds:.1f} s")

    def download(self, seconds: float, times: list[float]) -> None:
        """Members press Download, one after the other, as long as it lasts."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for person in self.members:
                answer = clicks.request(self.site.connect, "GET", self.file.get_absolute_url(), self.cookies[person.pk])
                self.note("download", answer)
                times.append(answer.seconds)
                if answer.status != 302:
                    self.found.refused_members.append(f"member {person.pk} got {answer.status}")
                time.sleep(0.02)

    def press(self, fault: str, seconds: float) -> None:
        """Newcomers press a price: a page with 503 that can be tried again, and nothing in our rows but at most their customer."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for person in self.newcomers:
                answer = clicks.request(self.site.connect, "POST", f"/checkout/{self.price}/", self.cookies[person.pk])
                self.note("checkout", answer)
                if answer.status != 503:
                    self.found.not_plain.append(f"{fault}: checkout answered {answer.status}")

    def peep(self, fault: str, seconds: float) -> None:
        """Newcomers try the download all the while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for person in self.newcomers:
                answer = clicks.request(self.site.connect, "GET", self.file.get_absolute_url(), self.cookies[person.pk])
                self.note("stranger", answer)
                if answer.status == 302:
                    self.found.let_in.append(f"{fault}: newcomer {person.pk} was let in")
                time.sleep(0.05)

    def bells(self, seconds: float) -> list[threading.Thread]:
        """Bells ring on, more of them at once than the site has threads, each up to three times as long as it lasts."""
        position, _ = lives.events_since(self.stripe, 0)
        for customer in self.stripe.store.all("customer"):
            for _ in range(-(-HANDS // len(self.members))):
                lives.touch(self.stripe, customer["id"])
        _, events = lives.events_since(self.stripe, position)
        postman = Postman(self.site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=1, hands=0)
        end = time.monotonic() + seconds

        def ring(mine: list[Any]) -> None:
            for event in mine * 3:
                if time.monotonic() > end:
                    return
                connection = self.site.connect()
                began = time.monotonic()
                status = postman.deliver(connection, event)
                connection.close()
                self.note("bell", Answer(int(status) if status.isdigit() else 0, "", time.monotonic() - began))
                time.sleep(0.5)

        return [threading.Thread(target=ring, args=(events[number::HANDS],)) for number in range(HANDS)]
