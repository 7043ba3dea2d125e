"""Access given by hand: to whom, what, until when and why; in the record, with a mail, and never deleted."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import User
from billing import entitlements, grants
from billing.models import Grant, Notice, Product
from config.models import AuditEntry
from tests import build
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST = "/admin/billing/grant/"


@pytest.fixture
def desk(owner: User) -> ClientFor:
    return ClientFor(owner)


@pytest.fixture
def grant(newcomer: User, plan: Product, now: datetime) -> Grant:
    return grants.give(newcomer.pk, plan, reason="Speaker", given_by=None, ends_at=now + 10 * DAY, now=now)


def held(person: User, *, now: datetime) -> bool:
    return bool(entitlements.held(person.pk, now=now))


def test_31_owner_gives_access_until_the_end_of_a_day(
    desk: ClientFor, owner: User, newcomer: User, plan: Product
) -> None:
    last = timezone.localdate() + 3 * DAY
    answers = {"email": "NADIA@example.com", "product": plan.pk, "until": last.isoformat(), "reason": "Won the quiz"}
    back = f"/admin/accounts/user/{newcomer.pk}/"
    assert desk.post(f"{LIST}add/", answers | {"next": back})["Location"] == back
    given = Grant.objects.get()
    assert (given.user, given.product, given.given_by, given.reason) == (newcomer, plan, owner, "Won the quiz")
    over = timezone.make_aware(datetime.combine(last + DAY, datetime.min.time()))
    assert given.ends_at == over
    assert held(newcomer, now=timezone.now())
    assert held(newcomer, now=over - timedelta(seconds=1))
    assert not held(newcomer, now=over)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor, entry.person, entry.reason) == ("grant.given", owner, newcomer, "Won the quiz")
    assert Notice.objects.get().kind == "granted"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "who@example.com"}, "Nobody has an account"),
        ({"reason": " "}, "This field is required"),
        ({"product": ""}, "This field is required"),
        ({"until": "2020-01-01"}, "This day is over"),
    ],
)
def test_owner_who_forgets_something_is_told(
    desk: ClientFor, newcomer: User, plan: Product, wrong: dict[str, str], words: str
) -> None:
    answers = {"email": newcomer.email, "product": plan.pk, "until": "", "reason": "Because"}
    page = desk.post(f"{LIST}add/", answers | wrong)
    assert words in page.content.decode()
    assert not Grant.objects.exists()
    assert not Notice.objects.exists()
    assert not AuditEntry.objects.exists()


def test_nothing_is_given_when_it_cannot_be_recorded(
    desk: ClientFor, newcomer: User, plan: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("config.audit.record", fail)
    desk.raise_request_exception = False
    answers = {"email": newcomer.email, "product": plan.pk, "reason": "Because"}
    assert desk.post(f"{LIST}add/", answers).status_code == 500
    assert not Grant.objects.exists()
    assert not Notice.objects.exists()


def test_31_owner_extends_a_grant_for_a_reason(desk: ClientFor, grant: Grant, now: datetime) -> None:
    before, last = grant.ends_at, timezone.localdate() + 40 * DAY
    desk.post(f"{LIST}{grant.pk}/extend/", {"until": last.isoformat(), "reason": "A second talk"})
    grant.refresh_from_db()
    assert grant.ends_at > now + 39 * DAY
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.reason) == ("grant.extended", "A second talk")
    assert datetime.fromisoformat(entry.before["ends_at"]) == before


def test_31_owner_takes_a_grant_back_and_it_stays_in_the_books(
    desk: ClientFor, grant: Grant, newcomer: User, now: datetime
) -> None:
    assert desk.post(f"{LIST}{grant.pk}/revoke/", {"reason": ""}).status_code == 200
    assert held(newcomer, now=timezone.now())
    desk.post(f"{LIST}{grant.pk}/revoke/", {"reason": "Given by mistake"})
    grant.refresh_from_db()
    assert grant.revoked_at is not None
    assert grant.ends_at == grant.revoked_at
    assert not held(newcomer, now=timezone.now())
    assert AuditEntry.objects.get().act == "grant.revoked"


def test_a_grant_that_has_not_begun_never_will(newcomer: User, plan: Product, now: datetime) -> None:
    later = Grant.objects.create(user=newcomer, product=plan, reason="Speaker", starts_at=now + 5 * DAY)
    grants.revoke(later, now=now)
    assert later.ends_at == later.starts_at
    assert not any(held(newcomer, now=now + days * DAY) for days in range(9))


def test_a_grant_that_was_over_keeps_its_end(newcomer: User, plan: Product, now: datetime) -> None:
    span = {"starts_at": now - 9 * DAY, "ends_at": now - DAY}
    over = Grant.objects.create(user=newcomer, product=plan, reason="Speaker", **span)
    grants.revoke(over, now=now)
    assert over.ends_at == now - DAY


def test_a_grant_taken_back_can_be_given_again(grant: Grant, newcomer: User, now: datetime) -> None:
    grants.revoke(grant, now=now)
    grants.extend(grant, ends_at=None)
    assert held(newcomer, now=now + 900 * DAY)
    assert grant.revoked_at is None


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_giving_never_leads_off_the_site(desk: ClientFor, newcomer: User, plan: Product, address: str) -> None:
    answers = {"email": newcomer.email, "product": plan.pk, "reason": "Because", "next": address}
    assert desk.post(f"{LIST}add/", answers)["Location"] == LIST


def test_owner_neither_edits_nor_deletes_a_grant(desk: ClientFor, grant: Grant) -> None:
    page = desk.get(f"{LIST}{grant.pk}/change/").content.decode()
    assert f"{LIST}{grant.pk}/revoke/" in page
    assert 'name="_save"' not in page
    assert desk.post(f"{LIST}{grant.pk}/change/", {"reason": "x"}).status_code == 403
    assert desk.post(f"{LIST}{grant.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Grant.objects.get().reason == "Speaker"


@pytest.mark.parametrize(
    ("rights", "gives", "changes"),
    [([], 403, 403), (["view_grant"], 403, 403), (["add_grant"], 200, 403), (["view_grant", "change_grant"], 403, 200)],
)
def test_helpers_do_what_they_may(grant: Grant, rights: list[str], gives: int, changes: int) -> None:
    hugo = build.person(is_staff=True)
    hugo.user_permissions.set(Permission.objects.filter(codename__in=rights))
    browser = ClientFor(User.objects.get(pk=hugo.pk))
    assert browser.get(f"{LIST}add/").status_code == gives
    for act in ("extend", "revoke"):
        assert browser.get(f"{LIST}{grant.pk}/{act}/").status_code == changes
        assert browser.post(f"{LIST}{grant.pk}/{act}/", {}).status_code == changes
    page = browser.get(f"{LIST}{grant.pk}/change/")
    assert page.status_code == (200 if "view_grant" in rights else 403)
    assert (f"{LIST}{grant.pk}/revoke/" in page.content.decode()) is (changes == 200)
