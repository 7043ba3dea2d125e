"""Bad inputs 124 to 136: the doors of an account, tried with what is wrong, old, another's or meant to break a header."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import authenticator, mailbox
from tests.accounts.test_return_to import OFF_SITE, lands_on
from tests.visits import Visit

pytestmark = pytest.mark.django_db
Knock = Callable[..., Visit]
LOGIN, SIGNUP, RESET, STEP = (
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/2fa/authenticate/",
)
NEW = "a quite different staple"


def signed_up(knock: Knock, email: str, **more: str) -> Visit:
    return knock(Client(), "post", SIGNUP, {"email": email, "password1": build.PASSWORD} | more)


def refused_in_words(visit: Visit) -> None:
    """Hold that the form came back with a reason, that nothing was written and that no mail went."""
    assert visit.status == 200
    assert 'class="errorlist"' in visit.page
    assert visit.before == visit.after
    assert len(visit.lines) <= 1


def test_a124_known_address_sees_what_a_new_one_sees_and_its_owner_gets_a_mail(newcomer: User, knock: Knock) -> None:
    known, unknown = signed_up(knock, newcomer.email), signed_up(knock, "somebody@example.com")
    assert (known.status, known.location) == (unknown.status, unknown.location) == (302, "/account/confirm-email/")
    assert known.before["accounts.User"] == known.after["accounts.User"]
    assert mailbox.latest(newcomer.email).subject == "You have an account already"


def test_a125_guesser_of_a_password_is_stopped(newcomer: User, knock: Knock) -> None:
    for _ in range(30):
        last = knock(Client(), "post", LOGIN, {"login": newcomer.email, "password": "wrong"})
    last.refused(429)
    assert "_auth_user_id" not in Client().session
    visit = knock(Client(), "post", LOGIN, {"login": newcomer.email, "password": build.PASSWORD}).refused(429)
    assert "Retry-After" in visit.response.headers


def link(person: User) -> str:
    Client().post(RESET, {"email": person.email})
    return mailbox.link(person.email)


def is_dead(address: str, person: User, knock: Knock) -> bool:
    visit = knock(Client(), "get", address, follow=True)
    person.refresh_from_db()
    assert visit.status == 200
    assert visit.before == visit.after
    return "This link no longer works" in visit.page


def test_a126_link_of_a_reset_that_was_used_is_dead(newcomer: User, knock: Knock) -> None:
    address, browser = link(newcomer), Client()
    form = browser.get(address, follow=True).request["PATH_INFO"]
    browser.post(form, {"password1": NEW, "password2": NEW})
    assert is_dead(address, newcomer, knock)
    assert check_password(NEW, newcomer.password)


def test_a127_link_of_a_reset_that_is_old_is_dead(
    newcomer: User, knock: Knock, now: datetime, time_machine: Any
) -> None:
    address = link(newcomer)
    time_machine.move_to(now + timedelta(days=3, minutes=2))
    assert is_dead(address, newcomer, knock)


def test_a128_link_of_a_reset_for_somebody_else_opens_nobody(newcomer: User, knock: Knock) -> None:
    mine, theirs = link(newcomer), link(build.person("other@example.com"))
    start, key = theirs.rsplit("/", 2)[:2]
    swapped = f"{start}/{mine.rsplit('/', 2)[1].split('-')[0]}-{key.split('-', 1)[1]}/"
    assert is_dead(swapped, newcomer, knock)


ADDRESSES = {
    "a129 CR and LF": "a\r\nBcc: x@example.com",
    "a129 LF in the domain": "a@b\ncom",
    "a129 encoded": "a%0d%0aBcc:x@example.com ",
    "a129 NUL": "n\0@example.com",
    "too long": "a" * 250 + "@example.com",
    "none": "@",
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_address_that_would_break_a_header_is_refused(address: str, knock: Knock) -> None:
    refused_in_words(signed_up(knock, address))
    assert mail.outbox == []


@pytest.mark.parametrize("door", [LOGIN, RESET, "/account/login/code/"])
@pytest.mark.parametrize("twin", ["nad\u0131a@example.com", "n\u0430dia@example.com", "nadia@ex\u0430mple.com"])
def test_a130_look_alike_address_is_somebody_elses_or_nobodys(
    newcomer: User, knock: Knock, door: str, twin: str
) -> None:
    """A dotless i, and Cyrillic letters: what folds or looks the same is not the same."""
    knock(Client(), "post", door, {"login": twin, "email": twin, "password": build.PASSWORD})
    assert [message for message in mail.outbox if message.to == [newcomer.email]] == []
    signed_up(knock, twin)
    assert User.objects.get(email=newcomer.email) == newcomer
    assert not [person for person in User.objects.exclude(pk=newcomer.pk) if person.email == newcomer.email]


@pytest.mark.parametrize("door", [LOGIN, SIGNUP])
def test_a131_password_of_a_megabyte_is_answered(newcomer: User, knock: Knock, door: str) -> None:
    long = "x" * 1024 * 1024
    forms = {LOGIN: {"login": newcomer.email, "password": long}, SIGNUP: {"email": "a@example.com", "password1": long}}
    visit = knock(Client(), "post", door, forms[door])
    assert visit.status in (200, 302)
    assert len(visit.lines) <= 1


def test_a131_body_beyond_what_a_form_may_be_is_refused(knock: Knock) -> None:
    knock(Client(), "post", LOGIN, {"login": "a@example.com", "password": "x" * 3 * 1024 * 1024}).refused(400)


@pytest.mark.parametrize("address", OFF_SITE)
def test_a132_next_never_leads_off_the_site(newcomer: User, knock: Knock, address: str) -> None:
    form = {"login": newcomer.email, "password": build.PASSWORD, "next": address}
    visit = knock(Client(), "post", LOGIN, form)
    assert (visit.status, lands_on(visit.location)) == (302, "testserver")


def half_way(person: User) -> Client:
    browser = Client()
    answer = browser.post(LOGIN, {"login": person.email, "password": build.PASSWORD})
    assert answer["Location"] == STEP
    return browser


def test_a133_digits_of_an_app_work_once_in_their_half_minute(
    newcomer: User, knock: Knock, now: datetime, time_machine: Any
) -> None:
    time_machine.move_to(now, tick=False)
    digits = authenticator.code(authenticator.enrol(newcomer))
    assert half_way(newcomer).post(STEP, {"code": digits}).status_code == 302
    refused_in_words(knock(half_way(newcomer), "post", STEP, {"code": digits}))


def test_a134_recovery_code_works_once(newcomer: User, knock: Knock) -> None:
    authenticator.enrol(newcomer)
    code = newcomer.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    assert half_way(newcomer).post(STEP, {"code": code}).status_code == 302
    refused_in_words(knock(half_way(newcomer), "post", STEP, {"code": code}))


def test_a135_new_address_waits_for_its_click_and_the_old_one_is_told(newcomer: User) -> None:
    browser = Client()
    browser.force_login(newcomer)
    browser.post("/account/reauthenticate/", {"password": build.PASSWORD})
    browser.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    newcomer.refresh_from_db()
    assert newcomer.email == "nadia@example.com"
    browser.post(mailbox.link("new@example.com"))
    newcomer.refresh_from_db()
    assert newcomer.email == "new@example.com"
    assert re.search(r"from nadia@example\.com to new@example\.com", mailbox.latest("nadia@example.com").body)


def test_a136_account_with_a_running_plan_is_not_deleted_and_says_why(subscriber: User, knock: Knock) -> None:
    browser = Client()
    browser.force_login(subscriber)
    browser.post("/account/reauthenticate/", {"password": build.PASSWORD})
    visit = knock(browser, "post", "/account/delete/").refused(409)
    assert "Your plan is still running" in visit.page
