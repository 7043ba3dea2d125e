"""docs/billing.md is the specification: every line of its tables is lived here, and nothing is lived that it does not say."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from accounts.models import User
from billing import entitlements
from billing.models import Grant, Product, Purchase, Subscription
from tests import build
from tests.billing.life import Life
from tests.billing.outcomes import STORIES
from tests.billing.till import Till

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[2] / "docs" / "billing.md"
WORDS = {"opens": (False, True), "closes": (True, False), "stays open": (True, True), "stays closed": (False, False)}


def table(heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the one table in the document whose first head says this."""
    text = DOCUMENT.read_text()
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, heading
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in found[1].splitlines()]


EVENTS = [(event.strip("`"), when, word) for event, when, word in table("Event")]


def test_document_and_stories_name_the_same_lines() -> None:
    assert len({(event, when) for event, when, _ in EVENTS}) == len(EVENTS)
    assert {(event, when) for event, when, _ in EVENTS} == set(STORIES)


@pytest.mark.parametrize(("event", "when", "word"), EVENTS)
def test_buyer_after_this_event(newcomer: User, till: Till, event: str, when: str, word: str) -> None:
    """Only this bell rings, and it alone brings about what the table says; all the others change nothing more."""
    life, (before, after) = Life(till, newcomer), WORDS[word]
    telling = STORIES[event, when](life)
    next(telling)
    life.catch_up()
    assert life.is_open() is before
    next(telling, None)
    assert life.ring_only(event), "the bell did not ring"
    assert life.is_open() is after
    life.catch_up()
    assert life.is_open() is after


# --- What stands in our rows ------------------------------------------------------------------


def open_for(person: User, *, at: datetime) -> bool:
    return bool(list(entitlements.held(person.pk, now=at)))


@pytest.mark.parametrize(("status", "access"), table("A subscription whose status is"))
def test_subscriber_with_this_status(
    newcomer: User, plan: Product, now: datetime, settings: object, status: str, access: str
) -> None:
    period_end, unpaid = now + timedelta(days=10), now - timedelta(days=2)
    build.subscribed(
        newcomer, plan, now=now, status=status.strip("`"), current_period_end=period_end, unpaid_since=unpaid
    )
    ends = {
        "open until the period's end + `SILENCE_HOURS`": period_end + timedelta(hours=48),
        "open until `GRACE_DAYS` after its earliest open invoice was due": unpaid + timedelta(days=7),
        "closed": None,
    }[access]
    assert open_for(newcomer, at=now) is (ends is not None)
    if ends is not None:
        assert open_for(newcomer, at=ends - timedelta(seconds=1))
        assert not open_for(newcomer, at=ends)


Facts = dict[str, object]
WHATEVER: dict[str, Callable[[datetime], Facts]] = {
    "with a known `cancel_at`": lambda now: {"cancel_at": now + timedelta(days=1)},
    "that has ended": lambda now: {"ended_at": now - timedelta(days=1)},
    "whose latest payment was refunded in part": lambda now: {"taken_back": ""},
    "whose latest payment was refunded in full": lambda now: {"taken_back": "refunded"},
    "whose latest payment is disputed": lambda now: {"taken_back": "disputed"},
    "whose collection is paused": lambda now: {"collection_paused": True},
    "to a product that we do not know": lambda now: {},
}


@pytest.mark.parametrize(("fact", "access"), table("Whatever the status, a subscription"))
@pytest.mark.parametrize("status", ["active", "trialing", "past_due"])
def test_subscriber_whatever_the_status(
    newcomer: User, plan: Product, now: datetime, status: str, fact: str, access: str
) -> None:
    facts = WHATEVER[fact](now)
    build.subscribed(newcomer, plan, now=now, status=status, unpaid_since=now, **facts)
    if "do not know" in fact:
        Subscription.objects.get().products.clear()
    assert open_for(newcomer, at=now) is (access == "open" or access.startswith("open until"))
    if "cancel_at" in facts:
        assert open_for(newcomer, at=facts["cancel_at"] - timedelta(seconds=1))  # type: ignore[operator]
        assert not open_for(newcomer, at=facts["cancel_at"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("state", "access"), table("A purchase that is"))
def test_buyer_whose_purchase_is(newcomer: User, now: datetime, state: str, access: str) -> None:
    Purchase.objects.create(
        session_id="cs_test_1",
        customer=build.customer(newcomer),
        product=build.item(),
        amount=1900,
        currency="usd",
        state=state.strip("`"),
        created_at=now,
    )
    assert open_for(newcomer, at=now) is (access == "open")


def test_document_names_every_state_of_a_purchase() -> None:
    assert {state.strip("`") for state, _ in table("A purchase that is")} == set(Purchase.State.values)


GRANTS: dict[str, Callable[[datetime], Facts]] = {
    "that has not begun": lambda now: {"starts_at": now + timedelta(seconds=1)},
    "that runs": lambda now: {"starts_at": now, "ends_at": now + timedelta(seconds=1)},
    "without an end": lambda now: {"starts_at": now - timedelta(days=900)},
    "that has run out": lambda now: {"starts_at": now - timedelta(days=1), "ends_at": now},
    "that was revoked": lambda now: {"starts_at": now - timedelta(days=1), "ends_at": now, "revoked_at": now},
}


@pytest.mark.parametrize(("fact", "access"), table("A grant"))
def test_holder_of_a_grant(newcomer: User, plan: Product, now: datetime, fact: str, access: str) -> None:
    Grant.objects.create(user=newcomer, product=plan, reason="A prize", **GRANTS[fact](now))
    assert open_for(newcomer, at=now) is (access == "open")
