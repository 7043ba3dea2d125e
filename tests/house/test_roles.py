"""docs/roles.md, cell by cell: every address of the admin, asked by every role with every method. A new address without a row fails.

Rights are the same on any database, so this runs once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import URLPattern, URLResolver, resolve
from django.utils import timezone

from accounts import roles
from accounts.models import User
from billing.models import Claim, Dispute, Grant, Purchase, Refund, Subscription, WebhookEvent
from config import audit
from config.admin_site import DANGERS
from config.models import BackgroundTask
from courses.covers import make_sizes
from courses.models import Download, SharingSign, Topic
from tests import build
from tests.conftest import ClientFor
from tests.house.scene import ROOT

pytestmark = pytest.mark.django_db
PAGE = ROOT / "docs" / "roles.md"
PEOPLE = (*roles.ROLES, "No role")
METHODS = ("GET", "POST")
# Signing in and out, one's own password, and Django's catalogue of words: these are no matter of roles.
LEFT = {"login", "logout", "password_change", "password_change_done", "jsi18n", "view_on_site"}


@dataclass(frozen=True)
class Asked:
    """An address with a name, and the values that fill it in."""

    name: str
    path: str


def patterns() -> Iterator[tuple[str, str, dict[str, Any]]]:
    def walk(found: list[Any], prefix: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for each in found:
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, prefix + str(each.pattern))
            elif isinstance(each, URLPattern) and each.name:
                yield f"admin:{each.name}", prefix + str(each.pattern), each.pattern.converters

    yield from walk(admin.site.urls[0], "/admin/")


@pytest.fixture
def addresses() -> list[Asked]:
    """Every named address, about rows that are there where one is asked for."""
    kept, found = rows_of_each_kind(), []
    for name, route, converters in patterns():
        model = name.removeprefix("admin:").split("_")[1] if "_" in name else ""
        filled, values = route, {"who": "visitor", "rest": "courses/", "app_label": "courses"}
        if "file_id" in converters:
            values["pk"] = kept["upload"]
        for argument in converters:
            value = values.get(argument, kept.get(model, 0))
            filled = re.sub(rf"<(\w+:)?{argument}>", str(value), filled)
        filled = re.sub(r"\(\?P<app_label>[^)]*\)", "courses", filled)
        found.append(Asked(name, re.sub(r"[\^$]", "", filled)))
    asked = [each for each in found if each.name.removeprefix("admin:") not in LEFT]
    assert [each for each in asked if resolve(each.path).view_name != each.name] == [], (
        "an address that leads elsewhere"
    )
    return asked


def rows_of_each_kind() -> dict[str, Any]:
    """One row of each kind, because what is not there is refused to nobody; by the name that its addresses have."""
    lesson, book, member, now = build.lesson(), build.ebook(), build.person(), timezone.now()
    file, product = build.file(lesson), build.item(stripe_id=None)
    customer, version = build.customer(member), file.versions.get()
    build.subscribed(member, product, now=now)
    paid = {"amount": 100, "currency": "usd", "state": "paid", "created_at": now}
    back = {"amount": 100, "currency": "usd", "status": "succeeded", "created_at": now}
    minted = {"purpose": "download", "created_at": now, "expires_at": now + timedelta(minutes=1)}
    made = {
        "course": lesson.course_id,
        "ebook": book.pk,
        "lesson": lesson.pk,
        "file": file.pk,
        "upload": version.pk,
        "topic": Topic.objects.create(name="Tides", slug="tides").pk,
        "download": Download.objects.create(version=version, **minted).pk,
        "sharingsign": SharingSign.objects.create(
            user=member, networks=9, agents=1, sessions=1, addresses=1, seen_at=now
        ).pk,
        "user": member.pk,
        "group": Group.objects.create(name="Friends").pk,
        "product": product.pk,
        "price": build.price(product).pk,
        "customer": customer.pk,
        "subscription": Subscription.objects.get().pk,
        "purchase": Purchase.objects.create(session_id="cs_1", customer=customer, product=product, **paid).pk,
        "invoice": build.invoice(customer, now=now).pk,
        "refund": Refund.objects.create(stripe_id="re_1", customer=customer, **back).pk,
        "dispute": Dispute.objects.create(stripe_id="dp_1", customer=customer, **back).pk,
        "claim": Claim.objects.create(customer=customer, digest="0" * 64, sent_at=now, expires_at=now).pk,
        "notice": build.notice(member, now=now).pk,
        "grant": Grant.objects.create(user=member, product=product, reason="A gift").pk,
        "webhookevent": WebhookEvent.objects.create(stripe_id="evt_1", type="ping", created_at=now).pk,
        "auditentry": audit.record("test.made").pk,
    }
    make_sizes.enqueue(0)
    return made | {"backgroundtask": BackgroundTask.objects.get().pk}


def person(role: str) -> User:
    roles.sync()
    user = build.person(f"{role.lower().replace(' ', '-')}@example.com", is_staff=True)
    if role in roles.ROLES:
        user.groups.set(Group.objects.filter(name=role))
    return user


def may(browser: ClientFor, method: str, path: str) -> bool:
    """Whether this person gets past the door: not refused, not sent to sign in or to show more, and not of the wrong method."""
    response = getattr(browser, method.lower())(path)
    if response.status_code in (403, 404, 405):
        return False
    return not response.headers.get("Location", "").startswith("/account/")


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading: the name in its first cell, and the others."""
    text = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in rows}


