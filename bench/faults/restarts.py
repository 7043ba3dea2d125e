"""PostgreSQL crashes, and is away for a while, in the middle of deliveries and downloads: refusals only while it is away, nothing lost.

A crash is a backend killed by SIGKILL: PostgreSQL then throws every session out and recovers from its log, as after a power cut of
its own. Only a server of the run's own may be treated so; `python -m bench.faults` starts one.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from bench.faults import clicks, lives
from bench.faults.audit import Audit, audit, database_url
from bench.faults.deliveries import Story
from bench.faults.fleet import Fleet, fleet
from bench.faults.postman import Postman
from bench.faults.wire import wire
from billing.catalogue import mirror_catalogue
from sandbox.stripe import StripeServer
from tests import build

HEALED = 5.0  # seconds after the database is back in which a click may still fail


@dataclass
class Outcome:
    """Seconds; a refusal is a click of a member that got anything but a link."""

    audit: Audit = field(default_factory=Audit)
    deliveries: int = 0
    crashes: int = 0
    clicks: int = 0
    refused: int = 0
    late: list[str] = field(default_factory=list)
    healing: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0

    def failures(self) -> list[str]:
        return [*self.audit.failures(), *self.late]

    def __str__(self) -> str:
        return (
            f"{self.deliveries} deliveries and {self.clicks} clicks in {self.seconds:.0f} s over {self.crashes} troubles: "
            f"{self.refused} clicks refused, {len(self.late)} of them later than {HEALED:.0f} s after, links again after "
            f"{max(self.healing, default=0):.1f} s at most; "
            f"{len(self.audit.lost)} events lost, {len(self.audit.wrong)} wrong, {len(self.audit.doubled)} doubled; {dict(self.statuses)}"
        )


def run(stripe: StripeServer, people: list[int], *, deliveries: int, crashes: int, away: float) -> Outcome:
    """Deliver and click while the database crashes so often, and once is unreachable for `away` seconds."""
    began, found = time.monotonic(), Outcome()
    with connection.cursor() as cursor:
        # A test's server forgets its last moments when it crashes. One that a site stands on does not.
        cursor.execute(
            f"ALTER DATABASE {connection.ops.quote_name(settings.DATABASES['default']['NAME'])} SET synchronous_commit = on"
        )
    prices = lives.plan(stripe, "Basic", 1200, 12000) + lives.plan(stripe, "Pro", 3000)
    mirror_catalogue()
    member = build.person()
    file = build.file(build.ebook(access="members"))
    here = connection.settings_dict
    with wire(int(here["PORT"])) as line:
        url = database_url().replace(f":{here['PORT']}/", f":{line.port}/")
        with fleet(url) as site:
            postman = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=3, hands=16)
            postman.start()
            lives.join(stripe, member.pk, settings.SITE_URL, prices[0])
            position, events = lives.events_since(stripe, 0)
            postman.give(events)
            postman.rest(30)
            watch = Watch(site, file.get_absolute_url(), clicks.cookie_of(member), found)
            # Nobody here may be in a session that the crash would end.
            connections.close_all()
            watch.start()
            story = Story(stripe, postman, prices, random.Random(1), position=position)
            telling = threading.Thread(
                target=story.play, args=(people,), kwargs={"events": deliveries // 3}, daemon=True
            )
            telling.start()
            for _ in range(crashes):
                time.sleep(3)
                watch.trouble(crash)
            time.sleep(2)
            watch.trouble(partial(line.fail, away))
            telling.join(300)
            postman.finish(300)
            time.sleep(HEALED)
            watch.end()
    found.deliveries, found.crashes = sum(postman.statuses.values()), crashes + 1
    found.audit = audit(stripe, [*people, member.pk], postman.answered)
    found.seconds = time.monotonic() - began
    return found


class Watch:
    """A member who clicks ten times a second, and holds each refusal against the times at which the database was away."""

    def __init__(self, site: Fleet, path: str, cookie: str, found: Outcome) -> None:
        self.site, self.path, self.cookie, self.found = site, path, cookie, found
        self.troubles: list[tuple[float, float]] = []
        self.answers: list[tuple[float, float, int]] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.click, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def click(self) -> None:
        while not self.over.wait(0.1):
            began = time.monotonic()
            answer = clicks.request(self.site.connect, "GET", self.path, self.cookie)
            self.answers.append((began, time.monotonic(), answer.status))

    def trouble(self, make: Callable[[], None]) -> None:
        began = time.monotonic()
        make()
        self.troubles.append((began, time.monotonic()))

    def end(self) -> None:
        self.over.set()
        self.thread.join(60)
        found = self.found
        found.clicks = len(self.answers)
        found.statuses.update(status for _, _, status in self.answers)
        for began, _, status in self.answers:
            if status == 302:
                continue
            found.refused += 1
            if not any(start - 1 <= began <= end + HEALED for start, end in self.troubles):
                found.late.append(f"a click got {status} while the database was there")
        for _, end in self.troubles:
            good = [when for began, when, status in self.answers if status == 302 and began >= end]
            found.healing.append(min(good, default=end + 999) - end)
        if max(found.healing, default=0) > HEALED:
            found.late.append(f"links came back only after {max(found.healing):.1f} s")


def crash() -> None:
    """Kill one session of the site's, and wait for the server to take new ones. Raises RuntimeError for one that is not of this machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
        )
        row = cursor.fetchone()
    connection.close()
    if row is None:
        return
    if Path(f"/proc/{row[0]}/comm").read_text().strip() != "postgres":
        raise RuntimeError("the database is no server of this machine's")
    os.kill(row[0], signal.SIGKILL)
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        time.sleep(0.05)
        try:
            connection.ensure_connection()
        except Exception:  # noqa: BLE001 - it is away, as it should be
            connection.close()
            continue
        connection.close()
        return
    raise RuntimeError("the database did not come back")
