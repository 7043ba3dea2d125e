"""Thousands of deliveries, 32 at once, at several real processes that are killed meanwhile: nothing lost, nothing wrong, nothing doubled.

The embedded Stripe's truth moves on while its bells ring, each several times and out of order, and whatever is not answered with 2xx
rings again. Stripe's answers are held back for a random while (F5), and some on their way, so that late ones really arrive last.
"""

import random
import threading
import time
from dataclasses import dataclass

from django.conf import settings

from bench.faults import lives
from bench.faults.audit import Audit, audit, database_url, percentile
from bench.faults.fleet import Fleet, fleet
from bench.faults.postman import Postman
from billing.catalogue import mirror_catalogue
from sandbox.stripe import StripeServer

WEBHOOK_POINTS = ("F1", "F2", "F3", "F4", "F5", "F6", "F7")
# Seconds that an answer is held back at most; the site gives up after five.
HELD_BACK = 4.0
JITTER = "F5:*:jitter=0.1"


@dataclass(frozen=True)
class Outcome:
    """What one run did and found; times in milliseconds as the postman saw them."""

    audit: Audit
    deliveries: int
    events: int
    killed: int
    unanswered: int
    seconds: float
    p50: float
    p99: float
    reached: dict[str, int]

    def __str__(self) -> str:
        reached = " ".join(f"{point}={count}" for point, count in self.reached.items())
        return (
            f"{self.deliveries} deliveries of {self.events} events in {self.seconds:.0f} s, {self.killed} workers killed, "
            f"{self.unanswered} not answered with 2xx, p50 {self.p50:.0f} ms, p99 {self.p99:.0f} ms; "
            f"{len(self.audit.lost)} lost, {len(self.audit.wrong)} wrong, {len(self.audit.doubled)} doubled, "
            f"{self.audit.parked} parked; {reached}"
        )


def aimed(*times: int, action: str = "kill9", points: tuple[str, ...] = WEBHOOK_POINTS) -> str:
    """Return a plan that acts at each point when it is reached for the nth time."""
    return ",".join(f"{point}:{nth}:{action}" for point in points for nth in times)


def run(
    stripe: StripeServer,
    people: list[int],
    *,
    deliveries: int,
    plan: str,
    without: str = "",
    copies: int = 5,
    quick: bool = False,
    kill_every: float = 0,
    limit: float = 60,
    seed: int = 1,
) -> Outcome:
    """Play it on the database of this process. Raises TimeoutError when no delivery is taken for `limit` seconds."""
    began = time.monotonic()
    prices = lives.plan(stripe, "Basic", 1200, 12000) + lives.plan(stripe, "Pro", 3000)
    mirror_catalogue()
    with fleet(database_url(), plan=plan, without=without, quick=quick) as site:
        postman = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=copies, hands=32)
        postman.start()
        stop = threading.Event()
        killer = threading.Thread(target=kill_now_and_then, args=(site, kill_every, stop), daemon=True)
        killer.start()
        Story(stripe, postman, prices, random.Random(seed)).play(people, events=deliveries // copies)
        postman.finish(limit)
        stop.set()
        killer.join(10)
        reached = {point: site.arrivals(point) for point in WEBHOOK_POINTS if site.arrivals(point)}
        died = site.log().count("SIGKILL")
    total = sum(postman.statuses.values())
    return Outcome(
        audit=audit(stripe, people, postman.answered),
        deliveries=total,
        events=len(postman.answered),
        killed=max(died, site.killed),
        unanswered=total - sum(postman.answered.values()),
        seconds=time.monotonic() - began,
        p50=percentile(postman.times, 0.5),
        p99=percentile(postman.times, 0.99),
        reached=reached,
    )


def kill_now_and_then(site: Fleet, every: float, stop: threading.Event) -> None:
    while every and not stop.wait(random.uniform(0.5 * every, 1.5 * every)):
        site.kill_one()


@dataclass
class Story:
    """Moves the truth at Stripe on, a little ahead of the bells that tell of it."""

    stripe: StripeServer
    postman: Postman
    prices: list[str]
    rng: random.Random
    position: int = 0
    told: int = 0

    def play(self, people: list[int], *, events: int) -> None:
        customers = [
            lives.join(self.stripe, person, settings.SITE_URL, self.rng.choice(self.prices)) for person in people
        ]
        self.tell()
        while self.told < events - 6 * len(customers):
            self.step(self.rng.choice(customers))
        for customer in customers[:-1]:
            self.end(customer)
        # After the last one no old bell rings that would put right what a late answer spoiled.
        self.postman.deliver_all(300)
        self.end(customers[-1], copies=1)

    def end(self, customer: str, copies: int = 0) -> None:
        """End a subscription while an answer that still calls it live is on its way, which must not bring it back."""
        while lives.standing(self.stripe, customer) is None:
            self.step(customer)
        self.postman.rest(20)
        held = self.stripe.fail_next("late", path="/v1/payment_intents", seconds=HELD_BACK)
        lives.touch(self.stripe, customer)
        self.tell(copies)
        patience = time.monotonic() + HELD_BACK
        while held.times and time.monotonic() < patience:
            time.sleep(0.005)
        lives.end(self.stripe, customer)
        self.tell(copies)
        self.postman.rest(HELD_BACK)
        held.released.set()

    def step(self, customer: str) -> None:
        while self.postman.backlog() > 40:
            time.sleep(0.005)
        lives.move(self.stripe, customer, self.prices, self.rng)
        self.tell()

    def tell(self, copies: int = 0) -> None:
        self.position, events = lives.events_since(self.stripe, self.position)
        self.told += len(events)
        self.postman.give(events, copies)
