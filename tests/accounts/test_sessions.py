"""T35: a session's key from before a door is worth nothing behind it, and what ends a session ends it for good."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import authenticator, mailbox
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db
HOME, NEW = "/account/", "a quite different staple"


def key_of(browser: Client) -> str:
    cookie = browser.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""


def thief_with(key: str) -> Client:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(HOME).status_code == 200


def by_password(browser: Client, person: User) -> None:
    browser.post("/account/login/", {"login": person.email, "password": build.PASSWORD})


def by_code(browser: Client, person: User) -> None:
    browser.post("/account/login/code/", {"email": person.email})
    browser.post("/account/login/code/confirm/", {"code": mailbox.code(person.email)})


def by_second_factor(browser: Client, person: User) -> None:
    secret = authenticator.enrol(person)
    by_password(browser, person)
    browser.post("/account/2fa/authenticate/", {"code": authenticator.code(secret)})


def by_reset(browser: Client, person: User) -> None:
    browser.post("/account/password/reset/", {"email": person.email})
    form = browser.get(mailbox.link(person.email), follow=True).request["PATH_INFO"]
    browser.post(form, {"password1": NEW, "password2": NEW})


DOORS = [by_password, by_code, by_second_factor, by_reset]


BEGUN = ["by a wrong password", "by half a sign-in", "by a made-up key"]
# Somebody half-way through a code is led on to it from the page that asks for a password.
WAYS = [(door, begun) for door in DOORS for begun in BEGUN if door in (by_code, by_reset) or "half" not in begun]


@pytest.mark.parametrize(("door", "begun"), WAYS, ids=lambda part: getattr(part, "__name__", part))
def test_t35_key_from_before_the_door_is_worth_nothing_behind_it(
    newcomer: User, door: Callable[[Client, User], None], begun: str
) -> None:
    """Fixation: a thief hands somebody a session, waits until they sign in, and uses it."""
    browser = Client()
    if begun == "by a made-up key":
        browser.cookies[settings.SESSION_COOKIE_NAME] = "f" * 32
    elif begun == "by half a sign-in":
        browser.post("/account/login/code/", {"email": newcomer.email})
    else:
        browser.get("/account/second-factor/?next=/admin/")
        browser.post("/account/login/", {"login": newcomer.email, "password": "wrong"})
    before = key_of(browser)
    door(browser, newcomer)
    assert is_in(browser)
    assert key_of(browser) != before
    assert not is_in(thief_with(before or "f" * 32))


def sign_out(browser: Client, person: User) -> None:
    browser.post("/account/logout/")


def change_password(browser: Client, person: User) -> None:
    form = {"oldpassword": build.PASSWORD, "password1": NEW, "password2": NEW}
    assert browser.post("/account/password/change/", form).status_code == 302


def end_the_others(browser: Client, person: User) -> None:
    browser.post("/account/sessions/")


def be_banned(browser: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def be_signed_out_by_the_owner(browser: Client, person: User) -> None:
    owner = build.person("olga@example.com", is_staff=True, is_superuser=True)
    answer = ClientFor(owner).post(f"/admin/accounts/user/{person.pk}/sign-out/", {"reason": "A lost telephone"})
    assert answer.status_code == 302


ENDS = [change_password, end_the_others, be_banned, be_signed_out_by_the_owner, by_reset]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_t35_stolen_session_dies_with(newcomer: User, end: Callable[[Client, User], None]) -> None:
    own, stolen = Client(), Client()
    for browser in (own, stolen):
        by_password(browser, newcomer)
    assert is_in(stolen)
    end(Client() if end is by_reset else own, newcomer)
    assert not is_in(stolen)


def test_t35_signing_out_ends_the_session_on_the_server(newcomer: User) -> None:
    browser = Client()
    by_password(browser, newcomer)
    key = key_of(browser)
    sign_out(browser, newcomer)
    assert not Session.objects.filter(session_key=key).exists()
    assert not is_in(thief_with(key))


def test_t35_session_ends_a_fortnight_after_it_was_used_last(newcomer: User, now: datetime, time_machine: Any) -> None:
    browser = Client()
    by_password(browser, newcomer)
    time_machine.move_to(now + timedelta(days=14, minutes=5))
    assert not is_in(browser)


def test_t35_showing_who_one_is_again_keeps_the_key_from_nobody_else(newcomer: User) -> None:
    """Asked for the password again, somebody stays in; a copy of the cookie gains nothing that it had not."""
    browser = Client()
    browser.force_login(newcomer)
    assert browser.get("/account/email/").status_code == 200
    answer = browser.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    assert answer["Location"].startswith("/account/reauthenticate/")
    browser.post("/account/reauthenticate/", {"password": build.PASSWORD})
    assert is_in(browser)
