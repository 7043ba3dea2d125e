"""A site with a past: members who came, stayed, left and returned, money that was paid, failed and went back, and things to look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from billing import grants
from billing.models import (
    Dispute,
    Grant,
    Invoice,
    Product,
    Purchase,
    Refund,
    RevenueChange,
    Subscription,
    WebhookEvent,
)
from courses.models import Download, Ebook, File
from tests import build

DAY = timedelta(days=1)


@dataclass
class Scene:
    member: User
    late: User
    guest: User
    plan: Product
    title: Ebook
    file: File
    grant: Grant
    parked: WebhookEvent


def fill(now: datetime) -> Scene:
    """Make it. `member` pays and has everything a page can show; `late` has not paid; `guest` never came to anything."""
    plan, atlas = build.plan(name="Membership"), build.item(name="The tide atlas")
    price = build.price(plan)
    title = build.ebook(title="Slack water", slug="slack-water")
    file = build.file(title, name="Slack water")
    member = build.person("mara@example.com", name="Mara Ellison", last_login=now - DAY)
    late = build.person("leo@example.com", name="Leo Brandt")
    guest = build.person("gia@example.com")
    crowd(plan, price.pk, now=now)
    subscribe(member, plan, price.pk, now=now, since=now - 200 * DAY)
    subscribe(late, plan, price.pk, now=now, since=now - 100 * DAY, status="past_due", unpaid_since=now - 9 * DAY)
    mine = member.customers.get()
    mine.synced_at = now - timedelta(minutes=7)
    mine.save()
    sale = {
        "amount": 2900,
        "currency": "usd",
        "state": "paid",
        "created_at": now - 20 * DAY,
        "payment_intent": "pi_atlas",
    }
    purchase = Purchase.objects.create(session_id="cs_atlas", customer=mine, product=atlas, **sale)
    back = {"customer": mine, "payment_intent": "pi_atlas", "currency": "usd", "purchase": purchase}
    Refund.objects.create(stripe_id="re_1", amount=900, status="succeeded", created_at=now - 10 * DAY, **back)
    Dispute.objects.create(
        stripe_id="du_1", amount=2900, status="needs_response", reason="fraudulent", created_at=now - 2 * DAY,
        evidence_due_by=now + 6 * DAY, **back,
    )  # fmt: skip
    grant = grants.give(
        member.pk, atlas, reason="Spoke at the summer school", given_by=None, ends_at=now + 30 * DAY, now=now
    )
    for hours in range(1, 9):
        Download.objects.create(
            user=member, version=file.versions.get(), purpose="play" if hours % 3 else "download",
            created_at=now - timedelta(hours=hours), expires_at=now - timedelta(hours=hours - 1),
        )  # fmt: skip
    return Scene(member, late, guest, plan, title, file, grant, events(mine.stripe_id, now=now))


def subscribe(
    person: User, plan: Product, price: int, *, now: datetime, since: datetime, **fields: object
) -> Subscription:
    """A monthly subscription of $12 with its invoices and its revenue."""
    build.subscribed(
        person, plan, now=now,
        **{"price_id": price, "amount": 1200, "currency": "usd", "interval": "month", "created_at": since} | fields,
    )  # fmt: skip
    one = person.customers.get().subscriptions.latest("pk")
    RevenueChange.objects.create(subscription=one, at=since, currency="usd", before=0, after=1200)
    months = max(1, (now - since).days // 30)
    for month in range(months + 1):
        made = since + 30 * DAY * month
        failed = month == months and one.status == "past_due"
        Invoice.objects.create(
            stripe_id=f"in_{one.pk}_{month}", number=f"LECT-{one.pk:03}{month:02}", customer=one.customer, subscription=one,
            status="open" if failed else "paid", billing_reason="subscription_cycle", currency="usd", total=1200,
            amount_due=1200, amount_paid=0 if failed else 1200, attempt_count=2 if failed else 1, created_at=made,
            due_at=made, paid_at=None if failed else made, covers_until=made + 30 * DAY,
        )  # fmt: skip
    return one


def crowd(plan: Product, price: int, *, now: datetime) -> None:
    """Twenty-four others: most stay, some leave, one returns, one pays more."""
    for number in range(24):
        person = build.person()
        one = subscribe(person, plan, price, now=now, since=now - (15 * number + 5) * DAY)
        if number % 6 == 5:
            ended = now - (number + 3) * DAY
            Subscription.objects.filter(pk=one.pk).update(status="canceled", ended_at=ended)
            RevenueChange.objects.create(subscription=one, at=ended, currency="usd", before=1200, after=0)
        if number == 4:
            Subscription.objects.filter(pk=one.pk).update(amount=2000)
            RevenueChange.objects.create(subscription=one, at=now - 4 * DAY, currency="usd", before=1200, after=2000)


def events(customer: str, *, now: datetime) -> WebhookEvent:
    """Bells of every state; the parked one is returned."""
    common = {"customer_id": customer, "api_version": "2026-10-28.endive"}
    states: list[dict[str, object]] = [
        {"handled_at": now, "tries": 1},
        {"tries": 2, "error": "GatewayDown: APIConnectionError status=None code=None request=None"},
        {},
        {"parked_at": now - DAY, "tries": 5, "error": "GatewayDown: APIError status=500 code=None request=req_1"},
    ]
    made = [
        WebhookEvent.objects.create(
            stripe_id=f"evt_{number}", type="customer.subscription.updated", object_id="sub_1",
            created_at=now - timedelta(hours=number, seconds=4), received_at=now - timedelta(hours=number), **common, **state,
        )
        for number, state in enumerate(states)
    ]  # fmt: skip
    return made[-1]
