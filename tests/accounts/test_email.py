"""Nadia changes her address: the new one is confirmed, the old one is told."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from tests import build
from tests.accounts import authenticator, mailbox


@pytest.fixture
def signed_in(client: Client, newcomer: User) -> Client:
    """Nadia's, in which she has just said that it is her."""
    client.force_login(newcomer)
    client.post("/account/reauthenticate/", {"password": build.PASSWORD})
    return client


def test_a_newcomer_is_asked_whether_it_is_her(client: Client, newcomer: User) -> None:
    client.force_login(newcomer)
    response = client.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    assert response["Location"].startswith("/account/reauthenticate/?next=")
    assert mail.outbox == []


def test_nothing_changes_until_the_link_is_opened(signed_in: Client, newcomer: User) -> None:
    signed_in.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    newcomer.refresh_from_db()
    assert newcomer.email == "nadia@example.com"
    assert "new@example.com" in signed_in.get("/account/email/").content.decode()


def test_the_new_address_is_hers_after_the_click_and_the_old_one_is_told(signed_in: Client, newcomer: User) -> None:
    signed_in.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    assert signed_in.post(mailbox.link("new@example.com"))["Location"] == "/account/"
    newcomer.refresh_from_db()
    assert newcomer.email == "new@example.com"
    assert list(newcomer.emailaddress_set.values_list("email", "verified")) == [("new@example.com", True)]
    message = mailbox.latest("nadia@example.com")
    assert message.subject == "Your e-mail was changed"
    assert "from nadia@example.com to new@example.com" in message.body


def test_the_old_address_no_longer_signs_in(signed_in: Client, newcomer: User) -> None:
    signed_in.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    signed_in.post(mailbox.link("new@example.com"))
    for address, status in (("nadia@example.com", 200), ("new@example.com", 302)):
        assert Client().post("/account/login/", {"login": address, "password": build.PASSWORD}).status_code == status


def test_the_page_does_not_tell_whether_an_address_is_taken(signed_in: Client, newcomer: User) -> None:
    build.person("taken@example.com")
    pages = []
    for address in ("taken@example.com", "free@example.com"):
        answer = signed_in.post("/account/email/", {"action_add": "", "email": address}, follow=True)
        pages.append(
            re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()).replace(address, "?")
        )
    assert pages[0] == pages[1]


def test_somebody_elses_address_is_not_taken_even_by_a_click(signed_in: Client, newcomer: User) -> None:
    build.person("taken@example.com")
    signed_in.post("/account/email/", {"action_add": "", "email": "taken@example.com"})
    assert "This address is taken" in Client().get(mailbox.link("taken@example.com")).content.decode()
    Client().post(mailbox.link("taken@example.com"))
    newcomer.refresh_from_db()
    assert newcomer.email == "nadia@example.com"


def test_an_address_longer_than_its_column_is_refused(signed_in: Client) -> None:
    assert (
        signed_in.post(
            "/account/email/", {"action_add": "", "email": "a" * 60 + "@" + "b" * 60 + ".example" * 20}
        ).status_code
        == 200
    )


def test_a_person_with_a_second_factor_may_change_it_too(signed_in: Client, newcomer: User) -> None:
    authenticator.enrol(newcomer)
    signed_in.post("/account/email/", {"action_add": "", "email": "new@example.com"})
    signed_in.post(mailbox.link("new@example.com"))
    newcomer.refresh_from_db()
    assert newcomer.email == "new@example.com"
