"""What the benches of whole pages have in common: many rows, one page's seconds, and both databases."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test import Client

from bench.report import Figure

BATCH = 5_000


def batches(rows: Iterator[Any], model: Any) -> None:
    """Insert rows many at a time, never holding more than a batch."""
    waiting: list[Any] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == BATCH:
            model.objects.bulk_create(waiting)
            waiting = []
    model.objects.bulk_create(waiting)


def analyse() -> None:
    """Do what autovacuum has done on any site that is older than a minute."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def seconds(browser: Client, path: str) -> tuple[float, float]:
    """Return how long a page took: wall time, and CPU time of this process (with SQLite that is all of the work)."""
    wall, cpu = time.perf_counter(), time.process_time()
    response = browser.get(path)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert response.status_code == 200, (path, response.status_code)
    return wall, cpu


def on_both(part: str, timed: Callable[[str], list[Figure]]) -> list[Figure]:
    """Return a part's figures on the database of this process; beside PostgreSQL, let a process of its own print those on SQLite."""
    if connection.vendor == "sqlite":
        return timed("sqlite")
    found = timed("postgresql")
    with tempfile.TemporaryDirectory() as folder:
        variables = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3"}
        flags = [argument for argument in sys.argv[1:] if argument.startswith("-")]
        subprocess.run([sys.executable, "-m", "bench.run", part, *flags], env=variables, check=True)
    return found
