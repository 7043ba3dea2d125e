"""Run the whole suite on SQLite and on a real PostgreSQL, side by side; name at the end what was left out, and why.

    python -m tests [--complete] [pytest's own arguments]

SQLite runs everything, PostgreSQL what is marked `both`: what the two may answer differently, and whatever two connections share. What is
shown is one run at a time; the other's words wait until it is their turn.

With --complete (in CI) PostgreSQL runs every test that asks the database, but for those marked `once`, whose question both answer
alike; what tries at random tries more (tests/effort.py); and a test left out is a failure, but for the reasons in MAY_BE_LEFT_OUT.
"""

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from tests.postgres import NoPostgres, postgres

# Where half of the tests wait for sockets and for Chromium, three workers keep two cores busy.
WORKERS = int(os.environ.get("PYTEST_WORKERS", "2"))
ON_SQLITE = "not postgres"
ON_POSTGRES, ALL_ON_POSTGRES = "both and not browser and not once", "not browser and not once"
SUMMARY = re.compile(r"(=+ )?(\d+ (passed|failed|error|skipped|deselected)|no tests ran).* in [\d.]+s.*")
SKIPPED = re.compile(r"SKIPPED \[(\d+)\] ([^:]+)(?::\d+)?: (.*)")
ANSI = re.compile(r"\x1b\[[\d;]*m")
# Reasons that no package mends.
MAY_BE_LEFT_OUT = ("no wheel for this machine", "on any machine", "no older version in this clone")
NO_TESTS = 5
BYTECODE = Path(__file__).resolve().parents[1] / ".cache" / "bytecode"


@dataclass
class Run:
    """One run of pytest: how it ended, its summary line, and what it skipped. What it writes waits until it is shown."""

    database: str
    status: int = 0
    summary: str = "did not finish"
    skipped: list[tuple[int, str, str]] = field(default_factory=list)
    lines: "SimpleQueue[str | None]" = field(default_factory=SimpleQueue)

    def start(self, arguments: list[str], variables: dict[str, str], *, workers: int) -> "Run":
        pytest = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "loadgroup", "-q"]
        colour = ["--color=yes"] if sys.stdout.isatty() else []
        process = subprocess.Popen(
            pytest + arguments + colour,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        Thread(target=self.listen, args=[process]).start()
        return self

    def listen(self, process: "subprocess.Popen[str]") -> None:
        """Take what pytest writes as it comes, so that it never waits for its reader."""
        assert process.stdout is not None
        with process:
            for line in process.stdout:
                self.lines.put(line)
        self.status = 0 if process.returncode == NO_TESTS else process.returncode
        self.lines.put(None)

    def show(self) -> None:
        """Print everything it writes, from its first line to its end."""
        print(f"\n--- {self.database} ---", flush=True)
        for line in iter(self.lines.get, None):
            print(line, end="", flush=True)
            self.read(line)

    def read(self, line: str) -> None:
        plain = ANSI.sub("", line).strip()
        if SUMMARY.fullmatch(plain):
            self.summary = plain.strip("= ")
        if found := SKIPPED.match(plain):
            self.skipped.append((int(found[1]), found[2], found[3]))


def run_both(arguments: list[str], *, complete: bool) -> list[Run]:
    """Run pytest on both databases at once, and show the one and then the other."""
    sqlite, postgresql = Run("SQLite"), Run("PostgreSQL")
    with ExitStack() as server:
        started = [sqlite]
        try:
            variables = {"DATABASE_URL": server.enter_context(postgres())}
            started.append(postgresql)
        except NoPostgres as missing:
            postgresql.summary = "not run"
            postgresql.skipped.append((1, "the whole run on PostgreSQL", str(missing)))
        effort = {"TESTS_COMPLETE": "1" if complete else ""} | bytecode()
        # A run named SQLite is one, whatever DATABASE_URL says; that one names the server of the other run.
        sqlite.start(["-m", ON_SQLITE, *arguments], effort | {"DATABASE_URL": ""}, workers=WORKERS)
        if postgresql in started:
            chosen = ["-m", ALL_ON_POSTGRES if complete else ON_POSTGRES, *arguments]
            postgresql.start(chosen, effort | variables, workers=max(1, WORKERS // 2))
        for run in started:
            run.show()
    return [sqlite, postgresql]


def bytecode() -> dict[str, str]:
    """Return variables that let compiled code be kept, in a folder of its own where this machine wants none beside the sources.

    Else each of the hundred processes of a run would compile Django anew: one CPU second and more, every time.
    """
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def report(runs: list[Run], *, complete: bool) -> int:
    """Print what was left out and each run's summary; return the exit status."""
    left_out = [(count, what, why) for run in runs for count, what, why in run.skipped]
    if not complete:
        print(
            "\nOn PostgreSQL ran what it may answer otherwise than SQLite; `make test COMPLETE=1` runs all there too, and tries more."
        )
    print("\nLeft out:" if left_out else "\nNothing was left out.")
    for count, what, why in left_out:
        print(f"  {count} x {what}: {why}")
    for run in runs:
        print(f"==== {run.database}: {run.summary} ====")
    if any(run.status for run in runs):
        return 1
    missed = [what for _, what, why in left_out if not any(reason in why for reason in MAY_BE_LEFT_OUT)]
    if complete and missed:
        print("Nothing may be left out here.")
        return 1
    return 0


def main(arguments: list[str]) -> int:
    complete = "--complete" in arguments
    arguments = [argument for argument in arguments if argument != "--complete"]
    started = time.monotonic()
    status = report(run_both(arguments, complete=complete), complete=complete)
    print(f"{'All green' if status == 0 else 'Not green'} after {time.monotonic() - started:.0f} s.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
