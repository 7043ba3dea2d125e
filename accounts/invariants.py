"""Everything that must be true at every moment (I1 to I12), asked of a running site. Fit for a schedule: it reads, in small bites.

On PostgreSQL each question has a read-only transaction of its own with a time limit, on SQLite a connection that refuses to write. What
breaks is said with ids alone. `manage.py check_invariants` prints it; a duty keeps the last answer for the first page.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction

from billing import invariants as money
from config import background
from courses import invariants as links

SHOWN, COUNTED = 20, 1000
SECONDS = 30
QUIET = timedelta(minutes=15)
TRIGGERS = {
    "postgresql": ("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'", {"config_auditentry_keep"}),
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        {"config_auditentry_no_update", "config_auditentry_no_delete", "config_auditentry_forget"},
    ),
}
# What no text of ours may hold: signatures, and the beginnings of Stripe's secrets.
SIGNS = ("X-Amz-Signature=", "X-Amz-Security-Token=", "sk_live_", "sk_test_", "rk_live_", "whsec_")
# The newest rows of each table are looked through; hashes, sessions and second steps are secrets by their nature, and kept as such.
LOOKED, OURS = 5000, ("accounts", "billing", "config", "courses", "admin")
CARD_NUMBER = re.compile(r"(^|[^0-9A-Za-z_-])[3-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}([^0-9A-Za-z_-]|$)")


@dataclass
class Answer:
    """One invariant: its number, what it says, and the lines that break it; `count` may be larger than their number."""

    name: str
    says: str
    broken: list[str] = field(default_factory=list)
    count: int = 0


def check(*, now: datetime, only: list[str] | None = None) -> list[Answer]:
    """Ask all of them, or those named. Raises nothing: a question that cannot be asked counts as broken."""
    return [answer(name, says, ask, now) for name, says, ask in QUESTIONS if not only or name in only]


def answer(name: str, says: str, ask: Callable[..., Iterator[str]], now: datetime) -> Answer:
    found = Answer(name, says)
    try:
        with reading():
            lines = list(islice(ask(now=now), COUNTED))
        if name == "I8":
            lines = list(islice(links.bytes_are_there(lines), COUNTED))  # type: ignore[arg-type]
    except DatabaseError as error:
        lines = [f"could not be asked: {type(error).__name__}"]
    found.broken, found.count = lines[:SHOWN], len(lines)
    return found


@contextmanager
def reading() -> Iterator[None]:
    """Refuse every write of this connection, for the length of one question."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
                cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
            yield
            transaction.set_rollback(True)
        return
    connection.ensure_connection()
    # Past Django, which refuses to speak once something has failed: the connection must never stay closed to writes.
    connection.connection.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        connection.connection.execute("PRAGMA query_only = OFF")


def no_secret_is_kept(*, now: datetime) -> Iterator[str]:
    """I9: no signature, secret or card number in any text of ours."""
    secrets = [settings.SECRET_KEY, settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS]
    secrets += [secret for _key, secret in settings.S3_IDENTITIES.values()]
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model._meta.proxy:
            continue
        newest = model._default_manager.order_by("-pk").values("pk")[:LOOKED]
        pks = [row["pk"] for row in newest]
        for one in model._meta.concrete_fields:
            if one.model is model and is_text(one):
                yield from hits(model, one, pks, secrets)


def is_text(one: Any) -> bool:
    return isinstance(one, models.CharField | models.TextField | models.JSONField) and one.name not in (
        "password",
        "id",
    )


def hits(model: Any, one: Any, pks: list[Any], secrets: list[str]) -> Iterator[str]:
    """Yield the rows in which a text field holds what it must not. Read in Python: a JSON field is searched as text."""
    for start in range(0, len(pks), 500):
        rows = model._default_manager.filter(pk__in=pks[start : start + 500]).order_by()
        for pk, value in rows.values_list("pk", one.attname):
            text = value if isinstance(value, str) else repr(value)
            if any(sign in text for sign in (*SIGNS, *secrets)) or is_card(text):
                yield f"{model._meta.label_lower} {pk} holds a secret in {one.name}"


def is_card(text: str) -> bool:
    """Tell whether a number in a text is a card's: 15 or 16 digits in fours that pass its checksum."""
    for found in CARD_NUMBER.finditer(text):
        digits = [int(one) for one in found[0] if one.isdigit()]
        doubled = [sum(divmod(2 * one, 10)) if place % 2 else one for place, one in enumerate(reversed(digits))]
        if sum(doubled) % 10 == 0:
            return True
    return False


def work_gets_done(*, now: datetime) -> Iterator[str]:
    """I11: work does not wait, and somebody is there to do it."""
    if late := background.overdue(now=now - QUIET + background.LATE):
        yield f"{late} tasks should have begun a quarter of an hour ago"
    seen = background.last_seen()
    if seen is None or seen < now - QUIET:
        yield f"no worker gave a sign of life since {seen or 'ever'}"


def the_record_is_kept(*, now: datetime) -> Iterator[str]:
    """I12: nobody can change the record, and played again it gives the present."""
    sql, wanted = TRIGGERS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        there = {row[0] for row in cursor.fetchall()}
    for name in sorted(wanted - there):
        yield f"the trigger {name} is missing: the record can be changed"
    yield from links.titles_are_as_recorded(now=now)


def states_agree(*, now: datetime) -> Iterator[str]:
    yield from money.states_agree(now=now)
    yield from links.states_agree(now=now)


QUESTIONS: tuple[tuple[str, str, Callable[..., Iterator[Any]]], ...] = (
    ("I1", "every event that was taken ends done or parked", money.events_end),
    ("I2", "no event has two effects", money.effects_are_single),
    ("I3", "what is held is what Stripe says", money.rows_are_confirmed),
    ("I4", "who is out gets no link, and no link outlives its time", links.nobody_stays_in),
    ("I5", "nobody who pays is refused", money.payers_are_in),
    ("I6", "one customer and one live plan a person", money.plans_are_single),
    ("I7", "every link has its row, and was theirs", links.links_were_theirs),
    ("I8", "what is ready is in the bucket, as it was checked", lambda *, now: iter(links.sampled())),
    ("I9", "no secret in any text", no_secret_is_kept),
    ("I10", "states move as they may", states_agree),
    ("I11", "work does not wait", work_gets_done),
    ("I12", "the record is whole", the_record_is_kept),
)
