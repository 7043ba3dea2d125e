"""An authenticator app and recovery codes, for everybody who wants them."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import authenticator, mailbox

STEP = "/account/2fa/authenticate/"


@pytest.fixture
def secret(newcomer: User) -> str:
    return authenticator.enrol(newcomer)


def half_way(person: User) -> Client:
    """Return a browser that has given the password and is asked for more."""
    browser = Client()
    response = browser.post("/account/login/", {"login": person.email, "password": build.PASSWORD, "next": "/plans/"})
    assert response["Location"] == STEP
    return browser


def test_the_password_alone_does_not_sign_in(newcomer: User, secret: str) -> None:
    browser = half_way(newcomer)
    assert "_auth_user_id" not in browser.session
    assert browser.get("/account/").status_code == 302


def test_the_digits_sign_in_and_lead_on(newcomer: User, secret: str) -> None:
    browser = half_way(newcomer)
    assert browser.get(STEP).status_code == 200
    assert browser.post(STEP, {"code": authenticator.code(secret)})["Location"] == "/plans/"


def test_digits_played_again_within_their_half_minute_are_refused(newcomer: User, secret: str, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        digits = authenticator.code(secret)
        assert half_way(newcomer).post(STEP, {"code": digits}).status_code == 302
        assert half_way(newcomer).post(STEP, {"code": digits}).status_code == 200


def test_digits_are_refused_once_their_half_minute_is_over(newcomer: User, secret: str, now: datetime) -> None:
    with time_machine.travel(now, tick=False) as clock:
        digits = authenticator.code(secret)
        browser = half_way(newcomer)
        clock.shift(timedelta(seconds=31))
        assert browser.post(STEP, {"code": digits}).status_code == 200


def test_digits_cannot_be_guessed_without_end(newcomer: User, secret: str) -> None:
    browser = half_way(newcomer)
    wrong = f"{(int(authenticator.code(secret)) + 1) % 1_000_000:06d}"
    for _ in range(5):
        browser.post(STEP, {"code": wrong})
    assert browser.post(STEP, {"code": authenticator.code(secret)}).status_code == 429
    assert "_auth_user_id" not in browser.session


def test_a_recovery_code_works_once(newcomer: User, secret: str) -> None:
    code = newcomer.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    assert half_way(newcomer).post(STEP, {"code": code}).status_code == 302
    assert half_way(newcomer).post(STEP, {"code": code}).status_code == 200


def test_a_mailed_code_does_not_go_round_the_second_step(client: Client, newcomer: User, secret: str) -> None:
    client.post("/account/login/code/", {"email": newcomer.email})
    response = client.post("/account/login/code/confirm/", {"code": mailbox.code(newcomer.email)})
    assert response["Location"] == STEP


@pytest.mark.django_db(transaction=True)
def test_switching_it_on_and_off_asks_for_the_password_and_is_told_by_mail(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    activate = "/account/2fa/totp/activate/"
    assert client.get(activate)["Location"].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": build.PASSWORD, "next": activate})
    secret = client.get(activate).context["form"].secret
    client.post(activate, {"code": authenticator.code(secret)})
    assert mailbox.latest(newcomer.email).subject == "Authenticator app switched on"
    assert "codes left" in client.get("/account/2fa/").content.decode()
    assert client.get("/account/2fa/recovery-codes/").status_code == 200
    assert client.get("/account/2fa/totp/deactivate/").status_code == 200
    client.post("/account/2fa/totp/deactivate/")
    assert mailbox.latest(newcomer.email).subject == "Authenticator app switched off"
    assert not newcomer.authenticator_set.exists()


def test_sessions_are_listed_and_the_others_can_be_ended(newcomer: User) -> None:
    here, there = (Client(headers={"User-Agent": name}) for name in ("Here/1", "There/1"))
    for browser in (here, there):
        browser.post("/account/login/", {"login": newcomer.email, "password": build.PASSWORD})
    page = here.get("/account/sessions/").content.decode()
    assert "Here/1" in page
    assert "There/1" in page
    here.post("/account/sessions/")
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
