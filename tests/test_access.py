"""Who may open what: every person x title x access x subscription x method, in one table. Start reading here.

The expected answer is written down below in a few lines of plain rules, not taken from the code that decides.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, product
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from billing.models import Grant, Purchase
from courses import access
from courses.access import Reason, Verdict
from courses.models import Course, Download, Ebook, File, Publication
from tests import build
from tests.effort import COMPLETE

pytestmark = pytest.mark.both
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRACE, SILENCE = timedelta(days=7), timedelta(hours=48)

# --- The rows: a subscription's state, and whether it opens what its product opens ------------

SUBSCRIPTIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "trialing": ({"status": "trialing", "trial_end": 7 * DAY}, True),
    "active": ({"status": "active"}, True),
    "active, nothing heard for less than SILENCE_HOURS": (
        {"status": "active", "current_period_end": -SILENCE + HOUR},
        True,
    ),
    "active, nothing heard for SILENCE_HOURS": ({"status": "active", "current_period_end": -SILENCE}, False),
    "active, no period known": ({"status": "active", "current_period_end": None}, False),
    "active, cancels later": ({"status": "active", "cancel_at": HOUR}, True),
    "active, cancelled at this moment": ({"status": "active", "cancel_at": 0 * DAY}, False),
    "active, cancelled an hour ago": ({"status": "active", "cancel_at": -HOUR}, False),
    "trialing, cancelled an hour ago": ({"status": "trialing", "cancel_at": -HOUR}, False),
    "active, ended": ({"status": "active", "ended_at": -HOUR}, False),
    "past due, within the grace": ({"status": "past_due", "unpaid_since": -GRACE + HOUR}, True),
    "past due, the grace just over": ({"status": "past_due", "unpaid_since": -GRACE}, False),
    "past due, since unknown": ({"status": "past_due", "unpaid_since": None}, False),
    "past due, within the grace, cancelled": ({"status": "past_due", "unpaid_since": -HOUR, "cancel_at": -HOUR}, False),
    "unpaid": ({"status": "unpaid"}, False),
    "incomplete": ({"status": "incomplete"}, False),
    "incomplete_expired": ({"status": "incomplete_expired"}, False),
    "paused": ({"status": "paused"}, False),
    "canceled": ({"status": "canceled", "ended_at": -HOUR}, False),
    "a status of tomorrow": ({"status": "hibernating"}, False),
    "active, its payment refunded": ({"status": "active", "taken_back": "refunded"}, False),
    "active, its payment disputed": ({"status": "active", "taken_back": "disputed"}, False),
    "past due, within the grace, the payment before disputed": (
        {"status": "past_due", "unpaid_since": -HOUR, "taken_back": "disputed"},
        False,
    ),
}

# --- The columns ------------------------------------------------------------------------------

PUBLICATIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "draft": ({"state": "draft"}, False),
    "scheduled for later": ({"state": "scheduled", "published_at": HOUR}, False),
    "scheduled, and due": ({"state": "scheduled", "published_at": 0 * DAY}, True),
    "published": ({"state": "published", "published_at": -DAY}, True),
    "withdrawn": ({"state": "withdrawn", "published_at": -DAY}, False),
}
ACCESS_KINDS = ["free", "members", "restricted to the product", "restricted to another product"]
# A database has no part in how HEAD and the methods that are refused differ from GET.
OTHER_METHODS = ["head", "post", "put", "delete", "options"] if connection.vendor == "sqlite" else []


def methods(cell: int) -> list[str]:
    """The methods of a cell: all of them, and in a sample GET and one other in turn."""
    if COMPLETE or not OTHER_METHODS:
        return ["get", *OTHER_METHODS]
    return ["get", OTHER_METHODS[cell % len(OTHER_METHODS)]]


def expected(who: str, *, opens: bool, published: bool, access: str, method: str) -> int:
    """The status that answers a request for a file, by the rules as the product states them."""
    if method not in ("get", "head"):
        return 405
    if not published:
        return 404
    if who in ("stranger", "switched off"):
        return 302
    entitled = access == "free" or (opens and access != "restricted to another product")
    if not entitled:
        return 403
    return 302 if method == "get" else 200


@pytest.fixture
def clock(now: datetime, time_machine: Any) -> datetime:
    time_machine.move_to(now, tick=False)
    return now


def shifted(fields: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}


def everybody(now: datetime) -> Iterator[tuple[str, User | None, bool, Any]]:
    """Yield (who, person or nobody, whether what they hold is live, the product they hold)."""
    plan = build.plan()
    yield "stranger", None, False, plan
    yield "newcomer", build.person(), False, plan
    yield "switched off", build.subscribed(build.person(is_active=False), plan, now=now), True, plan
    yield "staff without a plan", build.person(is_staff=True, is_superuser=True), False, plan
    for name, (fields, opens) in SUBSCRIPTIONS.items():
        yield name, build.subscribed(build.person(), plan, now=now, **shifted(fields, now)), opens, plan
    spans = {"granted": (-DAY, DAY), "grant over": (-DAY, 0 * DAY), "grant not begun": (HOUR, DAY)}
    for name, (starts, ends) in spans.items():
        person = build.person()
        Grant.objects.create(user=person, product=plan, reason="Speaker", starts_at=now + starts, ends_at=now + ends)
        yield name, person, name == "granted", plan
    for name, state in (("bought", "paid"), ("refunded", "refunded"), ("pending", "pending"), ("disputed", "disputed")):
        person, item = build.person(), build.item()
        sale = {"amount": 900, "currency": "usd", "state": state, "created_at": now}
        Purchase.objects.create(session_id=f"cs_{name}", customer=build.customer(person), product=item, **sale)
        yield name, person, state == "paid", item


def shelf(now: datetime, held: Any) -> dict[tuple[str, str], File]:
    """One file for every publication state and access kind; `held` is the product that restricted titles name."""
    other = build.plan()
    files = {}
    for (publication, (fields, _)), kind in product(PUBLICATIONS.items(), ACCESS_KINDS):
        title = build.ebook(access=kind.split()[0], **shifted(fields, now))
        if kind.startswith("restricted"):
            title.products.add(other if "another" in kind else held)
        files[publication, kind] = build.file(title)
    return files


@pytest.mark.django_db
def test_every_person_meets_every_file_by_every_method(clock: datetime) -> None:
    shelves: dict[int, dict[tuple[str, str], File]] = {}
    cells, wrong, numbers = 0, [], count()
    for who, person, opens, held in everybody(clock):
        browser = Client()
        if person:
            browser.force_login(person)
        files = shelves.setdefault(held.pk, shelf(clock, held))
        asked = [(*where, method) for where in files for method in methods(next(numbers))]
        for publication, kind, method in asked:
            # An item bought outright is no plan: it opens the titles that name it, not the members' shelf.
            live = opens and not (kind == "members" and held.kind == "item")
            status = expected(who, opens=live, published=PUBLICATIONS[publication][1], access=kind, method=method)
            response = getattr(browser, method)(files[publication, kind].get_absolute_url())
            cells += 1
            minted = "X-Amz-Signature" in response.get("Location", "")
            allowed = status == 302 and who not in ("stranger", "switched off")
            if response.status_code != status or minted != allowed or b"X-Amz" in response.content:
                wrong.append((who, publication, kind, method, status, response.status_code, minted))
    assert cells >= 300
    assert wrong == []
    print(f"{cells} cells, 0 wrong")  # The count is part of the claim.


@pytest.mark.django_db
def test_a_sign_in_link_leads_back_to_the_file() -> None:
    file = build.file()
    response = Client().get(file.get_absolute_url())
    assert response.headers["Location"] == f"/account/login/?next=/files/{file.pk}/"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["free", "members", "restricted"])
@pytest.mark.parametrize("publication", PUBLICATIONS)
def test_previews_and_samples_open_to_anybody_while_the_title_is_published(
    clock: datetime, kind: str, publication: str
) -> None:
    fields, visible = PUBLICATIONS[publication]
    title: Ebook = build.ebook(access=kind, **shifted(fields, clock))
    course: Course = build.course(access=kind, **shifted(fields, clock))
    sample = build.file(title, role=File.Role.SAMPLE)
    preview = build.file(build.lesson(course, preview=True))
    for person, file in product([None, build.person()], [sample, preview]):
        browser = Client()
        if person:
            browser.force_login(person)
        response = browser.get(file.get_absolute_url())
        assert response.status_code == (302 if visible else 404)
        assert ("X-Amz-Signature" in response.get("Location", "")) is visible
    assert Download.objects.filter(user=None).count() == (2 if visible else 0)


@pytest.mark.django_db
def test_an_item_that_a_members_title_names_opens_it_too(now: datetime) -> None:
    item = build.item()
    person = build.person()
    sale = {"amount": 900, "currency": "usd", "state": "paid", "created_at": now}
    Purchase.objects.create(session_id="cs_1", customer=build.customer(person), product=item, **sale)
    named, unnamed = build.ebook(access="members"), build.ebook(access="members")
    named.products.add(item)
    browser = Client()
    browser.force_login(person)
    assert browser.get(build.file(named).get_absolute_url()).status_code == 302
    assert browser.get(build.file(unnamed).get_absolute_url()).status_code == 403


@pytest.mark.django_db
def test_a_person_switched_off_in_mid_request_is_refused_by_the_rule_itself(subscriber: User, now: datetime) -> None:
    title = build.ebook(access="free")
    subscriber.is_active = False
    assert access.decision(subscriber, title, now=now) == access.Decision(Verdict.OFFER, Reason.SWITCHED_OFF)
    assert access.openable(subscriber, [title], now=now) == set()


@pytest.mark.django_db
def test_a_list_is_decided_as_each_of_its_titles_would_be(now: datetime) -> None:
    for _, person, _, held in everybody(now):
        titles = [file.publication for file in shelf(now, held).values()]
        one_by_one = {title.pk for title in titles if access.decision(person, title, now=now).allowed}
        assert access.openable(person, titles, now=now) == one_by_one


@pytest.mark.django_db
def test_the_query_for_a_shelf_finds_what_the_rule_would_open(now: datetime) -> None:
    for who, person, opens, held in everybody(now):
        titles = [file.publication for file in shelf(now, held).values()]
        for kind in ACCESS_KINDS:
            kept: Ebook = build.ebook(access=kind.split()[0], state="archived")
            if kind == "restricted to the product":
                kept.products.add(held)
            titles.append(kept)
        both: Ebook = build.ebook(access="members")
        both.products.add(held)
        every = [*titles, both]
        asked = Publication.objects.filter(pk__in=[title.pk for title in every])
        one_by_one = {title.pk for title in every if access.decision(person, title, now=now).allowed}
        found = list(access.opened(person, asked, now=now).values_list("pk", flat=True))
        assert sorted(found) == sorted(one_by_one), who  # And none of them twice.
        assert (len(found) > 0) is (who not in ("stranger", "switched off"))
        assert (both.pk in one_by_one) is (opens and who not in ("stranger", "switched off"))
