"""What is wrong when all is quiet: events lost, access that is not Stripe's truth, and anything that stands twice."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import entitlements
from billing.models import Customer, Product, Subscription, WebhookEvent
from sandbox.stripe import StripeServer
from tests.billing import ledger, truth


@dataclass
class Audit:
    """Findings, one line each. All three must be empty."""

    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    parked: int = 0

    def failures(self) -> list[str]:
        return [*self.lost, *self.wrong, *self.doubled]


def audit(stripe: StripeServer, people: Iterable[int], answered: Mapping[str, int]) -> Audit:
    """Hold our rows against the embedded Stripe, and against the events that got a 2xx (deliveries by event id)."""
    found = Audit(lost=lost(answered), wrong=wrong(stripe, people), doubled=doubled(stripe))
    found.parked = WebhookEvent.objects.exclude(parked_at=None).count()
    return found


def lost(answered: Mapping[str, int]) -> list[str]:
    """Events that were answered with 2xx and are not kept exactly once, or kept and neither done nor parked."""
    rows = Counter(WebhookEvent.objects.values_list("stripe_id", flat=True))
    ends = set(WebhookEvent.objects.filter(handled_at=None, parked_at=None).values_list("stripe_id", flat=True))
    return [f"{event} is kept {rows[event]} times" for event in answered if rows[event] != 1] + [
        f"{event} is neither done nor parked" for event in answered if event in ends
    ]


def wrong(stripe: StripeServer, people: Iterable[int]) -> list[str]:
    """People who hold something else than Stripe's objects say."""
    names = dict(Product.objects.values_list("pk", "stripe_id"))
    rules = truth.Rules(settings.GRACE_DAYS * truth.DAY, settings.SILENCE_HOURS * truth.HOUR)
    now = timezone.now()
    should = truth.people(truth.copies(stripe).values(), settings.SITE_URL, now.timestamp(), rules)
    found = []
    for person in people:
        held = {names[pk] for pk, _ in entitlements.held(person, now=now)}
        if held != should.get(person, set()):
            found.append(
                f"person {person} holds {sorted(held, key=str)} and should {sorted(should.get(person, set()))}"
            )
    return found


def doubled(stripe: StripeServer) -> list[str]:
    """What stands twice or contradicts itself here, and people with two customers or two live subscriptions at Stripe."""
    with stripe.store.lock:
        customers = [one for one in stripe.store.all("customer") if not one.get("deleted")]
        subscriptions = {one["id"]: (one["status"], one["cancel_at"]) for one in stripe.store.all("subscription")}
        live = Counter(one["customer"] for one in stripe.store.all("subscription") if one["status"] in LIVE)
    owners = Counter(truth.person_of(one, settings.SITE_URL) for one in customers)
    ours = {
        name: (status, int(cancel_at.timestamp()) if cancel_at else None)
        for name, status, cancel_at in Subscription.objects.values_list("stripe_id", "status", "cancel_at")
    }
    found = [f"person {person} has {count} customers" for person, count in owners.items() if person and count > 1]
    found += [f"customer {customer} has {count} live subscriptions" for customer, count in live.items() if count > 1]
    found += [
        f"subscription {one} is {ours.get(one)} here and {status} at Stripe"
        for one, status in subscriptions.items()
        if ours.get(one) != status
    ]
    here = Customer.objects.filter(deleted=False).count()
    if here != len(customers):
        found.append(f"{here} customers here, {len(customers)} at Stripe")
    return found + ledger.contradictions()


LIVE = ("trialing", "active", "past_due", "unpaid", "paused")


def database_url() -> str:
    """Return the address of the database that this process uses, for a process that is to use the same."""
    given = connection.settings_dict
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


def percentile(times: list[float], share: float) -> float:
    """Return the time (ms) that this share of them stays under."""
    return 1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else 0.0
