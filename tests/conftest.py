"""The people, the far sides of the wire, and small builders. Both far sides are the embedded ones, on real sockets."""

import gc
import io
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from billing.models import Product
from config.logs import OneLine
from config.models import BackgroundTask
from config.worker import Worker
from sandbox.s3 import BucketServer, Identity
from sandbox.stripe import StripeServer
from tests import build
from tests.accounts import authenticator
from tests.smtp_peer import Peer
from tests.visits import Visit, rows

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def uses_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(
        {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    )


def is_transactional(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot run, and say why. What no database has a part in is `once`; what connections share `both`."""
    no_browser = pytest.mark.skip(reason="no Chromium here; install the package chromium")
    no_postgres = pytest.mark.skip(reason="needs a PostgreSQL, which DATABASE_URL names; make test brings one")
    for item in items:
        if not uses_database(item):
            item.add_marker("once")
        if item.get_closest_marker("postgres") or is_transactional(item):
            item.add_marker("both")
        if item.get_closest_marker("browser") and not any(map(shutil.which, CHROMIUM)):
            item.add_marker(no_browser)
        if item.get_closest_marker("postgres") and "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
            item.add_marker(no_postgres)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported and collected: all of it lives as long as the process."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hash passwords quickly: the real hasher's slowness is Django's promise, not ours to test a thousand times."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep SQLite's test database in a file: in memory all threads would share one connection, which no site ever does."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let SQLite empty the record between tests: it has no TRUNCATE, and its trigger refuses DELETE as it should."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER config_auditentry_no_delete")
    flush_what_a_test_has_filled()


def flush_what_a_test_has_filled() -> None:
    """Empty only the tables that have rows, and leave those that are filled again at once from the code and that no test changes.

    PostgreSQL makes a new file for each table it truncates and for each of its indexes, and the permissions cost more than most tests.
    """
    flush_tables = connection.ops.sql_flush

    def sql_flush(style: Any, tables: list[str], **options: Any) -> list[str]:
        ask = "SELECT '{}' WHERE EXISTS (SELECT 1 FROM {})".format
        asked = [ask(table, connection.ops.quote_name(table)) for table in tables]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(asked))
            filled = {table for (table,) in cursor.fetchall()} - {"django_content_type", "auth_permission"}
        # Tables that refer to a filled one have to go with it; those with rows are among the filled.
        return flush_tables(style, sorted(filled), **options | {"allow_cascade": True}) if filled else []

    connection.ops.sql_flush = sql_flush  # type: ignore[assignment, method-assign]


@pytest.fixture
def work(db: None) -> Callable[..., int]:
    """Run what is due in the background, in this process and through the worker's own code; see `run_due`."""
    return run_due


def run_due(*, duties: bool = False, failing: bool = False) -> int:
    """Run the tasks that are due and return how many ran; with `duties` also those that come back by themselves.

    A task that raises fails the test, with its traceback, unless it is `failing` that the test is about. Its next try is due later:
    travel there with time_machine, and work again.
    """
    done = Worker().drain(duties=duties)
    failures = list(BackgroundTask.objects.exclude(traceback="").values_list("traceback", flat=True))
    if failures and not failing:
        pytest.fail("\n".join(failures))
    return done


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


# --- The far sides of the wire ----------------------------------------------------------------


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    """The embedded bucket, listening where the settings look for it."""
    server = BucketServer(
        tmp_path_factory.mktemp("bucket"),
        bucket=settings.S3_BUCKET,
        region=settings.S3_REGION,
        identities={name: Identity(name, *pair) for name, pair in settings.S3_IDENTITIES.items()},
        cors_origins=["*"],
        port=int(urlsplit(settings.S3_ENDPOINT_URL).port or 0),
    )
    with server:
        yield server


@pytest.fixture(scope="session")
def stripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeServer]:
    server = StripeServer(
        tmp_path_factory.mktemp("stripe"),
        api_key=settings.STRIPE_SECRET_KEY,
        webhook_secret=settings.STRIPE_WEBHOOK_SECRETS[0],
        webhook_url=None,
        mail_dir=None,
        port=int(urlsplit(settings.STRIPE_API_BASE).port or 0),
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stripe(stripe_server: StripeServer) -> Iterator[StripeServer]:
    """The embedded Stripe, empty, with no webhook address: tests ring the bells they want."""
    stripe_server.reset()
    yield stripe_server
    stripe_server.reset()


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    """The mail server, which the site finds where its settings say."""
    with Peer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.5
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = None
        yield server


# --- What is said of a visit ------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log, as the site's own handler writes it."""
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, OneLine)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    real = handler.setStream(written)
    yield written
    handler.setStream(real)


@pytest.fixture
def knock(db: None, log: io.StringIO) -> Callable[..., Visit]:
    def act(browser: Client, method: str, path: str, *args: Any, **options: Any) -> Visit:
        before, start = rows(), len(log.getvalue())
        browser.raise_request_exception = False
        response = getattr(browser, method)(path, *args, **options)
        lines = log.getvalue()[start:].splitlines()
        # A traceback belongs to the line before it; the sandbox is the far side of the wire.
        lines = [line for line in lines if not line.startswith("    |") and " sandbox." not in line]
        return Visit(response, lines, before, rows())

    return act


# --- People -----------------------------------------------------------------------------------


@pytest.fixture
def newcomer(db: None) -> User:
    """Nadia has a confirmed account and never paid."""
    return build.person("nadia@example.com")


@pytest.fixture
def plan(db: None) -> Product:
    return build.plan()


@pytest.fixture
def subscriber(plan: Product, now: datetime) -> User:
    """Sam holds a live plan."""
    return build.subscribed(build.person("sam@example.com"), plan, now=now)


@pytest.fixture
def lapsed(plan: Product, now: datetime) -> User:
    """Lara paid once; her subscription is over."""
    return build.subscribed(
        build.person("lara@example.com"), plan, now=now, status="canceled", ended_at=now - timedelta(days=3)
    )


@pytest.fixture
def owner(db: None) -> User:
    """Olga owns the site."""
    return build.person("olga@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client_for() -> "type[ClientFor]":
    return ClientFor


class ClientFor(Client):
    """A browser in which this person is signed in; staff have a second factor and have shown it."""

    def __init__(self, person: User) -> None:
        super().__init__()
        self.force_login(person)
        if person.is_staff:
            authenticator.enrol(person)
            session = self.session
            record_authentication(SimpleNamespace(session=session), person, "mfa", type="totp")
            session.save()
