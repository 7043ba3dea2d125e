"""The machine, the mail server and the owner: each line right for what is right, and wrong for one thing that is not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts import doctor as accounts
from config import doctor
from config.checkup import Check, Finding, Verdict
from config.doctor import machine
from config.models import Heartbeat
from tests import build
from tests.accounts import authenticator
from tests.smtp_peer import Peer

pytestmark = pytest.mark.django_db
GOOD, WEAK, WRONG, UNKNOWN = Verdict
KNOWN: dict[str, Check] = {check.name: check for check in (*doctor.CHECKS, *accounts.CHECKS)}


def ask(name: str) -> Finding:
    found = KNOWN[name].ask()
    assert found.verdict is GOOD or found.paste
    return found


# --- The settings -------------------------------------------------------------------------------


def test_owner_is_told_of_settings_that_do_not_fit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)  # The tests' own, for a browser's sake.
    settings.SITE_URL = "http://localhost:8000"
    assert ask("settings").verdict is GOOD
    settings.SITE_URL = "https://learn.example.com"
    found = ask("settings")
    assert (found.verdict, "security.W" in found.says) == (WRONG, True)
    settings.DEBUG = True
    assert (ask("settings").paste, ask("settings").verdict) == ("DEBUG=false", WRONG)


@pytest.mark.parametrize(("mode", "expected"), [(0o600, GOOD), (0o644, WEAK), (None, UNKNOWN)])
def test_owner_is_told_who_may_read_the_secrets(
    settings: Any, tmp_path: Path, mode: int | None, expected: Verdict
) -> None:
    settings.BASE_DIR = tmp_path
    if mode is not None:
        (tmp_path / ".env").write_text("SECRET_KEY=x")
        (tmp_path / ".env").chmod(mode)
    assert ask("settings.secrets").verdict is expected


@pytest.mark.parametrize(("ttl", "expected"), [(120, GOOD), (900, WEAK)])
def test_owner_is_told_of_links_that_live_long(settings: Any, ttl: int, expected: Verdict) -> None:
    settings.DOWNLOAD_TTL = ttl
    assert ask("settings.links").verdict is expected


# --- The database, the cache, the files, the worker ---------------------------------------------


def test_owner_is_told_of_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> None:
        raise DatabaseError("gone, with a password in its text")

    assert ask("database.reached").verdict is GOOD
    monkeypatch.setattr(connection, "ensure_connection", silent)
    found = ask("database.reached")
    assert (found.verdict, "password in its text" in found.says) == (WRONG, False)


def test_owner_is_told_which_database_it_is(settings: Any) -> None:
    settings.SITE_URL = "https://learn.example.com"
    assert ask("database.kind").verdict is (GOOD if connection.vendor == "postgresql" else WEAK)
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert ask("database.kind").verdict is GOOD


def test_owner_is_told_of_migrations_that_wait() -> None:
    assert ask("database.tables").verdict is GOOD
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'billing' AND name LIKE '0005%'")
    found = ask("database.tables")
    assert (found.verdict, found.says, found.paste) == (
        WRONG,
        "1 migrations are not applied",
        "python manage.py migrate",
    )


@pytest.mark.postgres
@pytest.mark.parametrize(("seconds", "expected"), [(0, GOOD), (60, WRONG)])
def test_owner_is_told_of_another_clock_in_the_database(
    monkeypatch: pytest.MonkeyPatch, seconds: int, expected: Verdict
) -> None:
    moved = timezone.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(machine.timezone, "now", lambda: moved)
    assert ask("database.clock").verdict is expected


@pytest.mark.parametrize(
    ("backend", "made", "expected"),
    [
        ("locmem.LocMemCache", False, WRONG),
        ("dummy.DummyCache", False, WRONG),
        ("db.DatabaseCache", False, WRONG),
        ("db.DatabaseCache", True, GOOD),
    ],
)
def test_owner_is_told_of_a_cache_that_each_process_has_for_itself(
    settings: Any, backend: str, made: bool, expected: Verdict
) -> None:
    """T34: each process would count the tries at signing in for itself."""
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "doctors_cache"}}
    if made:
        call_command("createcachetable", verbosity=0)
    found = ask("cache")
    assert found.verdict is expected, found


def test_owner_is_told_of_static_files_that_nobody_collected(settings: Any, tmp_path: Path) -> None:
    settings.DEBUG, settings.STATIC_ROOT = False, tmp_path
    assert ask("static").paste == "python manage.py collectstatic --no-input"
    (tmp_path / "staticfiles.json").write_text("{}")
    assert ask("static").verdict is GOOD


@pytest.mark.parametrize(("minutes", "expected"), [(None, WRONG), (0, GOOD), (5, WRONG)])
def test_owner_is_told_when_no_worker_works(minutes: int | None, expected: Verdict) -> None:
    if minutes is not None:
        then = timezone.now() - timedelta(minutes=minutes)
        Heartbeat.objects.create(worker="one", beat_at=then, started_at=then)
    assert ask("worker").verdict is expected


# --- Mail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mood", "expected"), [("ok", GOOD), ("refuse", WRONG), ("hang", WRONG)])
def test_owner_is_told_whether_the_mail_server_lets_us_in(peer: Peer, mood: str, expected: Verdict) -> None:
    peer.mood = mood
    assert ask("mail.server").verdict is expected
    assert peer.taken == []


def test_owner_is_told_that_mail_stays_here(settings: Any) -> None:
    assert ask("mail.server").verdict is WRONG
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert ask("mail.server").verdict is WEAK


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Lectern <hello@library.org>", GOOD),
        ("hello@library.org", GOOD),
        ("Lectern <hello@localhost>", WEAK),
        ("Lectern <hello@learn.example.com>", WEAK),
        ("nobody", WEAK),
    ],
)
def test_owner_is_told_of_a_sender_that_nobody_will_answer(settings: Any, sender: str, expected: Verdict) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    assert ask("mail.sender").verdict is expected


# --- The owner ----------------------------------------------------------------------------------


def test_owner_is_looked_for_and_their_second_factor_too(settings: Any) -> None:
    assert ask("owner").paste == "python manage.py createsuperuser"
    olga = build.person("olga@example.com", is_staff=True, is_superuser=True)
    assert (ask("owner").verdict, "1 of 1" in ask("owner").says) == (WEAK, True)
    authenticator.enrol(olga)
    assert ask("owner").verdict is GOOD
    settings.STAFF_MFA = "optional"
    assert ask("owner").verdict is WEAK
    assert "olga" not in ask("owner").says


def test_every_line_about_this_machine_is_tried_here() -> None:
    mine = {check.name for check in (*machine.CHECKS, *doctor.post.CHECKS, *accounts.CHECKS)}
    tried = Path(__file__).read_text()
    assert [name for name in mine if f'ask("{name}")' not in tried] == []
