"""Lighthouse's marks for the public pages of the demo, on its slow phone. npm brings it, into .cache/lighthouse.

python -m bench lighthouse
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import Figure
from tests.conftest import CHROMIUM
from tests.environment import free_port

FOLDER, PACKAGE = Path(".cache/lighthouse"), "lighthouse@12.8.2"
PAGES = {
    "home": "/",
    "courses": "/courses/",
    "ebooks": "/ebooks/",
    "topic": "/topics/coast-and-sky/",
    "course": "/courses/reading-the-tide/",
    "lesson": "/courses/reading-the-tide/two-bulges/",
    "ebook": "/ebooks/slack-water/",
    "plans": "/plans/",
}
# What is asked for: 99 for performance, 100 for the rest.
CATEGORIES = {"performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100}
METRICS = {
    "largest-contentful-paint": "ms",
    "cumulative-layout-shift": "shift",
    "total-blocking-time": "ms",
    "total-byte-weight": "bytes",
}
SMALL_COVER = "covers/{year}/drawing-the-stars-480.webp"
ROUNDS, TRIES = 3, 3
PATIENCE = 180  # seconds


def program() -> Path | None:
    """Return Lighthouse's program, installed if need be; None where npm or Chromium is missing."""
    found = FOLDER / "node_modules/.bin/lighthouse"
    if not found.exists() and shutil.which("npm"):
        options = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(["npm", "install", "--prefix", str(FOLDER), *options, PACKAGE], check=True)
    return found.resolve() if found.exists() and browser() else None


def browser() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def run(lighthouse: Path, address: str) -> dict[str, Any]:
    """Return one report. Chromium does not always come up on a busy machine, so it is tried again."""
    flags = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
    chosen = f"--only-categories={','.join(CATEGORIES)}"
    trouble = ""
    for _ in range(TRIES):
        done = subprocess.run(
            [lighthouse, address, "--quiet", "--output=json", flags, chosen],
            env=os.environ | {"CHROME_PATH": str(browser())}, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return dict(json.loads(done.stdout))
        trouble = done.stderr.decode(errors="replace")
    raise RuntimeError(f"Lighthouse failed at {address}: {trouble}")


def measure() -> list[Figure]:
    """Return the median marks of each page, and what the slowest parts of it were."""
    lighthouse = program()
    if lighthouse is None:
        print("lighthouse left out: it needs npm and chromium")
        return []
    port, found = free_port(run=3), []
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("S3_", "STRIPE_"))}
    for name in ("DATABASE_URL", "SITE_URL", "DEBUG", "CACHE_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS"):
        plain.pop(name, None)
    with tempfile.TemporaryDirectory() as var:
        demo = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", str(port), "--var", var], env=plain, stdout=subprocess.DEVNULL
        )
        try:
            wait_for(Path(var) / "demo.json", demo)
            # A new demo's worker makes the covers' smaller pictures in its first moments.
            wait_for(Path(var) / "media" / SMALL_COVER.format(year=datetime.now(UTC).year), demo)
            for page, path in PAGES.items():
                reports = [run(lighthouse, f"http://127.0.0.1:{port}{path}") for _ in range(ROUNDS)]
                found += figures(page, reports)
        finally:
            demo.terminate()
            demo.wait(30)
    return found


def wait_for(file: Path, demo: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        if demo.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the demo did not start")
        time.sleep(0.5)


def figures(page: str, reports: list[dict[str, Any]]) -> list[Figure]:
    """Performance is the median; what rules decide must hold in every run."""
    made = []
    for name, wanted in CATEGORIES.items():
        marks = [100 * report["categories"][name]["score"] for report in reports]
        mark = statistics.median(marks) if name == "performance" else min(marks)
        made.append(Figure(f"lighthouse_{page}_{name}", mark, "of 100", f"{wanted} asked for", len(reports)))
    for name, unit in METRICS.items():
        value = statistics.median(report["audits"][name]["numericValue"] for report in reports)
        made.append(Figure(f"lighthouse_{page}_{name}", value, unit, "Lighthouse's slow phone", len(reports)))
    return made
