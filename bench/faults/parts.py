"""What a site stands on goes away, one part at a time: the cache, the mail server, the worker (with much to do), the disk under PostgreSQL."""

import os
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bench.faults import clicks, lives
from bench.faults.audit import database_url
from bench.faults.fleet import fleet
from billing import events
from billing.catalogue import mirror_catalogue
from billing.models import Notice, WebhookEvent
from sandbox.stripe import StripeServer
from tests import build

CACHE = "fault_cache"


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
    call_command("createcachetable", database="default", verbosity=0)
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
        if found.wrong:
            print(site.log()[-3000:])
