"""What a site stands on goes away, one part at a time: the cache, the mail server, the worker, the disk of the database."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from bench.faults import clicks, lives
from bench.faults.audit import database_url, wrong
from bench.faults.fleet import fleet
from billing import grants
from billing.catalogue import mirror_catalogue
from billing.models import Notice, WebhookEvent
from sandbox.stripe import StripeServer
from tests import build

CACHE = "fault_cache"
LONGEST = 300.0  # seconds in which what waited must be done
# A dead worker's task is taken up after its lease, and a failed one after its pause: seconds.
PATIENCE = 600


@dataclass
class Outcome:
    """What each part's absence did: lines of failures, and how long the rest took in seconds."""

    wrong: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        return f"{dict(self.tried)}; {len(self.wrong)} wrong; {took}"


@contextmanager
def variables(**wanted: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def without_cache(found: Outcome, *, rounds: int) -> None:
    """Doors that count tries stay closed, in plain words; a download asks no cache."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {CACHE} (cache_key varchar(255) PRIMARY KEY, value text, expires timestamptz)"
        )
    member, file = build.person(), build.file(build.ebook(access="free"))
    member.set_password("a long enough password")
    member.save()
    cookie = clicks.cookie_of(member)
    doors = {"/account/login/": {"login": member.email, "password": "a long enough password"}}
    doors |= {"/account/password/reset/": {"email": member.email}, "/account/login/code/": {"email": member.email}}
    anonymous = f"{settings.CSRF_COOKIE_NAME}={clicks.TOKEN}"
    with variables(CACHE_URL=f"db://{CACHE}"), fleet(database_url(), quick=True) as site:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {CACHE}")
        for _ in range(rounds):
            for path, form in doors.items():
                status = clicks.request(site.connect, "POST", path, anonymous, **form).status
                found.tried["doors without a cache"] += 1
                if status != 503:
                    found.wrong.append(f"without a cache {path} answered {status}")
            status = clicks.request(site.connect, "GET", file.get_absolute_url(), cookie).status
            found.tried["downloads without a cache"] += 1
            if status != 302:
                found.wrong.append(f"without a cache a download got {status}")


def while_mail_dies(found: Outcome, *, notices: int, nth: tuple[int, ...]) -> None:
    """No mail server at first: nothing is lost. Then a worker that dies right after a mail is out: it goes out again, as the same mail."""
    plan_of = build.plan()
    for _ in range(notices):
        grants.give(build.person().pk, plan_of, reason="a test", given_by=None, ends_at=None, now=timezone.now())
    with worker(EMAIL_URL="smtp://127.0.0.1:9"):
        time.sleep(6)
    waiting = Notice.objects.waiting().count()
    if waiting != notices:
        found.wrong.append(f"without a mail server {notices - waiting} notices were lost")
    Notice.objects.waiting().update(not_before=None)
    with tempfile.TemporaryDirectory() as folder:
        began, deaths = time.monotonic(), 0
        plan = ",".join(f"F8:{one}:kill9" for one in nth)
        while Notice.objects.waiting().exists() and time.monotonic() - began < PATIENCE:
            with worker(EMAIL_URL=f"file:///{folder}", FAULT_PLAN=plan, FAULT_LEASE="5", counts=folder) as process:
                while (
                    process.poll() is None and Notice.objects.waiting().exists() and time.monotonic() - began < PATIENCE
                ):
                    time.sleep(0.2)
                deaths += process.poll() == -signal.SIGKILL
        found.seconds["mail"] = time.monotonic() - began
        ids = [
            line
            for path in Path(folder).glob("*.log")
            for line in path.read_text().splitlines()
            if line.startswith("Message-ID")
        ]
    found.tried["mails"] += notices
    found.tried["workers that died with a mail out"] += deaths
    if Notice.objects.exclude(sent_at=None).count() != notices or len(set(ids)) != notices:
        found.wrong.append(f"{notices} notices, {len(set(ids))} different mails went out")
    if len(ids) > notices + deaths:
        found.wrong.append(f"{len(ids)} mails for {notices} notices and {deaths} deaths")


def after_a_rest(found: Outcome, stripe: StripeServer, *, bells: int, customers: int) -> None:
    """The worker was away for an hour in which bells were recorded and not acted on: it drains them, and each holds."""
    price = lives.plan(stripe, "Basic", 1200)[0]
    mirror_catalogue()
    people = [build.person().pk for _ in range(customers)]
    names = [lives.join(stripe, person, settings.SITE_URL, price) for person in people]
    then = timezone.now() - timedelta(hours=1)
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            stripe_id=f"evt_late_{number}",
            type="customer.subscription.updated",
            object_id="sub_x",
            customer_id=names[number % customers],
            livemode=settings.STRIPE_LIVEMODE,
            created_at=then,
        )
        for number in range(bells)
    )
    WebhookEvent.objects.update(received_at=then)
    began = time.monotonic()
    with worker():
        while WebhookEvent.objects.unhandled().exists() and time.monotonic() - began < 900:
            time.sleep(0.5)
    found.seconds["backlog"] = time.monotonic() - began
    left = WebhookEvent.objects.unhandled().count()
    found.tried["bells that waited"] += bells
    found.wrong += wrong(stripe, people)
    if left or found.seconds["backlog"] > LONGEST:
        found.wrong.append(f"{left} of {bells} bells are left after {found.seconds['backlog']:.0f} s")


def on_a_full_disk(found: Outcome, *, rounds: int) -> None:
    """The disk under the database fills up: what must be written is refused, and all is well once there is room. Needs root, for a disk."""
    with tempfile.TemporaryDirectory(prefix="disk") as name:
        place = Path(name)
        if (
            os.geteuid()
            or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", place], check=False).returncode
        ):
            found.tried["full disks (none: no right to mount one)"] += 0
            return
        place.chmod(0o755)
        try:
            program = [sys.executable, "-m", "bench.faults.full", str(place), str(rounds)]
            with variables(DATABASE_URL="", TMPDIR=name):
                done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=300)
            found.tried["clicks on a full disk"] += rounds
            if done.returncode:
                found.wrong.append(f"on a full disk: {(done.stdout + done.stderr)[-600:]}")
        finally:
            subprocess.run(["umount", "-l", place], check=False)


@contextmanager
def worker(*, counts: str = "", **wanted: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker on this database until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        given = os.environ | {"DATABASE_URL": database_url(), "FAULT_FOLDER": counts or folder} | wanted
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen([sys.executable, "-m", "bench.faults.hand"], env=given, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)
