"""Nothing arrives for four days: one `sync_billing` afterwards leaves no difference, and asks no more than the lists have pages."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from math import ceil

from django.conf import settings
from django.core.management import call_command

from bench.faults import lives
from bench.faults.audit import doubled, wrong
from sandbox.stripe import StripeServer
from tests.billing.truth import DAY

LISTED = ("product", "price", "customer", "subscription", "invoice", "checkout.session", "payment_intent", "dispute")


@dataclass(frozen=True)
class Outcome:
    customers: int
    differences: list[str]
    unmet: list[str]
    calls: int
    allowed: int
    limited: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.customers} customers after four days without a bell: {len(self.differences)} differences, "
            f"{self.calls} calls of {self.allowed} allowed, {self.limited} of them answered 429, {self.seconds:.0f} s"
        )


def run(stripe: StripeServer, people: list[int], *, moves: int, limited: int = 3, seed: int = 1) -> Outcome:
    """Tell the site of everybody once, let four days of life go by unheard, and reconcile while Stripe limits some calls."""
    rng = random.Random(seed)
    prices = lives.plan(stripe, "Basic", 1200, 12000) + lives.plan(stripe, "Pro", 3000)
    customers = [lives.join(stripe, person, settings.SITE_URL, rng.choice(prices)) for person in people]
    synchronise()
    for day in range(4):
        for customer in rng.sample(customers, moves // 4):
            lives.move(stripe, customer, prices, rng)
        stripe.advance(DAY)
        if day == 1:
            stripe.call("DELETE", f"customers/{customers.pop(0)}")
    before = differences(stripe, people)
    assert before, "four days changed nothing, so nothing could be missed"
    stripe.calls.clear()
    fault = stripe.fail_next("429", times=limited, path="/v1/invoices") if limited else None
    began = time.monotonic()
    synchronise()
    seconds = time.monotonic() - began
    calls = Counter(method for method, _ in stripe.calls)["GET"]
    return Outcome(
        customers=len(people),
        differences=differences(stripe, people),
        unmet=["not every limit was met"] if fault and fault.times else [],
        calls=calls,
        allowed=allowed(stripe) + limited,
        limited=limited,
        seconds=seconds,
    )


def synchronise() -> None:
    call_command("sync_billing", stdout=StringIO())


def differences(stripe: StripeServer, people: list[int]) -> list[str]:
    return wrong(stripe, people) + doubled(stripe)


def allowed(stripe: StripeServer) -> int:
    """Return how many calls the lists take, a hundred objects a page; a customer that is gone from them is asked for by itself."""
    gone = sum(bool(one.get("deleted")) for one in stripe.store.all("customer"))
    return gone + sum(max(1, ceil(len(stripe.store.all(kind)) / 100)) for kind in LISTED)
