"""What people's browsers do, over many connections at once, at real processes: press a price, come back, download."""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from accounts.models import User

TOKEN = "f" * 32  # What a browser would have been given; Django compares the cookie with the form.
Connect = Callable[[], http.client.HTTPConnection]


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    seconds: float


def cookie_of(person: User) -> str:
    """Sign somebody in; return the cookies of their browser."""
    browser = Client()
    browser.force_login(person)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


def request(connect: Connect, method: str, path: str, cookie: str = "", **form: str) -> Answer:
    """Send one request; a connection that is cut or too slow counts as status 0."""
    connection = connect()
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({"csrfmiddlewaretoken": TOKEN, **form}) if method == "POST" else None
    began = time.monotonic()
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        return Answer(response.status, response.headers.get("Location") or "", time.monotonic() - began)
    except (OSError, http.client.HTTPException):
        return Answer(0, "", time.monotonic() - began)
    finally:
        connection.close()


def together(acts: Sequence[Callable[[], Any]], *, hands: int) -> list[Any]:
    """Do all of them, so many at once, in their order."""
    with ThreadPoolExecutor(hands) as pool:
        return [done.result(120) for done in [pool.submit(act) for act in acts]]
