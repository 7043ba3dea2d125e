"""An upload through the browser beside the AWS CLI's `s3 cp` of the same gigabyte into the same bucket, in turns.

The CLI comes from PyPI into an environment of its own, which goes away with the bench.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.conf import settings

from bench.desk import GIB, MIB, bucket, desk, film
from bench.report import Figure

ROUNDS, SIZE = 3, GIB
GIGABIT = 125_000_000  # bytes a second


def command_line(folder: Path) -> Path:
    """Install the AWS CLI; return its program. Raises CalledProcessError where it cannot be had."""
    place = folder / "aws"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run([place / "bin" / "pip", "install", "--quiet", "awscli"], check=True, stderr=subprocess.DEVNULL)
    return place / "bin" / "aws"


def copy(aws: Path, endpoint: str, source: Path, name: str) -> float:
    """Upload with the CLI; return its seconds."""
    keys = {"AWS_ACCESS_KEY_ID": "OWNER", "AWS_SECRET_ACCESS_KEY": "owner-secret", "AWS_CONFIG_FILE": os.devnull}
    target = f"s3://{settings.S3_BUCKET}/content/{name}"
    command = [str(aws), "s3", "cp", str(source), target, "--endpoint-url", endpoint, "--region", settings.S3_REGION]
    began = time.monotonic()
    subprocess.run([*command, "--only-show-errors"], env=os.environ | keys, check=True)
    return time.monotonic() - began


def side_by_side(folder: Path, aws: Path, **line: int) -> tuple[list[float], list[float], list[float]]:
    """Upload in turns into a bucket behind this line; return the seconds of the browser, of the CLI, and of the worker's check."""
    ours, theirs, checks = [], [], []
    source = film(folder, SIZE)
    with bucket(folder / "bucket", **line) as endpoint, desk(folder, endpoint) as at:
        copy(aws, endpoint, film(folder, 32 * MIB), "warm")
        at.upload(film(folder, 32 * MIB))
        for turn in range(ROUNDS):
            theirs.append(copy(aws, endpoint, source, f"turn-{turn}"))
            version, took = at.upload(source)
            ours.append(took)
            checks.append(at.checked(version))
    return ours, theirs, checks


def measure() -> list[Figure]:
    """Return the browser's throughput as a ratio to the CLI's, over a gigabit's line and over one that carries what both can give.

    Beside no limit, all of it shares this machine's processors: the bucket, and the reading, summing and sending of a gigabyte.
    """
    figures = []
    with tempfile.TemporaryDirectory() as name:
        aws = command_line(Path(name))
        for suffix, line, words in (("", {}, "no limit"), ("_gigabit", {"rate": GIGABIT}, "a line of 1 Gbit/s")):
            (folder := Path(name) / (suffix or "unlimited")).mkdir()
            ours, theirs, checks = side_by_side(folder, aws, **line)
            ratio = statistics.median(there / here for there, here in zip(theirs, ours, strict=True))
            beside = f"aws s3 cp of the same 1 GiB into the same embedded bucket, in turns; {words}"
            here, there = (SIZE / 1e6 / statistics.median(seconds) for seconds in (ours, theirs))
            figures += [
                Figure(f"upload_throughput{suffix}_ratio", ratio, "ratio", beside, ROUNDS),
                Figure(f"upload_throughput{suffix}", here, "MB/s", f"Chromium, sums signed in; {words}", ROUNDS),
                Figure(f"upload_throughput{suffix}_aws_cli", there, "MB/s", f"aws s3 cp; {words}", ROUNDS),
            ]
    check = SIZE / 1e6 / statistics.median(checks)
    return [*figures, Figure("upload_check", check, "MB/s", "the worker reads and sums it all", ROUNDS)]
