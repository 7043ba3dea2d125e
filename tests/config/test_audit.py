"""The record of who did what: what stands in it, that nobody can change it, and that a person can still be forgotten."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.test import RequestFactory
from django.utils import timezone

from accounts import personal
from accounts.models import User
from billing.models import Grant, Product
from config import audit
from config.admin_site import Attributed
from config.models import AuditEntry, Kept
from tests import build
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
migration = importlib.import_module("config.migrations.0002_audit_append_only")
COLUMNS = {
    "at": "2020-01-01 00:00:00+00:00",
    "act": "other.act",
    "actor_label": "person 0",
    "person_label": "person 0",
    "target_model": "x.y",
    "target_pk": "0",
    "target_label": "other",
    "address": "10.0.0.9",
    "reason": "other",
    "before": '{"a": 2}',
    "after": '{"a": 2}',
}


def request_of(person: User | None, address: str = "203.0.113.7") -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.user = person or type("Nobody", (), {"is_authenticated": False})()
    return request


@pytest.fixture
def entry(owner: User, newcomer: User, plan: Product) -> AuditEntry:
    """Olga gave Nadia a grant."""
    grant = Grant.objects.create(user=newcomer, product=plan, reason="Won the quiz", starts_at=timezone.now())
    return audit.record(
        "grant.given",
        request=request_of(owner),
        target=grant,
        person=newcomer,
        reason="Won the quiz",
        before={"ends": None},
        after={"ends": timezone.now()},
    )


@pytest.fixture
def protected(db: None) -> None:
    """Put back the trigger that tests/conftest.py takes away on SQLite; it goes with the test's own transaction."""
    with connection.cursor() as cursor:
        for sql in migration.SQLITE if connection.vendor == "sqlite" else migration.POSTGRESQL:
            cursor.execute(sql)


def test_an_entry_says_who_did_what_to_whom_from_where_and_why(
    entry: AuditEntry, owner: User, newcomer: User, plan: Product
) -> None:
    entry.refresh_from_db()
    assert (entry.act, entry.actor, entry.person) == ("grant.given", owner, newcomer)
    assert (entry.actor_label, entry.person_label) == (f"person {owner.pk}", f"person {newcomer.pk}")
    assert (entry.target_model, entry.target_pk) == ("billing.grant", str(Grant.objects.get().pk))
    assert entry.target_label == f"{plan.name}: Won the quiz"
    assert (entry.address, entry.reason) == ("203.0.113.7", "Won the quiz")
    assert entry.before == {"ends": None}
    assert timezone.now() - entry.at < timedelta(minutes=1)
    assert list(audit.about(newcomer)) == [entry]
    assert list(audit.about(owner)) == []


def test_the_site_itself_and_a_visitor_are_told_apart() -> None:
    assert audit.record("sync.ran").actor_label == "the site"
    visit = audit.record("claim.asked", request=request_of(None))
    assert (visit.actor, visit.actor_label, visit.address) == (None, "visitor", "203.0.113.7")


def test_no_address_of_a_person_stands_in_a_label(owner: User, newcomer: User) -> None:
    entry = audit.record("person.banned", actor=owner, target=newcomer, person=newcomer)
    group = audit.record("x.y", target=Group.objects.create(name="friends of nadia@example.com"))
    assert "@" not in entry.target_label + entry.actor_label + entry.person_label + group.target_label
    assert group.target_label.startswith("group ")


@pytest.mark.parametrize("name", ["password", "webhook_secret", "API_KEY", "access_token"])
def test_a_secret_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a secret does not belong"):
        audit.record("x.y", after={name: "hunter2"})


def test_a_long_text_is_cut() -> None:
    assert len((audit.record("x.y", after={"text": "a" * 5000}).after or {})["text"]) == 300


def test_a_member_takes_home_what_was_done_about_them_and_by_them(entry: AuditEntry, newcomer: User) -> None:
    audit.record("account.exported", request=request_of(newcomer, "203.0.113.8"), person=newcomer)
    data = personal.export(newcomer, now=timezone.now())
    assert [(one["act"], one["reason"]) for one in data["done_about_me"]] == [
        ("account.exported", ""),
        ("grant.given", "Won the quiz"),
    ]
    assert [(one["act"], one["address"]) for one in data["done_by_me"]] == [("account.exported", "203.0.113.8")]


# --- Nobody changes it ------------------------------------------------------------------------


def test_the_model_refuses_to_change_or_remove_an_entry(entry: AuditEntry) -> None:
    entry.reason = "other"
    for forbidden in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(reason="other"),
    ):
        with pytest.raises(Kept):
            forbidden()


