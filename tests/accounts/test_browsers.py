"""Where somebody is signed in, and signing one other browser out."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests import build


def sign_in(person: User, agent: str) -> Client:
    browser = Client(headers={"user-agent": agent})
    browser.post("/account/login/", {"login": person.email, "password": build.PASSWORD})
    return browser


def test_a_subscriber_signs_one_other_browser_out(subscriber: User, newcomer: User) -> None:
    here, lost, kept = (sign_in(subscriber, f"Firefox/{number}") for number in (1, 2, 3))
    theirs = sign_in(newcomer, "Firefox/4")
    gone = UserSession.objects.get(user_agent="Firefox/2")
    other = UserSession.objects.get(user=newcomer)
    assert f"/account/sessions/{gone.pk}/end/" in here.get("/account/sessions/").content.decode()
    assert here.post(f"/account/sessions/{gone.pk}/end/").status_code == 302
    assert here.post(f"/account/sessions/{other.pk}/end/").status_code == 404
    assert [browser.get("/library/").status_code for browser in (here, lost, kept, theirs)] == [200, 302, 200, 200]


def listed(person: User) -> tuple[Client, str]:
    """Make a list as a browser does; return that browser, and the path of the list's first address."""
    book = build.ebook()
    build.file(book)
    browser = sign_in(person, "Firefox/5")
    text = browser.post(f"/downloads/ebook/{book.slug}/list/", {"for": "aria2"}).content.decode()
    found = re.search(r"^https?://[^/]+(/lists/\S+/\d+/)$", text, re.MULTILINE)
    assert found is not None
    return browser, found[1]


def test_signing_out_everywhere_else_ends_the_lists_for_download_managers_as_well(
    subscriber: User, newcomer: User
) -> None:
    browser, address = listed(subscriber)
    _, theirs = listed(
        build.subscribed(newcomer, *subscriber.customers.get().subscriptions.get().products.all(), now=timezone.now())
    )
    assert Client().get(address).status_code == 302
    page = browser.get("/account/sessions/").content.decode()
    assert "Sign out everywhere else" in page, "a list alone is reason enough"
    answer = browser.post("/account/sessions/", follow=True)
    assert "your lists for download managers have ended" in answer.content.decode()
    assert Client().get(address).status_code == 410
    assert Client().get(theirs).status_code == 302
    assert browser.get("/library/").status_code == 200


def test_signing_out_one_lost_browser_ends_the_lists_it_may_have_made(subscriber: User) -> None:
    _, address = listed(subscriber)
    here = sign_in(subscriber, "Firefox/6")
    lost = UserSession.objects.get(user_agent="Firefox/5")
    here.post(f"/account/sessions/{lost.pk}/end/")
    assert Client().get(address).status_code == 410


def test_signing_oneself_out_leaves_a_download_going(subscriber: User) -> None:
    browser, address = listed(subscriber)
    browser.post("/account/logout/")
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("act", ["sign-out", "sign-in-again"])
def test_an_owner_who_signs_somebody_out_ends_their_lists(
    client_for: type[Client], owner: User, subscriber: User, act: str
) -> None:
    _, address = listed(subscriber)
    answer = client_for(owner).post(f"/admin/accounts/user/{subscriber.pk}/{act}/", {"reason": "A lost telephone"})
    assert answer.status_code == 302
    assert Client().get(address).status_code == 410
