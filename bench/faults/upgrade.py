"""A new version is put in as docs/operations.md says, while people read, click, watch, upload and pay: nobody is refused.

The old version is the one before the newest migration. It runs in a clone, with the libraries that are installed here; then the new one is
checked out under it, `migrate` and `sync_roles` run, the old workers go on over the new schema for a while, and gunicorn takes up the new
code at a HUP. Static files are served from where they lie. What is not committed takes no part.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings

from bench.faults import clicks, lives, requests
from bench.faults.audit import Audit, audit, database_url
from bench.faults.fleet import Fleet, fleet
from bench.faults.postman import Postman
from bench.faults.recovery import lose
from bench.faults.storage import Outcome as Storing
from bench.faults.storage import Scene, State, settle
from courses.models import FileVersion
from sandbox.stripe import StripeServer

HERE = Path(__file__).resolve().parents[2]
MIGRATIONS = "*/migrations/0*.py"
PHASES = ("old code", "new schema", "new code")
THROUGHOUT = "throughout"  # bells, which ring again until they are taken


@dataclass
class Outcome:
    """Answers by phase, what was asked, and status; what was refused, one line each."""

    old: str = ""
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    audit: Audit = field(default_factory=Audit)
    migrated: float = 0
    slowest: float = 0

    def failures(self) -> list[str]:
        refused = [
            f"{count} times {status} for {what} ({phase})" for (phase, what, status), count in self.refused().items()
        ]
        return [*refused, *self.wrong, *self.audit.failures()]

    def refused(self) -> dict[tuple[str, str, int], int]:
        return {key: count for key, count in self.answers.items() if not 200 <= key[2] < 400}

    def __str__(self) -> str:
        phases = {
            phase: sum(n for (at, _, _), n in self.answers.items() if at == phase) for phase in (*PHASES, THROUGHOUT)
        }
        return (
            f"from {self.old[:8]}: {phases} requests, {sum(self.refused().values())} of them refused, {len(self.failures())} failures; "
            f"migrate took {self.migrated:.1f} s, the slowest answer {self.slowest:.1f} s"
        )


def run(stripe: StripeServer, *, seconds: float) -> Outcome:
    """Spend so many seconds in each of three phases. Raises RuntimeError where there is no history to go back in."""
    found, new = Outcome(old=previous()), git(HERE, "rev-parse", "HEAD")
    with tempfile.TemporaryDirectory() as name, requests.bucket(Path(name)):
        tree = Path(name) / "site"
        git(HERE, "clone", "--quiet", "--shared", str(HERE), str(tree))
        git(tree, "checkout", "--quiet", found.old)
        lose()
        manage(tree, "migrate", "--verbosity=0")
        prices = lives.plan(stripe, "Basic", 1200, 12000) + lives.plan(stripe, "Pro", 3000)
        scene = made_by(tree)
        for person in scene["people"]:
            lives.join(stripe, person, settings.SITE_URL, prices[0])
        with fleet(database_url(), root=tree) as site, worker(tree) as hand:
            traffic = Traffic(stripe, site, scene, prices, found)
            with traffic:
                time.sleep(seconds)
                git(tree, "checkout", "--quiet", new)
                began = time.monotonic()
                manage(tree, "migrate", "--verbosity=0")
                found.migrated = time.monotonic() - began
                manage(tree, "sync_roles")
                traffic.phase = PHASES[1]
                time.sleep(seconds)
                before = set(site.workers())
                os.kill(site.master.pid, signal.SIGHUP)
                hand.send_signal(signal.SIGTERM)
                replaced = wait_until(lambda: bool(site.workers()) and not before & set(site.workers()), 60)
                traffic.phase = PHASES[2]
                time.sleep(seconds)
            if not replaced:
                found.wrong.append("old workers were still there a minute after the HUP")
        settle()
        found.audit = audit(stripe, scene["people"], traffic.postman.answered)
        ready = FileVersion.objects.filter(pk__in=traffic.uploads.sums, state=State.READY).count()
        if ready != len(traffic.uploads.sums):
            found.wrong.append(
                f"{len(traffic.uploads.sums) - ready} of {len(traffic.uploads.sums)} uploads do not serve"
            )
    found.wrong += traffic.storing.unfinished
    return found


class Traffic:
    """What people and Stripe send until the block ends, each answer put down under the phase in which it was asked for."""

    def __init__(
        self, stripe: StripeServer, site: Fleet, scene: dict[str, Any], prices: list[str], found: Outcome
    ) -> None:
        self.stripe, self.site, self.scene, self.prices, self.found = stripe, site, scene, prices, found
        self.phase, self.over, self.lock = PHASES[0], threading.Event(), threading.Lock()
        self.storing = Storing()
        self.uploads = Scene(site, self.storing, scene["staff"])
        self.postman = Postman(site.connect, settings.STRIPE_WEBHOOK_SECRETS[0], copies=2, hands=4)
        self.threads = [
            threading.Thread(target=self.repeat, args=(act,), daemon=True)
            for act in (self.read, self.watch, self.ring, self.upload)
        ]
        self.numbers = iter(scene["files"])

    def __enter__(self) -> None:
        self.position, events = lives.events_since(self.stripe, 0)
        self.postman.start()
        self.postman.give(events)
        self.postman.rest(60)
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        self.postman.finish(60)
        # A bell that was refused rings again, and is a refusal all the same.
        for status, count in self.postman.statuses.items():
            self.found.answers[(THROUGHOUT, "a bell", int(status) if status.isdigit() else 0)] += count

    def repeat(self, act: Callable[[Random], None]) -> None:
        rng = Random(act.__name__)
        while not self.over.wait(0.02):
            act(rng)

    def ask(self, what: str, method: str, path: str, cookie: str, **form: str) -> None:
        phase = self.phase
        answer = clicks.request(self.site.connect, method, path, cookie, **form)
        # Whoever is signed in and is sent to sign in was refused.
        status = 401 if cookie and "/account/login/" in answer.location else answer.status
        with self.lock:
            self.found.answers[(phase, what, status)] += 1
            self.found.slowest = max(self.found.slowest, answer.seconds)

    def read(self, rng: Random) -> None:
        path = rng.choice(self.scene["pages"])
        self.ask(path, "GET", path, rng.choice([self.scene["member"], ""]))
        self.ask("a page of the admin", "GET", rng.choice(self.scene["admin"]), self.scene["staff"])

    def watch(self, rng: Random) -> None:
        self.ask("a download", "GET", self.scene["file"], self.scene["member"])
        self.ask("a place", "POST", self.scene["progress"], self.scene["member"], done="1")

    def ring(self, rng: Random) -> None:
        customers = [one["id"] for one in self.stripe.store.all("customer")]
        lives.move(self.stripe, rng.choice(customers), self.prices, rng)
        self.position, events = lives.events_since(self.stripe, self.position)
        self.postman.give(events)
        self.over.wait(0.3)

    def upload(self, rng: Random) -> None:
        file = next(self.numbers, None)
        if file is None:
            self.over.wait(1)
            return
        phase, tried = self.phase, self.storing.again
        self.uploads.deliver(file, file)
        with self.lock:
            # A step that was tried again was refused once.
            self.found.answers[(phase, "an upload", 200 if self.storing.again == tried else 500)] += 1
        self.over.wait(0.3)


def previous() -> str:
    """Return the commit before the newest migration. Raises RuntimeError where git, or the history, is not there."""
    newest = git(HERE, "log", "-1", "--format=%H", "--", MIGRATIONS)
    return git(HERE, "rev-parse", "--verify", f"{newest}~1")


def made_by(tree: Path) -> dict[str, Any]:
    """Let the version in this folder make people and titles, and say where they are."""
    program = HERE / "bench" / "faults" / "upgrade_scene.py"
    done = subprocess.run(
        [sys.executable, "-P", str(program)], cwd=tree, env=variables(tree), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


@contextmanager
def worker(tree: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the background work of this folder, and start it again when it ends, until the block does."""
    command, over = [sys.executable, "manage.py", "work"], threading.Event()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=tree, env=variables(tree), **quiet)  # type: ignore[call-overload]
    running = [process]

    def again() -> None:
        process.wait()
        if not over.is_set():
            running.append(subprocess.Popen(command, cwd=tree, env=variables(tree), **quiet))  # type: ignore[call-overload]

    threading.Thread(target=again, daemon=True).start()
    try:
        yield process
    finally:
        over.set()
        for each in running:
            each.terminate()
            each.wait(60)


def variables(tree: Path) -> dict[str, str]:
    return os.environ | {"DATABASE_URL": database_url(), "PYTHONPATH": str(tree), "DEBUG": "false"}


def manage(tree: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=tree, env=variables(tree), check=True)


def git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise RuntimeError("git is not here") from error
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"git {arguments[0]}: {error.stderr.strip()}") from error
    return done.stdout.strip()


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.1)
    return False
