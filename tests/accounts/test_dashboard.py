"""The owner's first page: figures, charts, what needs a look; quick, whatever there is, and for those who may."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import charts, dashboard
from accounts.models import User
from billing import attention, gateway
from billing.models import Customer, Dispute, Invoice, Notice, Purchase, WebhookEvent
from config.models import Heartbeat
from tests import build
from tests.accounts import owner_scene
from tests.accounts.owner_scene import Scene
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def desk(owner: User) -> ClientFor:
    return ClientFor(owner)


@pytest.fixture
def scene(db: None, now: datetime) -> Scene:
    return owner_scene.fill(now)


def test_30_owner_reads_the_figures_of_the_site(desk: ClientFor, scene: Scene) -> None:
    page = desk.get("/admin/", {"days": "90"}).content.decode()
    for words in (
        "<dd>22</dd>",
        "6 new, 0 back, 4 lost",
        "<dd>$272</dd>",
        "+$32 in 90 days",
        "Churn rate 15.4",
        "0 paid since, $12 missing",
        "Slack water",
        "A dispute waits for your answer until",
        "1 event failed five times and is parked",
    ):
        assert words in page, words
    assert "style=" not in page
    assert 'href="/admin/courses/ebook/"' in page


def test_30_charts_have_a_title_a_description_and_a_table(desk: ClientFor, scene: Scene) -> None:
    page = desk.get("/admin/").content.decode()
    drawn = [part.split("</svg>")[0] for part in page.split('<svg viewBox="0 0 600')[1:]]
    assert len(drawn) == 2
    for chart in drawn:
        assert "<title id=" in chart
        assert "<desc id=" in chart
        assert 'role="img" aria-labelledby=' in chart
    assert page.count("<details>") == 2
    assert "November" in page or "October" in page


@pytest.mark.parametrize(("asked", "days"), [("", 30), ("90", 90), ("365", 365), ("7", 30), ("-1", 30), ("x", 30)])
def test_the_period_is_one_of_three(desk: ClientFor, asked: str, days: int) -> None:
    page = desk.get("/admin/", {"days": asked}).content.decode()
    assert f'<a href="?days={days}" aria-current="true">' in page


def test_30_the_page_asks_no_more_for_more_members(
    desk: ClientFor, scene: Scene, now: datetime, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(42) as first:
        desk.get("/admin/")
    owner_scene.crowd(scene.plan, scene.plan.prices.get().pk, now=now)
    with django_assert_max_num_queries(len(first)):
        desk.get("/admin/")


def test_the_page_of_an_empty_site_is_calm(desk: ClientFor, now: datetime) -> None:
    Heartbeat.objects.create(worker="w", started_at=now, beat_at=timezone.now())
    page = desk.get("/admin/").content.decode()
    assert "Nothing needs your attention." in page
    assert "Nobody to lose yet" in page
    assert "Nothing was opened in this time." in page


@pytest.mark.parametrize(
    ("rights", "figures", "top", "alarms"),
    [
        ([], False, False, set()),
        (["view_subscription"], False, False, set()),
        (["view_subscription", "view_invoice"], True, False, set()),
        (["view_download"], False, True, set()),
        (["view_dispute"], False, False, {"dispute"}),
        (["view_webhookevent"], False, False, {"event"}),
        (["view_backgroundtask"], False, False, {"worker"}),
    ],
)
def test_33_helpers_see_the_parts_that_they_may(
    scene: Scene, rights: list[str], figures: bool, top: bool, alarms: set[str]
) -> None:
    hugo = build.person(is_staff=True)
    hugo.user_permissions.set(Permission.objects.filter(codename__in=rights))
    page = ClientFor(User.objects.get(pk=hugo.pk)).get("/admin/").content.decode()
    assert ("MRR" in page) is figures
    assert ("Opened most" in page) is top
    told = {"dispute": "A dispute waits", "event": "is parked", "worker": "No background worker"}
    assert {name for name, words in told.items() if words in page} == alarms
    assert "Nothing needs your attention." not in page


# --- What needs a look ------------------------------------------------------------------------


def told(now: datetime) -> list[str]:
    return [alarm.text for alarm in attention.alarms(now=now)]


def test_owner_sees_what_needs_a_look(newcomer: User, subscriber: User, now: datetime) -> None:
    assert told(now) == []
    customer = build.customer(newcomer)
    common = {"customer": customer, "payment_intent": "pi_1", "amount": 1, "currency": "usd", "created_at": now}
    Dispute.objects.create(stripe_id="du_1", status="needs_response", evidence_due_by=now + DAY, **common)
    Dispute.objects.create(stripe_id="du_2", status="needs_response", evidence_due_by=now - DAY, **common)
    Dispute.objects.create(stripe_id="du_3", status="won", **common)
    build.subscribed(newcomer, now=now)
    build.subscribed(newcomer, now=now, status="canceled", ended_at=now)
    build.subscribed(subscriber, build.plan(), now=now)
    build.subscribed(subscriber, build.plan(), now=now, status="canceled")
    for number, kind in enumerate(("invoice.finalization_failed",) * 2 + ("radar.early_fraud_warning.created",)):
        WebhookEvent.objects.create(stripe_id=f"evt_{number}", type=kind, object_id=f"in_{number}", created_at=now)
    Invoice.objects.create(
        stripe_id="in_1", customer=customer, status="open", currency="usd", total=1, amount_due=1, amount_paid=0,
        created_at=now, due_at=now,
    )  # fmt: skip
    guest = build.customer(None)
    sale = {"amount": 1, "currency": "usd", "created_at": now, "product": build.item()}
    Purchase.objects.create(session_id="cs_1", customer=guest, state="paid", **sale)
    Purchase.objects.create(session_id="cs_2", customer=build.customer(None), state="failed", **sale)
    Notice.objects.create(key="a", kind="receipt", user=newcomer, occurred_at=now, tries=3)
    Notice.objects.create(key="b", kind="receipt", user=newcomer, occurred_at=now, tries=9, sent_at=now)
    found = told(now)
    assert [text.split(" until ")[0] for text in found] == [
        "A dispute waited for your answer",
        "A dispute waits for your answer",
        "1 subscription is to a product that is not known here, and opens nothing.",
        "1 person pays for two plans.",
        "1 invoice could not be finalised at Stripe; an address for its tax may be missing.",
        "1 early fraud warning in 30 days; a refund now may spare you a dispute.",
        "1 purchase belongs to nobody yet.",
        "1 mail keeps failing.",
    ]


@pytest.mark.parametrize("filters", ["subscription/?unknown=1", "subscription/?twice=1", "customer/?unclaimed=1"])
def test_every_alarm_leads_to_the_rows_that_it_counts(
    desk: ClientFor, subscriber: User, newcomer: User, now: datetime, filters: str
) -> None:
    build.subscribed(newcomer, now=now)
    build.subscribed(subscriber, build.plan(), now=now)
    guest = build.customer(None)
    sale = {"amount": 1, "currency": "usd", "created_at": now, "product": build.item()}
    Purchase.objects.create(session_id="cs_1", customer=guest, state="paid", **sale)
    rows = desk.get(f"/admin/billing/{filters}").context["cl"].result_list
    expected = {"unknown": 1, "twice": 2, "unclaimed": 1}
    assert len(rows) == expected[filters.partition("?")[2].partition("=")[0]]
    assert len(rows) < (3 if "subscription" in filters else Customer.objects.count())


def test_owner_is_told_when_the_background_is_silent(now: datetime) -> None:
    assert "No background worker has ever run" in next(dashboard.worker_alarms(now=now)).text
    beat = Heartbeat.objects.create(worker="w", started_at=now, beat_at=now - timedelta(minutes=6))
    assert "has been silent for 6\xa0minutes" in next(dashboard.worker_alarms(now=now)).text
    beat.beat_at = now
    beat.save()
    assert list(dashboard.worker_alarms(now=now)) == []


# --- Charts -----------------------------------------------------------------------------------


def test_a_line_keeps_its_last_point_and_stays_on_the_paper(now: datetime) -> None:
    points = [((now + number * DAY).date(), number * 10) for number in range(365)]
    chart = charts.line(points)
    assert len(chart.rows) <= 60
    assert chart.rows[-1] == points[-1]
    spots = [tuple(map(float, spot.split())) for spot in chart.line[1:].split(" L")]
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y in spots)
    assert charts.line(points[:1]).line == "M0.0 140.0"


def test_bars_below_zero_hang_from_the_line(now: datetime) -> None:
    chart = charts.bars([(now.date(), 100), (now.date(), -50), (now.date(), 0)])
    up, down, flat = chart.bars
    assert (up.below, down.below) == (False, True)
    assert up.y + up.height == pytest.approx(chart.zero, abs=0.2)
    assert down.y == pytest.approx(chart.zero, abs=0.2)
    assert up.height == pytest.approx(2 * down.height, abs=0.2)
    assert flat.height == 1
    assert down.y + down.height <= charts.HEIGHT + 0.2


def test_the_sdk_names_the_version_that_is_read() -> None:
    assert gateway.API_VERSION.count("-") == 2
