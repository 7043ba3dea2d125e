"""Nadia signs up: a mail, one click, and on to where she wanted to go."""

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import mailbox

pytestmark = pytest.mark.django_db
ANSWERS = {"email": "nadia@example.com", "password1": build.PASSWORD}


def sign_up(client: Client, wanted: str = "", **answers: str) -> None:
    response = client.post("/account/signup/", ANSWERS | answers | ({"next": wanted} if wanted else {}))
    assert (response.status_code, response["Location"]) == (302, "/account/confirm-email/")


def test_a_newcomer_confirms_with_one_click_and_lands_where_they_wanted(client: Client) -> None:
    page = client.get("/account/signup/?next=/plans/").content.decode()
    assert 'name="next" value="/plans/"' in page
    sign_up(client, "/plans/")
    assert "_auth_user_id" not in client.session
    link = mailbox.link("nadia@example.com")
    assert "Yes, confirm it" in client.get(link).content.decode()
    response = client.post(link)
    assert (response.status_code, response["Location"]) == (302, "/plans/")
    assert client.session["_auth_user_id"] == str(User.objects.get(email="nadia@example.com").pk)


def test_opening_the_link_alone_confirms_nothing(client: Client) -> None:
    sign_up(client)
    client.get(mailbox.link("nadia@example.com"))
    assert not User.objects.get().emailaddress_set.get().verified


def test_a_newcomer_in_another_browser_is_confirmed_but_signed_out(client: Client) -> None:
    sign_up(client, "/plans/")
    other = Client()
    response = other.post(mailbox.link("nadia@example.com"), follow=True)
    assert response.redirect_chain == [("/account/confirmed/?next=%2Fplans%2F", 302)]
    assert 'href="/account/login/?next=%2Fplans%2F"' in response.content.decode()
    assert "_auth_user_id" not in other.session
    assert User.objects.get().emailaddress_set.get().verified


def test_the_link_of_a_newcomer_who_wanted_nothing_special_leads_to_the_library(client: Client) -> None:
    sign_up(client)
    assert client.post(mailbox.link("nadia@example.com"))["Location"] == "/library/"


def test_a_used_link_says_so_and_offers_to_sign_in(client: Client) -> None:
    sign_up(client, "/plans/")
    link = mailbox.link("nadia@example.com")
    Client().post(link)
    page = Client().get(link)
    assert page.status_code == 200
    assert "/account/login/?next=%2Fplans%2F" in page.content.decode()


def test_a_forged_link_is_not_an_error(client: Client) -> None:
    assert client.get("/account/confirm-email/MQ:1abcde:forged/").status_code == 200
    assert client.post("/account/confirm-email/MQ:1abcde:forged/").status_code == 404


def test_an_address_is_kept_in_lower_case(client: Client) -> None:
    sign_up(client, email="Nadia@Example.COM")
    assert User.objects.get().email == "nadia@example.com"


def test_nobody_is_signed_in_before_they_confirmed(client: Client) -> None:
    sign_up(client)
    response = Client().post("/account/login/", {"login": "nadia@example.com", "password": build.PASSWORD})
    assert response["Location"] == "/account/confirm-email/"


def test_a_visitor_with_a_known_address_sees_what_a_newcomer_sees_and_the_owner_gets_a_mail(newcomer: User) -> None:
    known, unknown = Client(), Client()
    sign_up(known)
    sign_up(unknown, email="someone@example.com")
    assert known.get("/account/confirm-email/").content == unknown.get("/account/confirm-email/").content
    assert User.objects.get(email=newcomer.email).check_password(build.PASSWORD)
    assert [message.subject for message in mail.outbox] == ["You have an account already", "Confirm your e-mail"]
    assert mailbox.link(newcomer.email) == "/account/password/reset/"


@pytest.mark.parametrize("password", ["short", "password123", "nadia@example.com"])
def test_a_password_that_is_easy_to_guess_is_refused_with_a_reason(client: Client, password: str) -> None:
    response = client.post("/account/signup/", ANSWERS | {"password1": password})
    assert response.status_code == 200
    assert 'class="errorlist"' in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "email", ["a\r\nBcc: x@example.com", "a@b\ncom", "n\x00@example.com", "a" * 250 + "@example.com", "@", ""]
)
def test_an_address_that_is_none_is_refused(client: Client, email: str) -> None:
    assert client.post("/account/signup/", ANSWERS | {"email": email}).status_code == 200
    assert not User.objects.exists()
    assert mail.outbox == []


def test_a_password_of_a_megabyte_is_no_error(client: Client) -> None:
    assert client.post("/account/signup/", ANSWERS | {"password1": "x" * 1024 * 1024}).status_code in (200, 302)


def test_the_mail_reads_well_as_text(client: Client) -> None:
    sign_up(client)
    message = mailbox.latest("nadia@example.com")
    assert message.subject == "Confirm your e-mail"
    assert message.body.startswith(
        "Welcome. One click and your account is ready:\n\nhttp://testserver/account/confirm-email/"
    )
    assert message.alternatives[0].mimetype == "text/html"
