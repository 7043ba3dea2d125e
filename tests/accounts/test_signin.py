"""Signing in by password or code, and being let in no other way."""

from typing import Any, ClassVar

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import mailbox

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = build.PASSWORD, **more: str) -> str:
    """Return where the answer leads; an empty string is the same page again."""
    response = client.post("/account/login/", {"login": email, "password": password} | more)
    return str(response.headers.get("Location", ""))


def test_a_newcomer_signs_in_by_password_whatever_the_case_of_the_address(client: Client, newcomer: User) -> None:
    assert sign_in(client, "NADIA@example.com") == "/library/"


def test_a_newcomer_signs_in_by_a_code_and_comes_back(client: Client, newcomer: User) -> None:
    response = client.post("/account/login/code/", {"email": newcomer.email, "next": "/plans/"}, follow=True)
    assert newcomer.email in response.content.decode()
    response = client.post("/account/login/code/confirm/", {"code": mailbox.code(newcomer.email), "next": "/plans/"})
    assert response["Location"] == "/plans/"
    assert client.session["_auth_user_id"] == str(newcomer.pk)


def test_a_code_works_in_no_other_browser(client: Client, newcomer: User) -> None:
    client.post("/account/login/code/", {"email": newcomer.email})
    other = Client()
    other.post("/account/login/code/confirm/", {"code": mailbox.code(newcomer.email)})
    assert "_auth_user_id" not in other.session


def test_a_code_is_worth_three_tries(client: Client, newcomer: User) -> None:
    client.post("/account/login/code/", {"email": newcomer.email})
    code = mailbox.code(newcomer.email)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(3):
        client.post("/account/login/code/confirm/", {"code": wrong})
    client.post("/account/login/code/confirm/", {"code": code})
    assert "_auth_user_id" not in client.session


def test_the_key_of_a_session_changes_at_the_door(client: Client, newcomer: User) -> None:
    client.get("/account/login/")
    client.post("/account/login/code/", {"email": newcomer.email})
    before = client.session.session_key
    client.post("/account/login/code/confirm/", {"code": mailbox.code(newcomer.email)})
    assert before
    assert client.session.session_key != before


def test_a_banned_person_is_told_only_when_the_password_is_right(client: Client, newcomer: User) -> None:
    User.objects.update(is_active=False)
    assert sign_in(client, newcomer.email) == "/account/inactive/"
    assert client.get("/account/inactive/").status_code == 200
    assert sign_in(client, newcomer.email, "wrong") == ""
    assert "_auth_user_id" not in client.session


def test_a_banned_person_with_a_live_session_is_signed_out_at_once(client: Client, newcomer: User) -> None:
    sign_in(client, newcomer.email)
    assert client.get("/account/").status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/account/")["Location"] == "/account/login/?next=/account/"


def test_other_sessions_die_when_the_password_changes(client: Client, newcomer: User) -> None:
    other = Client()
    sign_in(client, newcomer.email)
    sign_in(other, newcomer.email)
    answers = {"oldpassword": build.PASSWORD, "password1": "another horse staple", "password2": "another horse staple"}
    assert client.post("/account/password/change/", answers)["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert mailbox.latest(newcomer.email).subject == "Your password was changed"


def test_a_visitor_learns_from_no_door_who_has_an_account(newcomer: User) -> None:
    for path, field in (
        ("/account/login/", "login"),
        ("/account/password/reset/", "email"),
        ("/account/login/code/", "email"),
    ):
        known, unknown = Client(), Client()
        answers = [
            browser.post(path, {field: address, "password": "not the password"}, follow=True)
            for browser, address in ((known, newcomer.email), (unknown, "nobody@example.com"))
        ]
        pages = [plain(answer.content.decode()) for answer in answers]
        assert pages[0] == pages[1], path
        assert answers[0].redirect_chain == answers[1].redirect_chain
    assert len([m for m in mail.outbox if m.to == [newcomer.email]]) == len(
        [m for m in mail.outbox if m.to == ["nobody@example.com"]]
    )


def plain(page: str) -> str:
    """Return a page without what differs between two visits anyway: the token, and the address the visitor typed."""
    lines = [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]
    return "\n".join(lines).replace("nadia@example.com", "?").replace("nobody@example.com", "?")


class CountingHasher(MD5PasswordHasher):
    hashed: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.hashed.append("once")
        return super().encode(password, salt)


def test_passwords_are_hashed_as_often_for_a_stranger(newcomer: User, settings: Any) -> None:
    """Equal work, counted rather than timed: the clock of a busy machine proves nothing."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.hashed.clear()
    sign_in(Client(), newcomer.email, "wrong")
    known = len(CountingHasher.hashed)
    sign_in(Client(), "nobody@example.com", "wrong")
    assert known > 0
    assert len(CountingHasher.hashed) == 2 * known


def test_a_stranger_is_stopped_after_five_wrong_passwords_for_one_account(client: Client, newcomer: User) -> None:
    for _ in range(5):
        sign_in(client, newcomer.email, "wrong")
    assert sign_in(client, newcomer.email) == ""
    assert "_auth_user_id" not in client.session


def test_a_stranger_is_stopped_after_ten_wrong_passwords_a_minute_and_a_forged_header_does_not_help(
    newcomer: User,
) -> None:
    for number in range(10):
        sign_in(Client(headers={"X-Forwarded-For": f"10.0.0.{number}"}), f"person{number}@example.com", "wrong")
    browser = Client(headers={"X-Forwarded-For": "10.9.9.9"})
    assert sign_in(browser, newcomer.email) == ""
    assert "_auth_user_id" not in browser.session


def test_behind_a_proxy_people_are_told_apart_by_the_address_it_saw(newcomer: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    attacker = Client(headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})
    for number in range(11):
        sign_in(attacker, f"person{number}@example.com", "wrong")
    assert sign_in(Client(headers={"X-Forwarded-For": "1.1.1.2, 203.0.113.9"}), newcomer.email) == ""
    assert sign_in(Client(headers={"X-Forwarded-For": "203.0.113.10"}), newcomer.email) == "/library/"


def test_fewer_hops_than_proxies_is_no_error(client: Client, newcomer: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    assert sign_in(Client(headers={"X-Forwarded-For": "203.0.113.10"}), newcomer.email) == "/library/"


def test_too_many_requests_get_a_page_that_says_so(client: Client, newcomer: User) -> None:
    responses = [client.post("/account/password/reset/", {"email": newcomer.email}) for _ in range(6)]
    assert [response.status_code for response in responses] == [302] * 5 + [429]


def test_a_person_made_by_createsuperuser_confirms_by_mail_at_the_first_sign_in(client: Client) -> None:
    User.objects.create_superuser("root@example.com", build.PASSWORD)
    assert sign_in(client, "root@example.com", next="/admin/") == "/account/confirm-email/"
    assert client.post(mailbox.link("root@example.com"))["Location"] == "/admin/"
    assert EmailAddress.objects.get().verified


def test_operator_reads_who_signed_in_and_that_somebody_could_not(newcomer: User, knock: Any) -> None:
    form = {"login": newcomer.email, "password": build.PASSWORD}
    (line,) = knock(Client(), "post", "/account/login/", form).lines
    assert line.endswith(f"INFO accounts.adapter signed in user={newcomer.pk}")
    (line,) = knock(Client(), "post", "/account/login/", form | {"password": "wrong"}).lines
    assert line.endswith("WARNING accounts.adapter sign-in failed")
