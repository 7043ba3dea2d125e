"""A database of many people is dumped, lives on, is lost, and comes back by the commands of docs/operations.md, and by nothing else.

What was in the dump must be there again to the letter. What happened at Stripe since, and what arrived in the bucket since, must be found
there. Only a database of the run's own may be treated so; `python -m bench.faults` starts one.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from pathlib import Path
from random import Random

import psycopg
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone
from psycopg import sql

from accounts import invariants
from accounts.models import User
from bench.faults import lives, requests
from bench.faults.audit import database_url, doubled, wrong
from bench.faults.storage import settle
from billing import grants
from billing.models import Product
from courses import uploads
from courses.models import Download, FileVersion, Progress
from sandbox.stripe import StripeServer
from tests import build
from tests.courses.uploads.hands import begun, delivered, send, uploaded
from tests.courses.uploads.samples import PDF
from tests.postgres import find_binaries

LONGEST = 600.0  # seconds from the loss to the last command's end
MANY = 5000  # rows written at once
OTHERS = 1000  # people without a purchase who are asked about
ROW_SUM = "('x' || left(md5(t::text), 15))::bit(60)::bigint"
State = FileVersion.State


@dataclass
class Outcome:
    """Lines of what was not as it should be, and seconds."""

    people: int = 0
    customers: int = 0
    rows: int = 0
    size: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def back_after(self) -> float:
        return sum(self.seconds.values()) - self.seconds["dump"]

    def __str__(self) -> str:
        took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        return (
            f"{self.people} people, {self.customers} of them customers, {self.rows} rows, a dump of {self.size / 2**20:.0f} MiB: "
            f"{len(self.wrong)} differences, there again after {self.back_after:.0f} s ({took})"
        )

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began


def run(stripe: StripeServer, *, people: int, customers: int, moves: int) -> Outcome:
    """Fill, dump, live on, drop, restore, reconcile, and compare."""
    found = Outcome(people=people, customers=customers)
    rng = Random(1)
    with tempfile.TemporaryDirectory() as name, requests.bucket(Path(name)):
        dump = Path(name) / "lectern.dump"
        crowd = make_people(people)
        prices = lives.plan(stripe, "Basic", 1200, 12000) + lives.plan(stripe, "Pro", 3000)
        buyers = crowd[:customers]
        joined = [lives.join(stripe, person, settings.SITE_URL, rng.choice(prices)) for person in buyers]
        reconcile()
        files = Files()
        leave_traces(crowd, files, rng, spared=customers + OTHERS)
        before = fingerprints()
        found.rows = sum(count for count, _ in before.values())
        with found.timed("dump"):
            program("pg_dump", "--format=custom", f"--file={dump}", database_url())
        found.size = dump.stat().st_size

        for customer in rng.sample(joined, min(moves, customers)):
            lives.move(stripe, customer, prices, rng)
        reconcile()
        files.live_on()
        lose()

        with found.timed("restore"):
            restore(dump)
        after = fingerprints()
        found.wrong += [f"{table} came back otherwise" for table in before if after.get(table) != before[table]]
        if not wrong(stripe, buyers):
            found.wrong.append("nothing had happened at Stripe since the dump, so nothing was shown")
        with found.timed("sync_billing"):
            reconcile()
        with found.timed("sweep_uploads"):
            call_command("sweep_uploads", stdout=StringIO())
        settle()
        with found.timed("check_invariants"):
            broken = invariants.check(now=timezone.now())
        found.wrong += [f"{one.name} is broken: {one.broken}" for one in broken if one.count]
        found.wrong += wrong(stripe, crowd[: customers + OTHERS]) + doubled(stripe)
        found.wrong += files.judge()
    if found.back_after > LONGEST:
        found.wrong.append(f"it took {found.back_after:.0f} s")
    return found


def make_people(count: int) -> list[int]:
    """Make so many accounts with confirmed addresses; return their ids."""
    made: list[int] = []
    for start in range(0, count, MANY):
        numbers = range(start, min(start + MANY, count))
        users = User.objects.bulk_create(User(email=f"reader{number}@example.com", password="!") for number in numbers)
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
        made += [user.pk for user in users]
    return made


def leave_traces(crowd: list[int], files: "Files", rng: Random, *, spared: int) -> None:
    """Downloads and places of everybody, and a grant for every hundredth but those `spared`, of whom Stripe alone knows all."""
    now = timezone.now()
    versions = [version.pk for version in files.served]
    lessons = [build.lesson().pk for _ in range(200)]
    for start in range(0, len(crowd), MANY):
        some = crowd[start : start + MANY]
        Download.objects.bulk_create(
            Download(
                user_id=person,
                version_id=rng.choice(versions),
                purpose=Download.Purpose.DOWNLOAD,
                created_at=now - timedelta(days=1),
                expires_at=now - timedelta(hours=23),
            )
            for person in some
        )
        Progress.objects.bulk_create(
            Progress(user_id=person, lesson_id=rng.choice(lessons), position=rng.uniform(0, 600)) for person in some
        )
    plan = Product.objects.order_by("pk")[0]
    for person in crowd[spared::100]:
        grants.give(person, plan, reason="a test", given_by=None, ends_at=None, now=now)


class Files:
    """Some that are served, one that is half sent, and one that arrives only when the dump is made."""

    def __init__(self) -> None:
        now = timezone.now()
        self.half_body, self.late_body = padded(20 * 2**20), padded(9 * 2**20)
        self.served = [uploaded(f"served{number}.pdf", PDF, now, settle) for number in range(20)]
        self.half = begun("half.pdf", len(self.half_body), now)
        send(self.half, self.half_body, 1, now=now)
        self.late = begun("late.pdf", len(self.late_body), now)

    def live_on(self) -> None:
        now = timezone.now()
        send(self.late, self.late_body, now=now)
        uploads.finish(self.late, now=now)
        settle()

    def judge(self) -> list[str]:
        """Return what is wrong: other bytes than were sent, the late one's state, or that the half one cannot go on."""
        now = timezone.now()
        half = FileVersion.objects.get(pk=self.half.pk)
        send(half, self.half_body, *range(2, half.part_count + 1), now=now)
        uploads.finish(half, now=now)
        settle()
        found = []
        bodies = {self.half: self.half_body, self.late: self.late_body} | dict.fromkeys(self.served, PDF)
        for version, body in bodies.items():
            version.refresh_from_db()
            if version.state != State.READY or delivered(version) != body:
                found.append(f"{version.original_name} is {version.state}: {version.problem}")
        return found


def padded(size: int) -> bytes:
    """A PDF of so many bytes."""
    return PDF.replace(b"x" * 3000, b"x" * (3000 + size - len(PDF)))


def reconcile() -> None:
    call_command("sync_billing", stdout=StringIO())


def fingerprints() -> dict[str, tuple[int, str]]:
    """Return every table's number of rows and a sum over all their values, whatever their order."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            of = connection.ops.quote_name(table)
            cursor.execute(f"SELECT count(*), COALESCE(sum({ROW_SUM}), 0)::text FROM {of} t")  # noqa: S608 - a table's own name
            found[table] = cursor.fetchone()
    return found


def lose() -> None:
    """Drop the database, with whoever is in it."""
    connections.close_all()
    given = connection.settings_dict
    # From another one: nobody can drop the database that they are in.
    elsewhere = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    with psycopg.connect(dbname="template1", autocommit=True, **elsewhere) as server:
        name = sql.Identifier(given["NAME"])
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))


def restore(dump: Path) -> None:
    program(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={database_url()}", dump
    )


def program(name: str, *arguments: object) -> None:
    """Run one of PostgreSQL's programs. Raises RuntimeError with what it said when it fails."""
    done = subprocess.run(
        [str(find_binaries() / name), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-1000:]}")
