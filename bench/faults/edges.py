"""Access at the edges of time: a second before an end, at it, and a second after, for a thousand rows around odd moments."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import entitlements
from billing.models import Grant, Subscription
from tests import build

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
# Summer time begins and ends, a leap day, the last second of a year, and the end of 32-bit clocks.
MOMENTS = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2028, 2, 29, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2100, 3, 1, tzinfo=UTC),
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kolkata")


@dataclass
class Tally:
    rows: int = 0
    asked: int = 0
    wrong: int = 0


def run(*, people: int) -> Tally:
    """Give so many people, moment by moment, something that ends (or begins) exactly then; ask on both sides, in five zones."""
    tally, product = Tally(), build.plan()
    crowd = [build.person() for _ in range(people)]
    for moment in MOMENTS:
        with transaction.atomic():
            for number, person in enumerate(crowd):
                customer = build.customer(person)
                kind = KINDS[number % len(KINDS)]
                kind(customer, product, moment)
                begins = kind is beginning_grant
                tally.rows += 1
                for offset in (-SECOND, timedelta(0), SECOND):
                    with timezone.override(ZoneInfo(ZONES[number % len(ZONES)])):
                        held = bool(entitlements.held(person.pk, now=timezone.localtime(moment + offset)))
                    tally.asked += 1
                    tally.wrong += held is not ((offset >= timedelta(0)) if begins else (offset < timedelta(0)))
            transaction.set_rollback(True)
    return tally


def subscribed(customer: Any, product: Any, **fields: Any) -> None:
    made = Subscription.objects.create(
        customer=customer, stripe_id=f"sub_{next(build.numbers)}", created_at=datetime(2020, 1, 1, tzinfo=UTC), **fields
    )
    made.products.add(product)


def cancelled(customer: Any, product: Any, moment: datetime) -> None:
    subscribed(customer, product, status="active", current_period_end=moment + 20 * DAY, cancel_at=moment)


def ended(customer: Any, product: Any, moment: datetime) -> None:
    subscribed(customer, product, status="active", current_period_end=moment + 20 * DAY, ended_at=moment)


def silent(customer: Any, product: Any, moment: datetime) -> None:
    subscribed(customer, product, status="active", current_period_end=moment - settings.SILENCE_HOURS * HOUR)


def silent_trial(customer: Any, product: Any, moment: datetime) -> None:
    subscribed(customer, product, status="trialing", current_period_end=moment - settings.SILENCE_HOURS * HOUR)


def owing(customer: Any, product: Any, moment: datetime) -> None:
    owed = moment - settings.GRACE_DAYS * DAY
    subscribed(customer, product, status="past_due", current_period_end=moment + 20 * DAY, unpaid_since=owed)


def ending_grant(customer: Any, product: Any, moment: datetime) -> None:
    Grant.objects.create(user_id=customer.user_id, product=product, reason="x", starts_at=moment - DAY, ends_at=moment)


def beginning_grant(customer: Any, product: Any, moment: datetime) -> None:
    Grant.objects.create(user_id=customer.user_id, product=product, reason="x", starts_at=moment)


KINDS = (cancelled, ended, silent, silent_trial, owing, ending_grant, beginning_grant)
