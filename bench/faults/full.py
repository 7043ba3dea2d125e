"""A site whose database lies on a disk of its own, which is filled: python -m bench.faults.full <folder on that disk> <clicks>

Ends with 1 when a click is let through without its row, when a refusal is no plain 503, or when it does not work again afterwards.
"""

import os
import subprocess
import sys
from pathlib import Path

import django

import bench.environment  # noqa: F401 - before anything reads the settings
from tests.postgres import postgres


def main(place: str, rounds: str) -> int:
    if "--inside" not in sys.argv:
        with postgres() as url:
            command = [sys.executable, "-m", "bench.faults.full", place, rounds, "--inside"]
            return subprocess.run(
                command, env=os.environ | {"DATABASE_URL": url, "TMPDIR": str(Path(place).parent)}, check=False
            ).returncode

    return inside(place, int(rounds))


def inside(place: str, rounds: int) -> int:
    """Click before, while and after the disk is full. Returns 1 when something was not as it should be."""
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs Django

    from bench.faults import clicks  # noqa: PLC0415
    from bench.faults.audit import database_url  # noqa: PLC0415
    from bench.faults.fleet import fleet  # noqa: PLC0415
    from courses.models import Download  # noqa: PLC0415
    from tests import build  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    person, file = build.person(), build.file(build.ebook(access="free"))
    cookie, wrong = clicks.cookie_of(person), []
    filler = Path(place) / "filler"
    with fleet(database_url(), quick=True) as site:
        before = clicks.request(site.connect, "GET", file.get_absolute_url(), cookie).status
        fill(filler)
        seen = [clicks.request(site.connect, "GET", file.get_absolute_url(), cookie).status for _ in range(rounds)]
        filler.unlink()
        after = clicks.request(site.connect, "GET", file.get_absolute_url(), cookie).status
    wrong += [f"a click got {status}" for status in seen if status not in (302, 503)]
    if (before, after) != (302, 302):
        wrong.append(f"{before} before, {after} after")
    if (rows := Download.objects.count()) != seen.count(302) + 2:
        wrong.append(f"{rows} rows for {seen.count(302) + 2} links")
    print(*wrong, f"{seen.count(302)} links, {seen.count(503)} refusals while it was full", sep="\n")
    return 1 if wrong else 0


def fill(filler: Path) -> None:
    """Leave not a block on the disk."""
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            pass


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