@pytest.mark.parametrize("column", COLUMNS)
def test_the_database_refuses_to_change(entry: AuditEntry, column: str) -> None:
    with (
        pytest.raises(DatabaseError, match="kept as it was written"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE config_auditentry SET {column} = %s", [COLUMNS[column]])  # noqa: S608
    assert AuditEntry.objects.get().reason == "Won the quiz"


@pytest.mark.parametrize("column", ["actor_id", "person_id"])
def test_the_database_refuses_to_name_another_person(entry: AuditEntry, column: str) -> None:
    other = build.person().pk
    with (
        pytest.raises(DatabaseError, match="kept as it was written"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE config_auditentry SET {column} = %s", [other])  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE config_auditentry SET {column} = NULL")  # noqa: S608
    with (
        pytest.raises(DatabaseError, match="kept as it was written"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE config_auditentry SET {column} = %s", [other])  # noqa: S608


def test_the_database_refuses_to_remove(entry: AuditEntry, protected: None) -> None:
    with pytest.raises(DatabaseError, match="kept as it was written"), transaction.atomic():
        QuerySet(AuditEntry).delete()
    assert AuditEntry.objects.count() == 1


# --- A person can be forgotten ----------------------------------------------------------------


def test_a_person_who_deletes_the_account_leaves_a_number(entry: AuditEntry, newcomer: User, protected: None) -> None:
    number = newcomer.pk
    personal.delete(newcomer)
    entry = AuditEntry.objects.get()
    assert (entry.person, entry.person_label, entry.reason) == (None, f"person {number}", "Won the quiz")
    assert entry.address == "203.0.113.7", "it is the owner's, who is still here"


def test_an_actor_who_is_deleted_takes_the_address_along(entry: AuditEntry, owner: User, protected: None) -> None:
    number = owner.pk
    owner.delete()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_label, entry.address) == (None, f"person {number}", "")


def test_addresses_are_forgotten_after_a_year(entry: AuditEntry) -> None:
    assert audit.forget_addresses(now=timezone.now() + timedelta(days=364)) == 0
    assert audit.forget_addresses(now=timezone.now() + timedelta(days=366)) == 1
    assert AuditEntry.objects.get().address == ""


@pytest.mark.django_db(transaction=True)
def test_tests_begin_with_an_empty_record() -> None:
    assert AuditEntry.objects.count() == 0
    audit.record("x.y")


# --- The admin --------------------------------------------------------------------------------


def test_every_admin_that_is_registered_is_attributed() -> None:
    assert len(admin.site._registry) > 10
    assert [model for model, one in admin.site._registry.items() if not isinstance(one, Attributed)] == []


def test_a_change_through_the_admin_is_recorded_with_its_address(owner: User, newcomer: User, plan: Product) -> None:
    desk = ClientFor(owner)
    desk.post("/admin/auth/group/add/", {"name": "Helpers"}, REMOTE_ADDR="203.0.113.9")
    group = Group.objects.get()
    desk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Friends"}, REMOTE_ADDR="203.0.113.9")
    desk.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"}, REMOTE_ADDR="203.0.113.9")
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.act for entry in entries] == ["admin.added", "admin.changed", "admin.deleted"]
    assert {(entry.actor, entry.address, entry.target_pk) for entry in entries} == {
        (owner, "203.0.113.9", str(group.pk))
    }
    assert [entry.target_label for entry in entries] == ["Helpers", "Friends", "Friends"]
    assert entries[1].after == {"said": [{"changed": {"fields": ["Name"]}}]}


def test_what_the_admin_does_to_a_person_stands_on_their_page(owner: User, newcomer: User, plan: Product) -> None:
    desk = ClientFor(owner)
    desk.post("/admin/billing/grant/add/", {"email": newcomer.email, "product": plan.pk, "reason": "Won the quiz"})
    answers = {"name": "", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    desk.post(f"/admin/accounts/user/{newcomer.pk}/change/", answers)
    assert [entry.act for entry in audit.about(newcomer)] == ["admin.changed", "grant.given"]
    desk.post(f"/admin/accounts/user/{newcomer.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=newcomer.pk).exists()
    assert "nadia" not in " ".join(LogEntry.objects.values_list("object_repr", flat=True))
    deleted = AuditEntry.objects.get(act="admin.deleted")
    assert (deleted.person, deleted.target_label) == (None, f"person {newcomer.pk}")


def test_the_owner_reads_the_record_and_cannot_touch_it(entry: AuditEntry, owner: User, newcomer: User) -> None:
    desk = ClientFor(owner)
    listed = desk.get("/admin/config/auditentry/", {"q": "nadia@", "act": "grant.given"}).content.decode()
    for seen in ("olga@example.com", "nadia@example.com", "203.0.113.7", "Won the quiz", f"/grant/{entry.target_pk}/"):
        assert seen in listed
    page = f"/admin/config/auditentry/{entry.pk}/"
    assert b"grant.given" in desk.get(page + "change/").content
    for path in (page + "change/", page + "delete/", "/admin/config/auditentry/add/"):
        assert desk.post(path, {"post": "yes", "reason": "other"}).status_code == 403
    assert b"nadia" not in desk.get("/admin/config/auditentry/", {"q": "somebody else"}).content


def test_the_list_asks_no_more_for_more_entries(
    owner: User, newcomer: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        audit.record("x.y", actor=owner, person=newcomer, target=newcomer)
    desk = ClientFor(owner)
    with django_assert_max_num_queries(14):
        desk.get("/admin/config/auditentry/")


def test_a_helper_without_the_permission_sees_no_record(newcomer: User) -> None:
    helper = build.person("hugo@example.com", is_staff=True)
    desk = ClientFor(helper)
    assert desk.get("/admin/config/auditentry/").status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    assert desk.get("/admin/config/auditentry/").status_code == 200
