"""What is dangerous asks again who is there, when it is fifteen minutes since they showed it. Threat T20."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.models import Grant
from courses.models import Ebook, Publication
from tests import build

pytestmark = pytest.mark.django_db
WRONG = "/account/reauthenticate/"


@pytest.fixture
def desk(client_for: type[Client], owner: User) -> Client:
    return client_for(owner)


def url(title: Publication, end: str) -> str:
    return reverse(f"admin:courses_{title.kind}_{end}", args=[title.pk])


def acts(title: Ebook, member: User) -> dict[str, tuple[str, dict[str, Any]]]:
    """Dangerous things to do: where, and with what."""
    product, many = build.item(), [title.pk, build.ebook().pk]
    form = {"title": title.title, "slug": title.slug, "access": "members", "level": "all", "language": "en"}
    person = {
        "name": "",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    return {
        "delete": (url(title, "delete"), {"post": "yes"}),
        "archive": (url(title, "state"), {"state": "archived"}),
        "archive many": (reverse("admin:courses_ebook_changelist"), {"action": "archive", "_selected_action": many}),
        "withdraw many": (reverse("admin:courses_ebook_changelist"), {"action": "withdraw", "_selected_action": many}),
        "delete many": (
            reverse("admin:courses_topic_changelist"),
            {"action": "delete_selected", "_selected_action": [1]},
        ),
        "tie": (url(title, "change"), form | {"products": [product.pk]}),
        "give": (reverse("admin:billing_grant_add"), {"user": member.pk, "product": product.pk, "reason": "gift"}),
        "raise": (reverse("admin:accounts_user_change", args=[member.pk]), person),
        "password": (reverse("admin:auth_user_password_change", args=[member.pk]), {}),
        "group": (reverse("admin:auth_group_add"), {"name": "Friends"}),
    }


DANGEROUS = [
    "delete",
    "archive",
    "archive many",
    "withdraw many",
    "delete many",
    "tie",
    "give",
    "raise",
    "password",
    "group",
]


@pytest.mark.parametrize("name", DANGEROUS)
def test_33_what_is_dangerous_asks_again_after_fifteen_minutes(
    desk: Client, newcomer: User, name: str, now: Any
) -> None:
    title: Ebook = build.ebook()
    build.file(title)
    address, answers = acts(title, newcomer)[name]
    with time_machine.travel(now + timedelta(minutes=16)):
        response = desk.post(address, answers)
    if name in ("tie", "raise"):
        assert "show that it is you" in response.content.decode()
    else:
        assert response.headers["Location"].startswith("/account/")
        assert "reauthenticate" in response.headers["Location"]
    title.refresh_from_db()
    newcomer.refresh_from_db()
    assert (title.state, title.products.count(), newcomer.is_staff, Grant.objects.count()) == ("published", 0, False, 0)
    assert desk.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("name", DANGEROUS)
def test_33_within_fifteen_minutes_it_does_not(desk: Client, newcomer: User, name: str, now: Any) -> None:
    title: Ebook = build.ebook()
    build.file(title)
    address, answers = acts(title, newcomer)[name]
    with time_machine.travel(now + timedelta(minutes=14)):
        response = desk.post(address, answers)
    assert "reauthenticate" not in response.headers.get("Location", "")
    assert b"show that it is you" not in response.content


def test_33_whoever_showed_it_comes_back_to_what_they_did(owner: User, settings: Any) -> None:
    """Without a second factor a password is asked for, and then the button's act goes on by itself."""
    settings.STAFF_MFA = "optional"
    book: Ebook = build.ebook()
    browser = Client()
    browser.force_login(owner)
    asked = browser.post(url(book, "state"), {"state": "archived"})
    assert urlsplit(asked.headers["Location"]).path == WRONG
    browser.post(asked.headers["Location"], {"password": "wrong", "next": url(book, "state")})
    assert not Ebook.objects.get().is_archived
    browser.post(asked.headers["Location"], {"password": build.PASSWORD, "next": url(book, "state")})
    assert Ebook.objects.get().is_archived


def test_33_other_changes_of_the_same_form_need_no_more(desk: Client, now: Any) -> None:
    book: Ebook = build.ebook(title="Old")
    form = {"title": "New", "slug": book.slug, "access": "members", "level": "all", "language": "en"}
    with time_machine.travel(now + timedelta(minutes=16)):
        assert desk.post(url(book, "change"), form).status_code == 302
    book.refresh_from_db()
    assert book.title == "New"
