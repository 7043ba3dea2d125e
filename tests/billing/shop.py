"""A site and its Stripe under one clock that stands still until it is moved, with bells that wait to be delivered.

It knows what the site may know: for each customer, Stripe's objects as they were when the site last asked with success. Whoever clicks
must be let in exactly as those objects say at the moment of the click.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bench.faults import failpoints
from bench.faults.lives import STANDING, events_since
from billing import checkout, entitlements, gateway, sync
from billing.models import Customer, Price, Product
from sandbox.stripe import StripeServer
from sandbox.stripe.terms import SANDBOX_CLOCK, public
from tests.billing import truth
from tests.billing.till import WEBHOOK, signed
from tests.billing.truth import Copy, Object, Rules

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
PARKED_AFTER = 5
# Where the site has stored Stripe's answer when it dies there, and where a failure counts as a try of the event.
APPLIED = ("F3", "F7")
COUNTED = ("F4", "F5", "F6", "F7")


class Killed(BaseException):
    """A process that dies: nothing catches it, and its open transaction goes back."""


def kill() -> NoReturn:
    raise Killed


def fail() -> NoReturn:
    raise failpoints.Failure("as asked")


class Shop:
    def __init__(self, stripe: StripeServer, traveller: Any, catalogue: list[Object]) -> None:
        self.stripe, self.world, self.traveller = stripe, stripe.world, traveller
        stripe.reset()
        traveller.move_to(START)
        for made in catalogue:
            stripe.store.save(made)
        self.products = {one.pk: str(one.stripe_id) for one in Product.objects.all()}
        self.seen, _ = events_since(stripe, 0)
        self.waiting: list[Object] = []  # Bells that have not been answered with 2xx.
        self.done: list[Object] = []
        self.lost: set[str] = set()  # Customers about whom a bell was lost since the site last asked.
        self.stored: dict[str, str] = {}  # Events of which the site keeps a row, with the customer it has for them.
        self.handled: set[str] = set()
        self.tries: Counter[str] = Counter()
        self.known: dict[str, Copy] = {}
        self.copied: dict[str, tuple[int, Copy | None]] = {}
        self.asked = 0
        self.applied: dict[str, int] = {}  # When the answer that stands in our rows was asked for.
        self.under_way: list[tuple[int, str, Any, int, Copy]] = []
        self.rules = Rules(grace=settings.GRACE_DAYS * truth.DAY, silence=settings.SILENCE_HOURS * truth.HOUR)
        self.moved = True  # Whether the site, or the clock, has moved since everybody's access was looked at.
        self.seen_held: dict[int, set[str]] = {}
        self.cells: Counter[tuple[str, str]] = Counter()

    # --- Stripe's side ------------------------------------------------------------------------

    def now(self) -> float:
        return time.time()

    def forward(self, seconds: int) -> None:
        """Move both clocks, and let Stripe do what falls due on the way at its own moment."""
        self.moved = True
        with self.stripe.store.lock:
            self.world.advance(SANDBOX_CLOCK, self.world.now() + seconds)
            self.traveller.shift(seconds)
            self.stripe.store.set_note("offset", 0)
        self.listen()

    def listen(self) -> None:
        """Put what Stripe has rung since the last time into the post."""
        self.seen, found = events_since(self.stripe, self.seen)
        self.waiting += found

    def edges(self) -> list[int]:
        """Return the moments to come at which something ends, as the site knows it."""
        found = [moment for one in self.known.values() for moment in truth.ends(one, self.rules)]
        return sorted({moment for moment in found if moment > self.now()})

    def fresh(self) -> list[Object]:
        """The bells on whose delivery the site has something to do."""
        return [event for event in self.waiting if event["id"] not in self.handled]

    def customers(self, person: User) -> list[Object]:
        return [one for one in self.stripe.store.all("customer") if one["metadata"].get("user") == str(person.pk)]

    def objects(self, kind: str, person: User) -> list[Object]:
        return [one for customer in self.customers(person) for one in self.stripe.store.all(kind, customer["id"])]

    def standing(self, person: User) -> list[Object]:
        return [one for one in self.objects("subscription", person) if one["status"] in STANDING]

    def owner(self, event: Object) -> str:
        """Return the customer whom a bell is about, as Stripe's objects say."""
        about = event["data"]["object"]
        if about["object"] == "customer":
            return str(about["id"])
        if about.get("customer"):
            return str(about["customer"])
        charge = self.stripe.store.find("charge", about.get("charge"))
        return str(charge["customer"]) if charge else ""

    # --- The wire -----------------------------------------------------------------------------

    def post(self, event: Object) -> int:
        """Deliver one event as Stripe does; return the status. Raises Killed where the process died instead of answering."""
        self.moved = True
        body = json.dumps(public(event)).encode()
        client = Client(raise_request_exception=False)
        answer = client.post(
            WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": signed(body, at=time.time())}
        )
        return answer.status_code

    def deliver(self, event: Object) -> None:
        """Deliver a bell, for the first time or again. It must be answered with 2xx, and then the site knows what Stripe knows."""
        assert self.post(event) == 200, event["type"]
        if event["id"] not in self.handled:
            self.stored[event["id"]] = self.owner(event)
            self.learn(self.owner(event), event["type"])
            self.handled.add(event["id"])
        self.taken(event)

    def deliver_broken(self, event: Object, point: str, *, killed: bool) -> None:
        """Deliver a bell that has not been handled yet while the process dies, or fails, at a failpoint."""
        if point == "F2" and event["id"] in self.stored:
            self.deliver(event)  # Its row was kept at an earlier try, and is not inserted again.
            return
        status = 0
        with failpoints.armed(point, kill if killed else fail):
            try:
                status = self.post(event)
            except Killed:
                assert killed
        assert killed is (status == 0)
        if point not in ("F1", "F2"):
            self.stored[event["id"]] = self.owner(event)
        if point in APPLIED:
            # The answer is committed, and with it that its bells are done.
            self.learn(self.owner(event), f"{event['type']} ({point})")
        if status:
            self.failed(event, status, counts=point in COUNTED)

    def deliver_during(self, event: Object, fault: str) -> None:
        """Deliver a bell that has not been handled yet while Stripe gives the site no good answer."""
        self.stripe.fail_next(fault, times=9)
        status = self.post(event)
        self.stripe.faults.clear()
        # Whom it is about is not known where only Stripe could have told.
        self.stored.setdefault(event["id"], str(event["data"]["object"].get("customer") or ""))
        if event["data"]["object"]["object"] == "customer":
            self.stored[event["id"]] = event["data"]["object"]["id"]
        self.failed(event, status, counts=True)

    def failed(self, event: Object, status: int, *, counts: bool) -> None:
        """Stripe rings again after a failure, but for the fifth, after which the event is parked, and for one whose work was done."""
        if counts and event["id"] in self.handled:
            assert status == 200
            self.taken(event)
            return
        self.tries[event["id"]] += counts
        parked = counts and self.tries[event["id"]] == PARKED_AFTER
        assert status == (200 if parked else 500), (event["type"], status)
        if parked:
            self.handled.add(event["id"])
            self.lost.add(self.owner(event))
            self.taken(event)

    def taken(self, event: Object) -> None:
        if event in self.waiting:
            self.waiting.remove(event)
            self.done.append(event)

    def drop(self, event: Object) -> None:
        self.waiting.remove(event)
        self.lost.add(self.owner(event))

    def reconcile(self) -> None:
        self.moved = True
        sync.reconcile()
        for customer in self.stripe.store.all("customer"):
            self.learn(customer["id"], "reconcile")

    def ask(self, customer: str) -> None:
        """Let a bell's handler get as far as Stripe's answer, and hold that answer back on its way."""
        ticket = sync.take_ticket(customer)
        snapshot = gateway.fetch_customer(customer)
        found = self.present(customer)
        assert found is not None
        self.asked += 1
        self.under_way.append((self.asked, customer, snapshot, ticket, found))

    def land(self, number: int) -> None:
        """Let an answer that was held back arrive: it counts unless a later one stands already."""
        self.moved = True
        asked, customer, snapshot, ticket, found = self.under_way.pop(number)
        done = sync.apply(snapshot, ticket=ticket, now=timezone.now())
        assert done is (asked > self.applied.get(customer, 0))
        if done:
            self.known[customer], self.applied[customer] = found, asked

    def present(self, customer: str) -> Copy | None:
        """Copy what Stripe knows now, unless nothing has been written there since the last copy."""
        written = self.stripe.store.db.total_changes
        if self.copied.get(customer, (0, None))[0] != written:
            self.copied[customer] = written, truth.copy(self.stripe, customer)
        return self.copied[customer][1]

    def learn(self, customer: str, why: str) -> None:
        """The site has asked Stripe about this customer just now."""
        found = self.present(customer)
        if found is None:
            return
        for one in found.of["subscription"] or [{"status": "none"}]:
            self.cells[one["status"], why] += 1
        self.asked += 1
        self.known[customer], self.applied[customer] = found, self.asked
        self.lost.discard(customer)
        # Bells that were kept before Stripe was asked are done with its answer.
        self.handled |= {event for event, owner in self.stored.items() if owner == customer}

    # --- The site's side ----------------------------------------------------------------------

    def click_on_price(self, person: User, price: Price) -> str:
        """Press a price's button; return where it leads, or an empty string where nothing is for this person to buy."""
        self.moved = True
        before = dict(Customer.objects.filter(user=person).values_list("stripe_id", "applied_ticket"))
        try:
            address = checkout.start(person.pk, person.email, price)
        except checkout.AlreadyHeld:
            address = ""
        for customer, ticket in Customer.objects.filter(user=person).values_list("stripe_id", "applied_ticket"):
            if before.get(customer, 0) != ticket:
                self.learn(customer, "a click on a price")
        self.listen()
        return address

    def held(self, person: User) -> set[str]:
        """Ask the site what somebody holds now; who was never a customer holds nothing, and that is asked at the end of a life."""
        return {self.products[pk] for pk, _ in entitlements.held(person.pk, now=timezone.now())}

    def may_hold(self, person: User) -> set[str]:
        """What the site must say of this person now, from what Stripe told it last."""
        return truth.people(self.known.values(), settings.SITE_URL, self.now(), self.rules).get(person.pk, set())

    def does_hold(self, person: User) -> set[str]:
        """What Stripe says of this person now."""
        found = [self.present(one["id"]) for one in self.customers(person)]
        return truth.people(filter(None, found), settings.SITE_URL, self.now(), self.rules).get(person.pk, set())

    def is_quiet(self, person: User) -> bool:
        """Whether every bell about this person has arrived, so that what the site says must be the truth of this moment."""
        mine = {one["id"] for one in self.customers(person)}
        return not mine & self.lost and not any(owner in mine for owner in map(self.owner, self.waiting))

    def check(self, people: Iterable[User]) -> None:
        """Hold everybody's access against what the site was told, and against what Stripe says where all has been told."""
        for person in people:
            if self.moved:
                self.seen_held[person.pk] = self.held(person) if self.customers(person) else set()
            held = self.seen_held[person.pk]
            assert held == self.may_hold(person), f"the site says {held}, and was told {self.may_hold(person)}"
            if self.is_quiet(person):
                assert held == self.does_hold(person), f"the site says {held}, Stripe {self.does_hold(person)}"
            assert len(self.customers(person)) <= 1
            assert len(self.standing(person)) <= 1, "subscribed twice"
        self.moved = False

    def settle(self, people: Iterable[User]) -> None:
        """Let the last bell about everybody arrive, or the night come where bells were lost; then everything must be true."""
        if any(not self.is_quiet(person) for person in people):
            if self.lost:
                self.reconcile()
            for event in {
                self.owner(event): event for event in self.waiting if self.owner(event) not in self.lost
            }.values():
                self.deliver(event)
        self.waiting.clear()
        self.moved = True
        self.check(people)
        assert [self.held(person) for person in people] == [self.does_hold(person) for person in people]
