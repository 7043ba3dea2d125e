"""The bucket fails in every way while people upload and download, and workers die at the two points where the bucket knows more than we do.

Downloads are signed without asking the bucket, so each click must be answered. An upload may fail at any step, and each step is tried
again as the browser's module does; what ends as READY must be what was sent, byte for byte.
"""

import hashlib
import http.client
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from bench.faults import clicks, requests
from bench.faults.audit import database_url, percentile
from bench.faults.clicks import TOKEN, together
from bench.faults.deliveries import aimed
from bench.faults.fleet import Fleet, fleet
from config.worker import Worker
from courses import storage
from courses.models import Download, FileVersion
from sandbox.s3 import BucketServer
from tests import build
from tests.conftest import ClientFor
from tests.courses.uploads.hands import a_file
from tests.courses.uploads.samples import PDF

KINDS = ("InternalError", "SlowDown", "reset", "lost", "cut")
RATE = 0.25  # of all requests to the bucket fail
TRIES = 40
State = FileVersion.State


@dataclass
class Outcome:
    """Failures are lines; times in ms."""

    uploads: int = 0
    clicks: int = 0
    killed: int = 0
    refused: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    again: int = 0

    def failures(self) -> list[str]:
        return [*self.refused, *self.unfinished, *self.wrong]

    def __str__(self) -> str:
        return (
            f"{self.uploads} uploads and {self.clicks} clicks while the bucket failed ({dict(self.failed)}) and "
            f"{self.killed} workers died: {len(self.refused)} clicks refused, {len(self.unfinished)} uploads unfinished, "
            f"{len(self.wrong)} wrong; {self.again} steps were tried again; "
            f"clicks p99 {percentile(self.times, 0.99):.0f} ms"
        )


def run(
    *, uploads: int, clicked: int, hangs: int = 4, nth: tuple[int, ...] = (1, 10, 100), quick: bool = False
) -> Outcome:
    found = Outcome(uploads=uploads, clicks=clicked)
    plan = aimed(*nth, points=("F9", "F10"))
    member = build.person()
    file = build.file(build.ebook(access="free"))
    owner = build.person(is_staff=True, is_superuser=True)
    with tempfile.TemporaryDirectory() as folder, requests.bucket(Path(folder)) as bucket:
        with fleet(database_url(), plan=plan, quick=quick) as site:
            trouble = Trouble(bucket, found, hangs)
            scene = Scene(site, found, staff_cookie(owner))
            cookie, path = clicks.cookie_of(member), file.get_absolute_url()
            acts: list[Callable[[], Any]] = [partial(scene.upload, number) for number in range(uploads)]
            acts += [partial(scene.click, path, cookie)] * clicked
            random.Random(1).shuffle(acts)
            with trouble:
                together(acts, hands=12)
                Worker().drain(duties=False)
            found.killed = site.log().count("SIGKILL") or sum(
                site.arrivals(one) >= n for one in ("F9", "F10") for n in nth
            )
        settle()
        judge(scene, found)
    return found


def settle() -> int:
    """Let the worker come back to what failed, as it would minutes later; return how many tasks it did."""
    done = 0
    for _ in range(10):
        DBTaskResult.objects.filter(run_after__gt=timezone.now()).update(run_after=timezone.now())
        if not (some := Worker().drain(duties=False)):
            break
        done += some
    return done


class Trouble:
    """Lets a share of the bucket's requests fail, of whatever kind, until the block ends."""

    def __init__(self, bucket: BucketServer, found: Outcome, hangs: int) -> None:
        self.bucket, self.found, self.dice = bucket, found, random.Random(7)
        self.hangs = hangs

    def __enter__(self) -> None:
        for kind in KINDS:
            self.bucket.fail_next(10**9, kind=kind, match=partial(self.hit, kind))  # type: ignore[arg-type]
        # Whoever sends a part gives up after seconds; the site's own requests have longer, and hold a thread meanwhile.
        self.bucket.fail_next(self.hangs, kind="hang", match=lambda asked: asked.method == "PUT")

    def hit(self, kind: str, _: Any) -> bool:
        if self.dice.random() < RATE / len(KINDS):
            self.found.failed[kind] += 1
            return True
        return False

    def __exit__(self, *_: object) -> None:
        self.bucket.chaos.clear()


