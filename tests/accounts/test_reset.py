"""Nadia forgot her password."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import authenticator, mailbox

NEW = "a quite different staple"
ANSWERS = {"password1": NEW, "password2": NEW}


def ask(client: Client, person: User, **more: str) -> str:
    """Ask for the mail, and return the path of its link."""
    client.post("/account/password/reset/", {"email": person.email} | more)
    return mailbox.link(person.email)


def test_a_newcomer_chooses_a_new_password_and_is_signed_in(client: Client, newcomer: User) -> None:
    form = client.get(ask(client, newcomer), follow=True)
    assert "Choose a new password" in form.content.decode()
    response = client.post(form.request["PATH_INFO"], ANSWERS)
    assert response["Location"] == "/library/"
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)
    assert client.session["_auth_user_id"] == str(newcomer.pk)


def test_the_owner_of_the_address_is_told(client: Client, newcomer: User) -> None:
    client.post(client.get(ask(client, newcomer), follow=True).request["PATH_INFO"], ANSWERS)
    message = mailbox.latest(newcomer.email)
    assert message.subject == "Your password was changed"
    assert "127.0.0.1" in message.body


def test_live_sessions_die_with_the_old_password(client: Client, newcomer: User) -> None:
    thief = Client()
    thief.force_login(newcomer)
    client.post(client.get(ask(client, newcomer), follow=True).request["PATH_INFO"], ANSWERS)
    assert thief.get("/account/").status_code == 302


def refused(link: str, person: User) -> bool:
    page = Client().get(link, follow=True)
    person.refresh_from_db()
    return "This link no longer works" in page.content.decode() and not person.check_password(NEW)


def test_a_used_link_is_refused(client: Client, newcomer: User) -> None:
    link = ask(client, newcomer)
    client.post(
        client.get(link, follow=True).request["PATH_INFO"],
        {"password1": "first new staple", "password2": "first new staple"},
    )
    assert refused(link, newcomer)


def test_a_link_is_refused_after_three_days(client: Client, newcomer: User, now: datetime) -> None:
    link = ask(client, newcomer)
    with time_machine.travel(now + timedelta(days=3, minutes=2)):
        assert refused(link, newcomer)


def test_the_link_of_another_person_does_not_open_mine(client: Client, newcomer: User) -> None:
    other = build.person("other@example.com")
    mine, theirs = ask(client, newcomer), ask(client, other)
    start, key = theirs.rsplit("/", 2)[0], theirs.rsplit("/", 2)[1]
    swapped = f"{start}/{mine.rsplit('/', 2)[1].split('-')[0]}-{key.split('-', 1)[1]}/"
    assert refused(swapped, newcomer)


def test_a_link_dies_when_the_address_changes(client: Client, newcomer: User) -> None:
    link = ask(client, newcomer)
    User.objects.filter(pk=newcomer.pk).update(email="moved@example.com")
    assert refused(link, newcomer)


@pytest.mark.parametrize("key", ["x-set-password", "0-0-0", "1-set-password", "zzzzzzzzzzzzzzzzzzzzz-a", "\u20ac-a"])
def test_a_forged_link_is_no_error(client: Client, newcomer: User, key: str) -> None:
    assert client.get(f"/account/password/reset/key/{key}/").status_code in (200, 404)


def test_a_second_factor_is_still_asked_for(client: Client, owner: User) -> None:
    authenticator.enrol(owner)
    response = client.post(client.get(ask(client, owner), follow=True).request["PATH_INFO"], ANSWERS)
    assert response["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_an_unknown_address_gets_a_mail_that_says_so(client: Client, db: None) -> None:
    client.post("/account/password/reset/", {"email": "nobody@example.com"})
    assert mailbox.latest("nobody@example.com").subject == "There is no account with this address"
    assert mailbox.link("nobody@example.com") == "/account/signup/"
