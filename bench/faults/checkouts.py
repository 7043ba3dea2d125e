"""Fifty clicks at once by each of many people, at processes that die while a customer or a session is made: nobody pays twice."""

import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import User
from bench.faults import clicks, lives
from bench.faults.audit import LIVE, database_url
from bench.faults.clicks import Answer
from bench.faults.fleet import Fleet, fleet
from bench.faults.postman import Postman
from billing.catalogue import mirror_catalogue
from sandbox.stripe import StripeServer
from tests.billing import truth


@dataclass(frozen=True)
class Outcome:
    people: int
    clicks: int
    statuses: dict[int, int]
    offered: int
    paid: int
    customers_over: int
    twice: int
    charged_twice: int
    left_out: int
    killed: int
    slowest: float
    seconds: float

    def failures(self) -> int:
        return self.customers_over + self.twice + self.charged_twice + self.left_out

    def __str__(self) -> str:
        return (
            f"{self.clicks} clicks by {self.people} people in {self.seconds:.0f} s, {self.killed} workers killed, answers "
            f"{self.statuses}, slowest {self.slowest:.1f} s; {self.offered} sessions offered, {self.paid} paid; {self.customers_over} "
            f"customers too many, {self.twice} subscribed twice, {self.charged_twice} charged twice, {self.left_out} paid and not let in"
        )


def run(stripe: StripeServer, people: list[User], *, each: int, plan: str = "", quick: bool = False) -> Outcome:
    """Let everybody press, pay whatever they were offered (all of it at once), let the bells ring, press again, and count."""
    began = time.monotonic()
    prices = lives.plan(stripe, "Basic", 1200, 12000)
    mirror_catalogue()
    cookies = {person.pk: clicks.cookie_of(person) for person in people}
    with fleet(database_url(), plan=plan, quick=quick) as site:
        answers: list[Answer] = []
        paid = 0
        for person in people:
            press = [partial(click, site, prices[number % 2], cookies[person.pk]) for number in range(each)]
            mine = clicks.together(press, hands=min(each, 50))
            answers += mine
            paid += pay_all(stripe, offered_in(stripe, mine))
        postman = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=1, hands=8)
        postman.start()
        postman.give(lives.events_since(stripe, 0)[1])
        postman.finish(60)
        again = [click(site, prices[0], cookies[person.pk]) for person in people]
        paid += pay_all(stripe, offered_in(stripe, again))
        killed = site.log().count("SIGKILL")
    offered = len(offered_in(stripe, answers))
    return counted(stripe, people, answers, offered=offered, paid=paid, killed=killed, seconds=time.monotonic() - began)


def click(site: Fleet, price: str, cookie: str) -> Answer:
    return clicks.request(site.connect, "POST", f"/checkout/{price}/", cookie)


def offered_in(stripe: StripeServer, answers: list[Answer]) -> set[str]:
    return {answer.location for answer in answers if answer.location.startswith(stripe.url)}


def pay_all(stripe: StripeServer, addresses: set[str]) -> int:
    """Press "Pay" on every page that was offered, all at once; return how many took it."""
    acts = [partial(pay, urlsplit(stripe.url).netloc, urlsplit(address).path) for address in sorted(addresses)]
    return sum(clicks.together(acts, hands=max(1, len(acts))))


def pay(host: str, path: str) -> bool:
    connection = HTTPConnection(host, timeout=30)
    connection.request("POST", path, b"outcome=pay", {"Content-Type": "application/x-www-form-urlencoded"})
    taken = connection.getresponse().status == 303
    connection.close()
    return taken


def counted(
    stripe: StripeServer,
    people: list[User],
    answers: list[Answer],
    *,
    offered: int,
    paid: int,
    killed: int,
    seconds: float,
) -> Outcome:
    owners = Counter(truth.person_of(one, settings.SITE_URL) for one in stripe.store.all("customer"))
    owner = {one["id"]: truth.person_of(one, settings.SITE_URL) for one in stripe.store.all("customer")}
    live = Counter(owner[one["customer"]] for one in stripe.store.all("subscription") if one["status"] in LIVE)
    charged = Counter(owner[one["customer"]] for one in stripe.store.all("charge") if one["paid"])
    return Outcome(
        people=len(people),
        clicks=len(answers),
        statuses=dict(Counter(answer.status for answer in answers)),
        offered=offered,
        paid=paid,
        customers_over=sum(count - 1 for count in owners.values() if count > 1),
        twice=sum(count > 1 for count in live.values()),
        charged_twice=sum(count > 1 for count in charged.values()),
        left_out=len([person for person in people if charged[person.pk] and not live[person.pk]]),
        killed=killed,
        slowest=max(answer.seconds for answer in answers),
        seconds=seconds,
    )
