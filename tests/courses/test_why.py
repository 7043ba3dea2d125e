"""The explanation says what the click does, in every cell of the table of tests/test_access.py, and changes with it."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing import entitlements, reasons
from billing.models import Grant, Product, Purchase, Subscription
from courses import access, why
from courses.access import Question, Reason, Verdict
from courses.models import File
from tests import build
from tests.test_access import PUBLICATIONS, everybody, shelf

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("why", *arguments, stdout=out)
    return out.getvalue()


def test_31_the_chain_agrees_with_the_decision_in_every_cell(now: datetime) -> None:
    cells, shelves = 0, {}
    for who, person, opens, held in everybody(now):
        files = shelves.setdefault(held.pk, shelf(now, held))
        for (publication, kind), file in files.items():
            decided = access.decision(person, file, now=now)
            chain = why.chain(person, file, now=now)
            cell = (who, publication, kind)
            assert (chain.decision, chain.decision.steps[1:]) == (decided, decided.steps[1:]), cell
            assert [way.opens for way, _ in chain.ways] == [
                all(one.yes for one in way.answers) for way, _ in chain.ways
            ]
            entitled = (
                opens and kind != "restricted to another product" and not (kind == "members" and held.kind == "item")
            )
            if Question.HELD in dict(decided.steps):
                assert any(opening for _, opening in chain.ways) is decided.allowed is entitled, cell
            settled = [step for step in chain.steps if step.settled]
            assert len(settled) == 1, cell
            assert chain.sentence.startswith("Yes" if decided.allowed else "No"), cell
            assert bool(chain.cures) is not decided.allowed, cell
            assert (decided.verdict is Verdict.NOT_FOUND) is not PUBLICATIONS[publication][1], cell
            cells += 1
    assert cells >= 600
    print(f"{cells} cells, 0 that disagree")


@pytest.mark.parametrize(
    ("room", "name", "change"),
    [
        ("subscription_conditions", "status", Q(pk=None)),
        ("subscription_conditions", "money_kept", ~Q(taken_back="")),
        ("subscription_conditions", "stripe_heard", Q(current_period_end=None)),
        ("subscription_conditions", "not_cancelled", Q(pk=None)),
        ("subscription_conditions", "not_ended", Q(pk=None)),
        ("purchase_conditions", "paid", Q(state="refunded")),
        ("grant_conditions", "begun", Q(pk=None)),
        ("grant_conditions", "not_ended", Q(pk=None)),
    ],
)
def test_a_changed_condition_changes_both(
    now: datetime, monkeypatch: pytest.MonkeyPatch, room: str, name: str, change: Q
) -> None:
    """The control: were the chain to have a rule of its own, it would go on saying yes."""
    product = build.plan()
    person, title = build.person(), build.ebook(access="restricted")
    title.products.add(product)
    if room == "subscription_conditions":
        build.subscribed(person, product, now=now)
    elif room == "grant_conditions":
        Grant.objects.create(user=person, product=product, reason="Speaker", starts_at=now - DAY)
    else:
        sale = {"amount": 1, "currency": "usd", "state": "paid", "created_at": now}
        Purchase.objects.create(session_id="cs_1", customer=build.customer(person), product=product, **sale)
    assert access.decision(person, title, now=now).allowed
    assert why.chain(person, title, now=now).ways[0][1]

    known = getattr(entitlements, room)
    monkeypatch.setattr(entitlements, room, lambda **moments: known(**moments) | {name: change})
    monkeypatch.setattr(access.HELD_AND_NAMED, "compiled", {})
    # A condition without its clock leaves a parameter over, which a prepared query refuses: the ORM's own answers then.
    monkeypatch.setattr(access, "_keys_at_the_click", keys_by_the_orm)
    assert not access.decision(person, title, now=now).allowed
    chain = why.chain(person, title, now=now)
    assert not chain.decision.allowed
    assert chain.ways[0][1] is False
    assert access.openable(person, [title], now=now) == set()


def keys_by_the_orm(user_id: int, publication: Any, *, now: datetime) -> access.Keys:
    return list(entitlements.held(user_id, now=now)), {one.pk for one in publication.products.all()}


def test_every_condition_has_its_words(now: datetime) -> None:
    rooms: dict[type, entitlements.Conditions] = {
        Subscription: entitlements.subscription_conditions(**entitlements.bounds(now=now)),
        Purchase: entitlements.purchase_conditions(),
        Grant: entitlements.grant_conditions(now=now),
    }
    assert {(model, name) for model, conditions in rooms.items() for name in conditions} == reasons.WORDS.keys()
    assert list(why.words()) == list(Question) == [question for question, *_ in access.RULE]
    assert [why.sentence(reason, build.ebook()) for reason in Reason]


def test_the_decision_costs_a_click_nothing_more(subscriber: User, now: datetime) -> None:
    title = build.ebook()
    access.decision(subscriber, title, now=now)
    with CaptureQueriesContext(connection) as queries:
        assert access.decision(subscriber, title, now=now).allowed
    assert len(queries) == 1
    for person, other in (
        (subscriber, build.ebook(access="free")),
        (subscriber, build.ebook(state="draft")),
        (None, title),
    ):
        with CaptureQueriesContext(connection) as queries:
            access.decision(person, other, now=now)
        assert len(queries) == 0


# --- When it would change ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"status": "active", "current_period_end": 10 * DAY}, 12 * DAY),
        ({"status": "active", "current_period_end": 10 * DAY, "cancel_at": 3 * DAY}, 3 * DAY),
        ({"status": "past_due", "current_period_end": 20 * DAY, "unpaid_since": -2 * DAY}, 5 * DAY),
        ({"status": "past_due", "current_period_end": 20 * DAY, "unpaid_since": -8 * DAY}, None),
        ({"status": "unpaid", "current_period_end": 20 * DAY}, None),
    ],
)
def test_owner_reads_when_a_subscription_closes_by_itself(
    plan: Product, now: datetime, fields: dict[str, Any], changes: timedelta | None
) -> None:
    moments = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    person = build.subscribed(build.person(), plan, now=now, **moments)
    (way, _), *_rest = why.chain(person, build.ebook(), now=now).ways
    assert way.changes_at == (None if changes is None else now + changes)
    if changes is not None:
        before, after = now + changes - timedelta(seconds=1), now + changes
        title = build.ebook()
        assert access.decision(person, title, now=before).allowed
        assert not access.decision(person, title, now=after).allowed


def test_owner_reads_when_a_grant_opens_by_itself(newcomer: User, plan: Product, now: datetime) -> None:
    Grant.objects.create(user=newcomer, product=plan, reason="Speaker", starts_at=now + DAY, ends_at=now + 2 * DAY)
    way, opens = why.chain(newcomer, build.ebook(), now=now).ways[0]
    assert not opens
    assert way.changes_at == now + DAY


def test_owner_is_told_that_a_file_has_no_version(subscriber: User, now: datetime) -> None:
    chain = why.chain(subscriber, build.file(ready=False), now=now)
    assert chain.decision.reason is Reason.NOTHING_THERE
    assert [step.yes for step in chain.steps] == [False, *[None] * 6]


# --- The command ------------------------------------------------------------------------------


def test_operator_asks_why(subscriber: User, newcomer: User, now: datetime) -> None:
    title = build.ebook(slug="tides", title="Tides")
    file: File = build.file(title)
    assert told("SAM@example.com", "tides").startswith("Yes: they hold something that opens “Tides”.")
    refused = told(newcomer.email, str(file.pk))
    assert refused.startswith("No: they hold nothing that opens “Tides” now.")
    assert "Any of these products" in refused
    assert "NO   Do they hold a product that opens it?" in refused
    assert told("nobody", "ebooks/tides").startswith("No: nobody is signed in.")
    later = told(subscriber.email, "tides", "--at", (now + timedelta(days=60)).isoformat())
    assert later.startswith("No")
    assert "NO   Has Stripe been heard from in time?" in later


def test_operator_names_a_lesson(newcomer: User) -> None:
    lesson = build.lesson(build.course(slug="tides"), slug="watch", preview=True)
    assert told(newcomer.email, f"/courses/tides/{lesson.slug}/").startswith("Yes: anybody may open it")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["who@example.com", "tides"], "Nobody has this address"),
        (["nobody", "missing"], "There is no such"),
        (["nobody", "00000000-0000-4000-8000-000000000001"], "There is no such"),
        (["nobody", "tides", "--at", "yesterday"], "--at wants a moment"),
        (["nobody", "tides", "--at", "2026-13-45T00:00"], "--at wants a moment"),
    ],
)
def test_operator_is_told_what_is_wrong(db: None, arguments: list[str], words: str) -> None:
    build.ebook(slug="tides")
    with pytest.raises(CommandError, match=words):
        told(*arguments)
