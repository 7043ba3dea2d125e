"""Every order of a life's seven bells, and of seven answers that were asked for one after the other, ends in Stripe's truth.

All 5,040 orders share their beginnings, so they are walked as a tree: one delivery leads from each node to the next, and a savepoint
leads back. After every single bell, and not at the end alone, the truth must stand.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, permutations
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bench.faults import lives
from billing import entitlements, gateway, sync
from billing.models import Product
from sandbox.stripe import StripeServer
from tests.billing import truth
from tests.billing.till import ring

Object = dict[str, Any]
# How often a bell that has rung already rings again.
TWICE = 0.25
KINDS = (
    "customer.created",
    "customer.subscription.created",
    "invoice.paid",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)


@dataclass
class Tally:
    """Whole orders walked, steps taken on the way, and what was wrong after them."""

    orders: int = 0
    steps: int = 0
    wrong: int = 0


def life(stripe: StripeServer, person: User, prices: Sequence[str], *, ends: bool) -> tuple[str, list[Object]]:
    """Live a life at Stripe: cancelled, taken back, switched, and ended or not. Return its customer and seven of its bells."""
    position, _ = lives.events_since(stripe, 0)
    customer = lives.join(stripe, person.pk, settings.SITE_URL, prices[0])
    one = lives.standing(stripe, customer)
    assert one is not None
    path = f"subscriptions/{one['id']}"
    for cancelled in (True, False) if ends else (True, False, True, False):
        stripe.call("POST", path, cancel_at_period_end=cancelled)
    lives.swap(stripe, one, prices[1], "good")
    if ends:
        stripe.call("DELETE", path)
    _, events = lives.events_since(stripe, position)
    bells = [event for event in events if event["type"].startswith(KINDS)]
    # One of each kind first, and then the rest, oldest first.
    chosen = {event["type"]: event for event in reversed(bells)}
    rest = [event for event in bells if event not in chosen.values()]
    return customer, [*chosen.values(), *rest][:7]


@contextmanager
def put_back() -> Iterator[None]:
    """A savepoint that everything inside goes back to. Tickets insist on a commit of their own, which a test's block may stand in for."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's own test cases do the same
    with atomic:
        yield
        transaction.set_rollback(True)


@dataclass
class Walk:
    """Walks orders of `acts`; `is_right` is asked after every one, with the numbers of the acts so far."""

    acts: Sequence[Callable[[list[int]], object]]
    is_right: Callable[[list[int]], bool]
    tally: Tally = field(default_factory=Tally)

    def all(self) -> Tally:
        """Walk every order there is."""
        return self.some(list(permutations(range(len(self.acts)))))

    def some(self, orders: Sequence[Sequence[int]], before: tuple[int, ...] = ()) -> Tally:
        """Walk these orders; what some of them begin with in common is walked once."""
        self.tally.orders += sum(not order for order in orders)
        for number, rest in groupby(sorted(filter(None, orders), key=first), key=first):
            with put_back():
                path = [*before, number]
                self.acts[number](path)
                self.tally.steps += 1
                self.tally.wrong += not self.is_right(path)
                self.some([order[1:] for order in rest], tuple(path))
        return self.tally


def first(order: Sequence[int]) -> int:
    return order[0]


def sampled(count: int, *, length: int, seed: int) -> list[list[int]]:
    """Return so many different orders."""
    rng = random.Random(seed)
    found: set[tuple[int, ...]] = set()
    while len(found) < count:
        found.add(tuple(rng.sample(range(length), length)))
    return [list(order) for order in sorted(found)]


def of_bells(stripe: StripeServer, person: User, bells: Sequence[Object]) -> Walk:
    """Bells in every order, after all has happened: each is enough by itself, and one that rings again changes nothing."""
    rng = random.Random(7)

    def deliver(path: list[int]) -> None:
        assert ring(bells[path[-1]]).status_code == 200
        if rng.random() < TWICE:
            assert ring(bells[rng.choice(path)]).status_code == 200

    should = truth.people(truth.copies(stripe).values(), settings.SITE_URL, timezone.now().timestamp()).get(person.pk)
    return Walk([deliver] * len(bells), lambda path: holds(person) == should)


def of_answers(stripe: StripeServer, person: User, price: str) -> Walk:
    """Seven answers of Stripe, asked for one after the other while the truth moved on, arrive in every order: the latest one counts."""
    customer = lives.join(stripe, person.pk, settings.SITE_URL, price)
    one = lives.standing(stripe, customer)
    assert one is not None
    asked: list[tuple[int, Any, set[str]]] = []
    for cancelled in (None, True, False, True, False, "paused", "ended"):
        if cancelled in (True, False):
            stripe.call("POST", f"subscriptions/{one['id']}", cancel_at_period_end=cancelled)
        elif cancelled == "paused":
            lives.pause(stripe, f"subscriptions/{one['id']}")
        elif cancelled == "ended":
            stripe.call("DELETE", f"subscriptions/{one['id']}")
        found = truth.copy(stripe, customer)
        assert found is not None
        held = truth.holds(found, timezone.now().timestamp())
        asked.append((sync.take_ticket(customer), gateway.fetch_customer(customer), held))

    def land(path: list[int]) -> None:
        ticket, snapshot, _ = asked[path[-1]]
        sync.apply(snapshot, ticket=ticket, now=timezone.now())

    return Walk([land] * len(asked), lambda path: holds(person) == asked[max(path)][2])


def holds(person: User) -> set[str | None]:
    keys = [pk for pk, _ in entitlements.held(person.pk, now=timezone.now())]
    return set(Product.objects.filter(pk__in=keys).values_list("stripe_id", flat=True))
