"""T39: the headers of seven kinds of page, with the settings of a site that runs on https."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests import build
from tests.conftest import ClientFor
from tests.house import observatory
from tests.house.scene import LEAST, start

pytestmark = pytest.mark.django_db
# Names of settings that make the headers and the cookies.
OURS = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "X_FRAME", "CONTENT_SECURITY")
KINDS = ["front page", "sign in", "plans", "ebook", "library", "admin", "not found"]


@pytest.fixture
def live(tmp_path: Path, settings: Any) -> dict[str, Any]:
    """Give this site the headers and cookies that the settings file gives to one on https."""
    found = start(tmp_path, LEAST)
    for name, value in found.items():
        if name.startswith(OURS):
            setattr(settings, name, value)
    return found


@pytest.fixture
def page_of(live: dict[str, Any], owner: User, subscriber: User) -> Callable[[str], Any]:
    paths = {
        "front page": "/",
        "sign in": "/account/login/",
        "plans": "/plans/",
        "ebook": build.ebook().get_absolute_url(),
        "library": "/library/",
        "admin": "/admin/",
        "not found": "/nowhere/",
    }

    def get(kind: str) -> Any:
        person = {"library": subscriber, "admin": owner}.get(kind)
        browser = ClientFor(person) if person else Client()
        return browser.get(paths[kind], secure=True)

    return get


@pytest.mark.parametrize("kind", KINDS)
def test_t39_page_of_every_kind_scores_130_or_more(page_of: Callable[[str], Any], kind: str) -> None:
    answer = page_of(kind)
    assert answer.status_code == (404 if kind == "not found" else 200)
    points, given = observatory.score(answer)
    assert points >= 130, given


@pytest.mark.parametrize("kind", KINDS)
def test_t39_every_page_says_what_browsers_may_do(page_of: Callable[[str], Any], kind: str) -> None:
    headers = page_of(kind).headers
    policy = observatory.directives(headers["Content-Security-Policy"])
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == {"'none'"}
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "max-age=63072000" in headers["Strict-Transport-Security"]
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]


def test_t35_cookies_belong_to_this_host_alone(page_of: Callable[[str], Any], newcomer: User) -> None:
    browser = Client()
    form = {"login": newcomer.email, "password": build.PASSWORD}
    answer = browser.post("/account/login/", form, secure=True)
    session = answer.cookies["__Host-session"]
    assert (session["secure"], session["httponly"], session["samesite"], session["path"]) == (True, True, "Lax", "/")
    assert session["domain"] == ""
    token = page_of("sign in").cookies["__Host-csrf"]
    assert (token["secure"], token["samesite"], token["domain"]) == (True, "Lax", "")


def test_scoring_finds_what_is_missing(page_of: Callable[[str], Any]) -> None:
    good, _ = observatory.score(page_of("sign in"))
    weaker = {
        "Content-Security-Policy": "default-src 'self' 'unsafe-inline'",
        "Strict-Transport-Security": "max-age=1",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cross-Origin-Opener-Policy": "unsafe-none",
        "Cross-Origin-Embedder-Policy": "sideways",
        "X-Content-Type-Options": "",
        "Referrer-Policy": "unsafe-url",
    }
    for name, value in weaker.items():
        answer = page_of("sign in")
        answer.headers[name] = value
        assert observatory.score(answer)[0] < good, name
    answer = page_of("sign in")
    answer.headers["Access-Control-Allow-Origin"] = "https://a.example"
    answer.headers["Access-Control-Allow-Credentials"] = "true"
    assert observatory.score(answer)[0] == 50
    assert good == 145
