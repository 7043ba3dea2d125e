"""The settings, the database, the cache, the files and the worker of this installation."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from config import background
from config.checkup import Check, Finding, good, is_local, unknown, weak, wrong

DATABASE, SECONDS = "database.reached", 5
SILENT = timedelta(minutes=2)
# Each process has one of its own: limits on sign-ins would be as many times as wide as there are processes.
PRIVATE_CACHES = ("LocMemCache", "DummyCache")


def settings_agree() -> Finding:
    found = [
        message
        for message in checks.run_checks(include_deployment_checks=True)
        if message.level >= checks.WARNING and not message.is_silenced()
    ]
    if settings.DEBUG and not is_local():
        return wrong("DEBUG is on: whoever meets an error sees the code and the settings", "DEBUG=false")
    if found and (not is_local() or found[0].level >= checks.ERROR):
        return wrong(f"{found[0].id}: {found[0].msg}", found[0].hint or "python manage.py check --deploy")
    return good("the settings agree with each other")


def database_is_reached() -> Finding:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return wrong(
            f"the database does not answer ({type(error).__name__})", "DATABASE_URL=postgres://user:password@host/name"
        )
    return good(f"{connection.display_name} answers")


def database_is_postgresql() -> Finding:
    if connection.vendor == "postgresql":
        return good("PostgreSQL: as many machines and workers as you like")
    if settings.DEBUG or is_local():
        return good("SQLite, for a try-out")
    return weak("SQLite: one machine, one disk, one writer", "DATABASE_URL=postgres://user:password@host/name")


def migrations_are_applied() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        return wrong(f"{waiting} migrations are not applied", "python manage.py migrate")
    return good("every migration is applied")


def database_agrees_on_the_time() -> Finding:
    if connection.vendor != "postgresql":
        return good("the database is on this machine, and has its clock")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        off = (timezone.now() - cursor.fetchone()[0]).total_seconds()
    if abs(off) > SECONDS:
        return wrong(f"this machine's clock and the database's differ by {abs(off):.0f} s", "timedatectl set-ntp true")
    return good("this machine and the database have the same time")


def cache_is_shared() -> Finding:
    kind = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    if kind in PRIVATE_CACHES:
        paste = "CACHE_URL=db://lectern_cache, then: python manage.py createcachetable"
        return wrong(f"{kind} is no cache that processes share, and limits on sign-ins lean on one", paste)
    try:
        cache.set("doctor", kind, 30)
        kept = cache.get("doctor")
    except Exception as error:  # noqa: BLE001 - every kind of cache fails in its own way
        return wrong(
            f"the cache does not answer ({type(error).__name__})",
            "python manage.py createcachetable, or CACHE_URL=redis://…",
        )
    if kept != kind:
        return wrong("the cache forgets what it is told at once", "CACHE_URL=db://lectern_cache")
    return good(f"{kind}, shared by all processes")


def static_files_are_collected() -> Finding:
    if settings.DEBUG or (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        return good("static files are collected")
    return wrong("static files are not collected: no page has its styles", "python manage.py collectstatic --no-input")


def worker_works() -> Finding:
    now = timezone.now()
    seen, late = background.last_seen(), background.overdue(now=now)
    start = "python manage.py work    beside the site, for as long as it"
    if seen is None or now - seen > SILENT:
        return wrong("no worker runs: no mail leaves, no upload is checked", start)
    if late:
        return weak(
            f"{late} tasks should have begun two minutes ago", "Start a second worker, or look at the first one's log."
        )
    return good("a worker runs, and nothing waits for it")


def chosen_ttl() -> Finding:
    if settings.DOWNLOAD_TTL > 300:
        return weak(f"a link can be passed on for {settings.DOWNLOAD_TTL} s", "DOWNLOAD_TTL=120")
    return good(f"a link must be used within {settings.DOWNLOAD_TTL} s")


def secrets_are_kept() -> Finding:
    """Look at who may read .env, where there is one."""
    file = Path(settings.BASE_DIR) / ".env"
    if not file.exists():
        return unknown(
            "no .env here: the secrets come from the environment", "Only the service may read its own environment."
        )
    if file.stat().st_mode & 0o077:
        return weak("others on this machine may read .env", f"chmod 600 {file.name}")
    return good("nobody else may read .env")


CHECKS = (
    Check("settings", settings_agree),
    Check("settings.secrets", secrets_are_kept),
    Check("settings.links", chosen_ttl),
    Check(DATABASE, database_is_reached),
    Check("database.kind", database_is_postgresql, needs=(DATABASE,)),
    Check("database.tables", migrations_are_applied, needs=(DATABASE,)),
    Check("database.clock", database_agrees_on_the_time, needs=(DATABASE,)),
    Check("cache", cache_is_shared),
    Check("static", static_files_are_collected),
    Check("worker", worker_works, needs=("database.tables",)),
)
