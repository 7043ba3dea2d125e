"""The owner's first page with 10,000 members, 120,000 invoices and 200,000 downloads, beside a bare page of the same admin.

python -m bench dashboard              on PostgreSQL, and on SQLite in a process of its own
python -m bench dashboard --queries    names the slowest queries as well
"""

import random
import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench.pages import analyse, batches, on_both, seconds
from bench.report import Figure
from billing.models import Customer, Invoice, RevenueChange, Subscription, WebhookEvent
from courses.models import Download
from tests import build
from tests.accounts import authenticator

MEMBERS, MONTHS, DOWNLOADS, TITLES = 10_000, 12, 200_000, 60
ROUNDS, DAYS = 9, (30, 365)
DAY = timedelta(days=1)
FLOOR = "/admin/courses/topic/"


def fill(now: datetime) -> None:
    """Make the rows; the numbers are drawn from a fixed seed."""

    draw = random.Random(7)
    plan = build.plan()
    price = build.price(plan)
    batches((User(email=f"m{number}@example.com", password="!") for number in range(MEMBERS)), User)
    people = list(User.objects.order_by("pk").values_list("pk", flat=True))
    batches((Customer(stripe_id=f"cus_m{pk}", user_id=pk, synced_at=now) for pk in people), Customer)
    customers = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    statuses = ["active"] * 80 + ["past_due"] * 3 + ["trialing"] * 4 + ["canceled"] * 13

    def subscriptions() -> Iterator[Subscription]:
        for pk in customers:
            status, made = draw.choice(statuses), now - draw.random() * 700 * DAY
            ended = now - draw.random() * 300 * DAY if status == "canceled" else None
            yearly = draw.random() < 0.3
            yield Subscription(
                stripe_id=f"sub_{pk}", customer_id=pk, price=price, status=status, amount=12_000 if yearly else 1_200,
                currency="usd" if pk % 5 else "eur", interval="year" if yearly else "month", interval_count=1,
                current_period_end=now + 20 * DAY, created_at=min(made, ended - DAY) if ended else made, ended_at=ended,
                unpaid_since=now - DAY if status == "past_due" else None,
            )  # fmt: skip

    batches(subscriptions(), Subscription)
    made = list(Subscription.objects.order_by("pk"))
    through = Subscription.products.through
    batches((through(subscription_id=one.pk, product_id=plan.pk) for one in made), through)

    def changes() -> Iterator[RevenueChange]:
        for one in made:
            common = {"subscription": one, "currency": one.currency}
            monthly = 1_000 if one.interval == "year" else 1_200
            if one.status != "trialing":
                yield RevenueChange(at=one.created_at, before=0, after=monthly, **common)
                if one.pk % 7 == 0:
                    yield RevenueChange(at=one.created_at + DAY / 2, before=monthly, after=monthly - 100, **common)
                    yield RevenueChange(at=one.created_at + DAY * 2 / 3, before=monthly - 100, after=monthly, **common)
                if one.ended_at:
                    yield RevenueChange(at=one.ended_at, before=monthly, after=0, **common)

    batches(changes(), RevenueChange)

    def invoices() -> Iterator[Invoice]:
        for one in made:
            for month in range(MONTHS):
                at = now - (30 * month + draw.random() * 29) * DAY
                failed = draw.random() < 0.02
                yield Invoice(
                    stripe_id=f"in_{one.pk}_{month}", customer_id=one.customer_id, subscription=one, number=f"L-{one.pk}-{month}",
                    status="open" if failed else "paid", billing_reason="subscription_cycle", currency=one.currency,
                    total=1_200, amount_due=1_200, amount_paid=0 if failed else 1_200,
                    attempt_count=draw.choice([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]), created_at=at, due_at=at,
                    paid_at=None if failed else at, covers_until=at + 30 * DAY,
                )  # fmt: skip

    batches(invoices(), Invoice)
    versions = [build.file(build.ebook()).versions.get().pk for _ in range(TITLES)]

    def downloads() -> Iterator[Download]:
        for _ in range(DOWNLOADS):
            at = now - draw.random() * 400 * DAY
            yield Download(
                user_id=draw.choice(people), version_id=draw.choice(versions), created_at=at, expires_at=at + DAY,
                purpose=draw.choice(["download", "play"]),
            )  # fmt: skip

    batches(downloads(), Download)

    def events() -> Iterator[WebhookEvent]:
        for number in range(50_000):
            at = now - draw.random() * 90 * DAY
            kind = draw.choice(["invoice.paid", "customer.subscription.updated", "invoice.finalized"])
            yield WebhookEvent(
                stripe_id=f"evt_b{number}", type=kind, object_id=f"in_{number}", created_at=at, received_at=at,
                customer_id=f"cus_m{draw.choice(people)}", api_version="2026-10-28.endive", handled_at=at, tries=1,
            )  # fmt: skip

    batches(events(), WebhookEvent)


def owner_browser() -> Client:
    """A browser in which an owner is signed in and has shown a second factor."""

    boss, browser = build.person(is_staff=True, is_superuser=True), Client()
    browser.force_login(boss)
    authenticator.enrol(boss)
    session = browser.session
    record_authentication(SimpleNamespace(session=session), boss, "mfa", type="totp")
    session.save()
    return browser


def timed(name: str) -> list[Figure]:
    """Fill the database of this process, and return the page's times."""
    # The hashed names of static files come from a build that this process did not make.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    fill(datetime.now(UTC))
    analyse()
    browser, found = owner_browser(), []
    beside = f"a bare list of the same admin; {MEMBERS} members, {MEMBERS * MONTHS} invoices, {DOWNLOADS} downloads"
    for days in DAYS:
        path = f"/admin/?days={days}"
        seconds(browser, path), seconds(browser, FLOOR)
        pairs = [(seconds(browser, path), seconds(browser, FLOOR)) for _ in range(ROUNDS)]
        for place, kind in enumerate(("wall", "cpu")):
            called = f"dashboard_{days}_{name}_{kind}"
            ratio = statistics.median(page[place] / bare[place] for page, bare in pairs)
            value = 1000 * statistics.median(page[place] for page, _ in pairs)
            found.append(Figure(f"{called}_ratio", ratio, "ratio", beside, ROUNDS))
            found.append(Figure(called, value, "ms", "one second", ROUNDS))
        quickest = 1000 * min(page[0] for page, _ in pairs)
        found.append(Figure(f"dashboard_{days}_{name}_best", quickest, "ms", "one second; the quickest of all", ROUNDS))
    return [*found, Figure(f"dashboard_{name}_queries", queries(browser), "queries", "any number of rows", 1)]


def queries(browser: Client) -> int:
    """Return how many queries the page asks; `--queries` prints the slowest."""
    with CaptureQueriesContext(connection) as captured:
        browser.get(f"/admin/?days={DAYS[-1]}")
    if "--queries" in sys.argv:
        for query in sorted(captured.captured_queries, key=lambda query: -float(query["time"]))[:8]:
            print(query["time"], query["sql"][:300])
    return len(captured)


def measure() -> list[Figure]:
    return on_both("dashboard", timed)