@pytest.mark.parametrize("role", PEOPLE)
def test_33_every_address_answers_each_role_as_the_table_says(role: str, addresses: list[Asked]) -> None:
    browser, rows = ClientFor(person(role)), table("Addresses")
    assert sorted(rows) == sorted({asked.name for asked in addresses}), (
        "docs/roles.md must name every address, and no other"
    )
    wrong = {}
    for asked in addresses:
        got = " ".join(method for method in METHODS if may(browser, method, asked.path)) or "–"
        if got != rows[asked.name][PEOPLE.index(role)]:
            wrong[asked.name] = (got, rows[asked.name][PEOPLE.index(role)])
    assert wrong == {}


@pytest.mark.parametrize("role", PEOPLE)
def test_33_every_action_upon_many_is_offered_to_each_role_as_the_table_says(role: str, rf: Any) -> None:
    user, rows = person(role), table("Actions upon many")
    request = rf.get("/admin/")
    request.user = user
    found = {}
    for model, model_admin in admin.site._registry.items():
        for name in actions_of(model_admin):
            offered = model_admin.has_view_permission(request) and name in model_admin.get_actions(request)
            found[f"{model._meta.label_lower}: {name}"] = "yes" if offered else "–"
    assert found == {name: cells[PEOPLE.index(role)] for name, cells in rows.items()}


def actions_of(model_admin: Any) -> list[str]:
    """Every action that the admin knows for a model, whoever may be offered it."""
    return [name for _function, name, _words in model_admin._get_base_actions()]


def test_33_what_asks_again_is_what_the_table_says() -> None:
    """Deleting asks again everywhere, and stands above the table."""
    listed = table("What asks again")
    words = {
        label: [", ".join(danger.pages) or "–", ", ".join(danger.fields) or "–", ", ".join(danger.actions) or "–"]
        for label, danger in DANGERS.items()
    }
    assert listed == words


def test_every_right_in_the_table_is_one_that_exists() -> None:
    roles.sync()
    for name, rights in roles.ROLES.items():
        given = set(Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename"))
        for label, verbs in rights.items():
            app, model = label.split(".")
            assert {(app, f"{roles.VERBS[verb]}_{model}") for verb in verbs} <= given


def test_the_groups_can_be_set_in_order_as_often_as_one_likes() -> None:
    roles.sync()
    group = Group.objects.get(name=roles.EDITOR)
    before = set(group.permissions.values_list("pk", flat=True))
    group.permissions.clear()
    roles.sync()
    assert set(group.permissions.values_list("pk", flat=True)) == before