@dataclass
class Scene:
    site: Fleet
    found: Outcome
    cookie: str
    sums: dict[int, str] = field(default_factory=dict)
    traces: list[str] = field(default_factory=list)
    unanswered: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def click(self, path: str, cookie: str) -> None:
        """Click, and once more where the worker died under it, as people do."""
        for _ in range(3):
            answer = clicks.request(self.site.connect, "GET", path, cookie)
            self.found.times.append(answer.seconds)
            if answer.status == 302:
                self.traces += parse_qs(urlsplit(answer.location).query)["x-dl"]
                return
            if answer.status:
                break
            with self.lock:
                self.unanswered += 1
            time.sleep(0.2)
        self.found.refused.append(f"a click got {answer.status}")

    def upload(self, number: int) -> None:
        self.deliver(str(a_file(f"{number}.pdf").pk), number)

    def deliver(self, file: str, number: int | str) -> None:
        """Upload a document that is like no other to this file."""
        body = PDF.replace(b"\n", f"\n% {number}\n".encode(), 1)
        name = {"file": file, "name": f"{number}.pdf", "size": len(body), "sums": True}
        began = self.persist(lambda: self.ask(reverse("admin:courses_upload_start"), name))
        if began is None:
            self.found.unfinished.append(f"upload {number} could not begin")
            return
        version, sha256 = began["version"], hashlib.sha256(body).hexdigest()
        with self.lock:
            self.sums[version] = sha256
        sent = self.persist(lambda: self.send(version, body, sha256))
        ended = sent and self.persist(lambda: self.ask(reverse("admin:courses_upload_finish", args=[version]), {}))
        if not ended:
            self.found.unfinished.append(f"upload {number} was not taken")

    def persist(self, step: Callable[[], Any]) -> Any:
        """Try a step again until it is done, as the browser's module does; None where it never was."""
        for number in range(TRIES):
            if done := step():
                return done
            self.found.again += 1
            time.sleep(min(1.0, 0.05 * 2**number) * random.uniform(0.5, 1))
        return None

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        connection = self.site.connect()
        headers = {"Cookie": self.cookie, "X-CSRFToken": TOKEN, "Content-Type": "application/json"}
        with suppress(OSError, http.client.HTTPException, ValueError):
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            return json.loads(text) if answer.status == 200 else None
        connection.close()
        return None

    def send(self, version: int, body: bytes, sha256: str) -> bool:
        signed = self.ask(reverse("admin:courses_upload_sign", args=[version]), {"numbers": [1], "sums": [sha256]})
        if not signed:
            return False
        part, status = signed["parts"][0], 0
        target = urlsplit(part["url"])
        connection = http.client.HTTPConnection(target.netloc, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            connection.request("PUT", f"{target.path}?{target.query}", body, part["headers"])
            status = connection.getresponse().status
        connection.close()
        return status == 200


def staff_cookie(person: User) -> str:
    browser = ClientFor(person)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


def judge(scene: Scene, found: Outcome) -> None:
    """Hold every row against the bytes that were sent, and every URL that was handed out against its row."""
    rows = {row.pk: row for row in FileVersion.objects.filter(pk__in=scene.sums)}
    for pk, sha256 in scene.sums.items():
        row = rows.get(pk)
        if row is None or row.state != State.READY:
            found.unfinished.append(f"version {pk} is {row and row.state}: {row and row.problem}")
        elif row.sha256 != sha256 or hashlib.sha256(storage.read_range(row.key, 0, row.size)).hexdigest() != sha256:
            found.wrong.append(f"version {pk} holds other bytes than were sent")
    keys = set(storage.list_keys("content/"))
    found.wrong += [f"{key} belongs to no row" for key in keys - {row.key for row in rows.values()}]
    known = {str(pk) for pk in Download.objects.values_list("pk", flat=True)}
    found.wrong += [f"{trace} was handed out and has no row" for trace in scene.traces if trace not in known]
    if len(known) > len(scene.traces) + scene.unanswered:
        found.wrong.append(
            f"{len(known)} rows for {len(scene.traces)} URLs and {scene.unanswered} clicks without an answer"
        )
