"""Run the whole suite: on SQLite, then on a real PostgreSQL; name at the end what was left out, and why.

    python -m tests [--complete] [pytest's own arguments]

With --complete (in CI) a test left out is a failure, but for the reasons in MAY_BE_LEFT_OUT.
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

from tests.postgres import NoPostgres, postgres

# These do not depend on the database, or take a browser; once is enough.
ONCE_ONLY = ["--ignore=tests/sandbox", "--ignore=tests/house", "--ignore=tests/demo", "--ignore=tests/browser"]
SUMMARY = re.compile(r"(=+ )?(\d+ (passed|failed|error|skipped|deselected)|no tests ran).* in [\d.]+s.*")
SKIPPED = re.compile(r"SKIPPED \[(\d+)\] ([^:]+)(?::\d+)?: (.*)")
ANSI = re.compile(r"\x1b\[[\d;]*m")
# Reasons that hold on any machine.
MAY_BE_LEFT_OUT = ("no wheel for this machine", "on any machine")
NO_TESTS = 5


@dataclass
class Run:
    """One run of pytest: how it ended, its summary line, and what it skipped."""

    database: str
    status: int = 0
    summary: str = "did not finish"
    skipped: list[tuple[int, str, str]] = field(default_factory=list)

    def read(self, line: str) -> None:
        plain = ANSI.sub("", line).strip()
        if SUMMARY.fullmatch(plain):
            self.summary = plain.strip("= ")
        if found := SKIPPED.match(plain):
            self.skipped.append((int(found[1]), found[2], found[3]))


def run_pytest(database: str, arguments: list[str], variables: dict[str, str]) -> Run:
    """Run pytest on two workers, show what it writes as it comes, and return how it went."""
    run = Run(database)
    print(f"\n--- {database} ---", flush=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        os.environ.get("PYTEST_WORKERS", "2"),
        "--dist",
        "loadgroup",
        "-q",
        *arguments,
    ]
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    with subprocess.Popen(command + colour, stdout=subprocess.PIPE, text=True, env=os.environ | variables) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            run.read(line)
    run.status = 0 if process.returncode == NO_TESTS else process.returncode
    return run


def on_postgres(arguments: list[str]) -> Run:
    try:
        with postgres() as url:
            return run_pytest("PostgreSQL", ["-m", "not browser", *ONCE_ONLY, *arguments], {"DATABASE_URL": url})
    except NoPostgres as missing:
        run = Run("PostgreSQL", summary="not run")
        run.skipped.append((1, "the whole run on PostgreSQL", str(missing)))
        return run


def report(runs: list[Run], *, complete: bool) -> int:
    """Print what was left out and each run's summary; return the exit status."""
    left_out = [(count, what, why) for run in runs for count, what, why in run.skipped]
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
    # A run named SQLite is one, whatever DATABASE_URL says; that one names the server of the second run.
    runs = [run_pytest("SQLite", ["-m", "not postgres", *arguments], {"DATABASE_URL": ""}), on_postgres(arguments)]
    status = report(runs, complete=complete)
    print(f"{'All green' if status == 0 else 'Not green'} after {time.monotonic() - started:.0f} s.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
