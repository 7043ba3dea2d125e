"""What must be true of money's rows at every moment, asked of a running site: reads only, and says numbers and Stripe's ids alone.

Each question yields a line for every row that breaks it. The leeways are what a healthy site may need: a retry, a nightly comparison.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q

from billing import entitlements
from billing.attention import with_two_plans
from billing.models import Customer, Notice, RevenueChange, Subscription, WebhookEvent

Question = Callable[..., Iterator[str]]
RETRIES = timedelta(minutes=15)
# The comparison with Stripe comes once a day.
COMPARED = timedelta(hours=30)
DAY = timedelta(days=1)
MOST = 1000
OVER = ("canceled", "incomplete_expired")


def events_end(*, now: datetime) -> Iterator[str]:
    """I1: every event that was taken ends done or parked."""
    late = WebhookEvent.objects.unhandled().filter(parked_at=None, received_at__lt=now - RETRIES).order_by("pk")
    for one in late[:MOST]:
        yield f"event {one.stripe_id} is neither done nor parked, {one.tries} tries"


def effects_are_single(*, now: datetime) -> Iterator[str]:
    """I2: nothing happens twice: no mail about the same thing, no move of revenue."""
    told = (
        Notice.objects.filter(sent_at__isnull=False)
        .order_by()
        .values("kind", "about", "user", "customer", "occurred_at")
    )
    for row in told.annotate(times=Count("pk")).filter(times__gt=1)[:MOST]:
        yield f"{row['times']} mails of kind {row['kind']} about {row['about']}"
    moved = RevenueChange.objects.order_by().values("subscription", "at", "currency", "before", "after")
    for one in moved.annotate(times=Count("pk")).filter(times__gt=1)[:MOST]:
        yield f"subscription {one['subscription']} moved the same revenue {one['times']} times"


def rows_are_confirmed(*, now: datetime) -> Iterator[str]:
    """I3: what is held is what Stripe says: every customer with something running was compared lately."""
    running = Q(subscriptions__ended_at=None) & ~Q(subscriptions__status__in=OVER)
    old = Q(synced_at=None, created_at__lt=now - COMPARED) | Q(synced_at__lt=now - COMPARED)
    for one in Customer.objects.filter(running, old, deleted=False).distinct().order_by("pk")[:MOST]:
        yield f"customer {one.stripe_id} was last confirmed {one.synced_at or 'never'}"


def payers_are_in(*, now: datetime) -> Iterator[str]:
    """I5: nobody whom Stripe calls active is refused because we heard nothing, or because their product is unknown."""
    active = Subscription.objects.filter(status__in=entitlements.OPENING, ended_at=None, cancel_at=None, taken_back="")
    heard = entitlements.bounds(now=now)["heard"]
    for one in active.filter(current_period_end__lte=heard).order_by("pk")[:MOST]:
        yield f"subscription {one.stripe_id} is active and opens nothing: its period ended {one.current_period_end}"
    for one in active.filter(products=None, created_at__lt=now - RETRIES).order_by("pk")[:MOST]:
        yield f"subscription {one.stripe_id} is active and opens nothing: its product is not known"


def plans_are_single(*, now: datetime) -> Iterator[str]:
    """I6: one person pays for one plan, through one current customer."""
    for one in with_two_plans(now=now).filter(created_at__lt=now - DAY).order_by("pk")[:MOST]:
        yield f"subscription {one.stripe_id} is one of several live plans of person {one.customer.user_id}"
    current = Customer.objects.filter(current=True, deleted=False, user__isnull=False).order_by().values("user")
    for row in current.annotate(times=Count("pk")).filter(times__gt=1)[:MOST]:
        yield f"person {row['user']} has {row['times']} current customers"


def states_agree(*, now: datetime) -> Iterator[str]:
    """I10, of money: what ended is not live, and what is live has not ended."""
    ended = Subscription.objects.filter(status__in=OVER, ended_at=None, canceled_at=None)
    going_on = Subscription.objects.filter(status__in=entitlements.OPENING, ended_at__lt=now - RETRIES)
    for one in (ended | going_on).order_by("pk")[:MOST]:
        yield f"subscription {one.stripe_id} is {one.status}, and ended {one.ended_at or 'never'}"
    for notice in Notice.objects.filter(sent_at__isnull=False, dropped_at__isnull=False)[:MOST]:
        yield f"notice {notice.pk} is sent and dropped"
