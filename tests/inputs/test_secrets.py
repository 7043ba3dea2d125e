"""T2, T3, T37: no key, signature or session stands in a page, a header, the log, an error page or a mail, whoever asks."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from billing.models import Customer
from sandbox.stripe import StripeServer
from tests import build
from tests.accounts import authenticator
from tests.billing.till import Till
from tests.fuzz import people
from tests.fuzz.addresses import Door, doors
from tests.fuzz.attacks import is_looked_at
from tests.fuzz.test_requests import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket"), pytest.mark.once]
SIGNED = re.compile(r"X-Amz-(Signature|Credential|Date)|AWSAccessKeyId|content/[0-9a-f]{8}-")
CANARIES = {
    "SECRET_KEY": "canary-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz",
    "EMAIL_HOST_USER": "canary-smtp-user",
    "EMAIL_HOST_PASSWORD": "canary-smtp-password",
}
MEMBERS, STAFF = ("visitor", "subscriber", "lapsed", "owner"), ("superuser", "support", "editor")
# The player is handed its address by these, and by nothing else.
HANDS_OUT_A_URL = {"play"}


@pytest.fixture
def secrets(settings: Any) -> list[str]:
    """Plant what can be planted, and return every secret that the settings hold."""
    for name, value in CANARIES.items():
        setattr(settings, name, value)
    pairs = [half for pair in settings.S3_IDENTITIES.values() for half in pair]
    found = [*CANARIES.values(), *pairs, settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS]
    assert len(set(found)) == len(found) >= 10
    return found


def leaks(text: str, secrets: list[str]) -> list[str]:
    return [secret[:12] for secret in secrets if secret in text] + SIGNED.findall(text)


def sessions() -> list[str]:
    return list(Session.objects.values_list("session_key", flat=True))


def told(answer: Any) -> str:
    """Return all that an answer says, but the cookie that gives somebody their own session."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), body.decode(errors="replace")])


def test_t2_t37_nobody_finds_a_secret_anywhere_on_the_site(
    now: datetime, stripe: StripeServer, secrets: list[str], log: io.StringIO, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    everybody = people.everybody(now)
    people.shelf()
    browsers = {role: browser_of(role, person) for role, person in everybody.items()}
    kept = secrets + sessions()
    real, dice, asked, found = people.rows(), Random(1), 0, []
    for door in doors():
        for role in STAFF if door.route.startswith("admin/") else MEMBERS:
            asked += 1
            answer = browsers[role].get(address := address_of(door, dice, real))
            words = told(answer)
            if answer.status_code == 302 and (door.name in ("download", "opened") or is_looked_at(address)):
                words = words.replace(answer.headers["Location"], "")
            is_handed = door.name in HANDS_OUT_A_URL or (
                is_looked_at(address) and address.endswith(("play/", "play%2F"))
            )
            if not is_handed and "/versions/" not in door.route:
                found += [(role, door.route, leak) for leak in leaks(words, kept)]
    assert asked >= 500
    assert found == []
    assert leaks(log.getvalue(), kept) == []
    assert log.getvalue().count("\n") > 50


def address_of(door: Door, dice: Random, real: dict[str, list[Any]]) -> str:
    return door.address(dice, {name: [value for value in values if value is not None] for name, values in real.items()})


def test_t37_error_pages_tell_nothing(
    newcomer: User, secrets: list[str], log: io.StringIO, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """400, 403, 404, 429 and 500, with DEBUG off: each is a page of our own."""
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    login = {"login": newcomer.email, "password": "wrong"}
    monkeypatch.setattr("billing.claims.find", lambda *_, **__: 1 / 0)
    answers = {
        400: browser.get("/", headers={"Host": "evil.example"}),
        403: browser.post("/account/login/", login),
        404: browser.get("/nowhere/"),
        429: [Client().post("/account/login/", login) for _ in range(12)][-1],
        500: browser.get("/account/claim/ABCDE-FGHJK/"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert "<h1" in told(answer)
        assert leaks(told(answer), secrets + sessions()) == []
        assert not re.search(r"Traceback|Exception|ZeroDivision|/site-packages/|settings\.py|evil", told(answer))
    assert leaks(log.getvalue(), secrets + sessions()) == []


@pytest.mark.parametrize("fault", ["401", "403", "500", "reset", "nonsense"])
def test_t37_broken_stripe_shows_no_key(
    newcomer: User, stripe: StripeServer, secrets: list[str], log: io.StringIO, client_for: Any, fault: str
) -> None:
    price = Till(stripe).sell()
    stripe.fail_next(fault, times=9)
    answer = client_for(newcomer).post(f"/checkout/{price.stripe_id}/", follow=True)
    stripe.faults.clear()
    assert leaks(told(answer) + log.getvalue(), secrets) == []
    assert log.getvalue()


def test_t37_wrong_key_of_stripe_is_named_by_nobody(
    newcomer: User, stripe: StripeServer, log: io.StringIO, client_for: Any, settings: Any
) -> None:
    price = Till(stripe).sell()
    settings.STRIPE_SECRET_KEY = "sk_test_canary_that_opens_nothing"
    answer = client_for(newcomer).post(f"/checkout/{price.stripe_id}/", follow=True)
    assert "canary" not in told(answer) + log.getvalue()


def test_t37_no_mail_holds_a_secret(
    member: User, till: Till, secrets: list[str], work: Callable[..., int], log: io.StringIO
) -> None:
    """A life's mails: sign-up, code, reset, welcome, receipt, second factor, another address, an end."""
    till.ring_all()
    browser = Client()
    browser.post("/account/signup/", {"email": "new@example.com", "password1": build.PASSWORD})
    for door in ("/account/password/reset/", "/account/login/code/"):
        browser.post(door, {"email": member.email})
    till.stripe.call("DELETE", f"customers/{Customer.objects.get().stripe_id}")
    till.ring_all()
    work()
    assert len(mail.outbox) >= 5
    for message in mail.outbox:
        html = "".join(str(part.content) for part in getattr(message, "alternatives", []))
        assert leaks(f"{message.subject}\n{message.body}\n{html}\n{message.message()}", secrets + sessions()) == []
    assert leaks(log.getvalue(), secrets + sessions()) == []


def test_t3_nothing_signed_stays_in_the_database(
    subscriber: User, secrets: list[str], client_for: Any, log: io.StringIO
) -> None:
    file = build.file()
    browser = client_for(subscriber)
    for suffix in ("", "play/"):
        assert browser.get(file.get_absolute_url() + suffix).status_code in (200, 302)
    authenticator.enrol(subscriber)
    kept = [value for value in secrets if "KEY" not in value]
    assert "X-Amz" not in dumped()
    assert [value for value in kept if value in dumped()] == []


def dumped() -> str:
    with connection.cursor() as cursor:
        rows: list[object] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the names are the database's own
            rows.extend(cursor.fetchall())
    return repr(rows)


def test_t37_commands_print_no_secret(subscriber: User, secrets: list[str]) -> None:
    said = io.StringIO()
    call_command("why", subscriber.email, str(build.file().pk), stdout=said)
    call_command("check", stdout=said, stderr=said)
    assert leaks(said.getvalue(), secrets) == []


def test_crawl_would_find_what_it_looks_for(secrets: list[str]) -> None:
    assert leaks(f"Hello {secrets[0]}", secrets)
    assert leaks("https://x/?X-Amz-Signature=1", secrets)
    assert leaks("content/0b7c7b1e-7c55-4b0f-8f0c-6a1f4a2b9d10", secrets)
