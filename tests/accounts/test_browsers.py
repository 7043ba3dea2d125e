"""Where somebody is signed in, and signing one other browser out."""

from allauth.usersessions.models import UserSession
from django.test import Client

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
