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


def measure() -> list[Figure]:
    """Return the browser's throughput as a ratio to the CLI's, both in MB/s, and how fast the check that follows reads."""
    ours, theirs, checks = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        aws, source = command_line(folder), film(folder, SIZE)
        with bucket(folder / "bucket") as endpoint, desk(folder, endpoint) as at:
            copy(aws, endpoint, film(folder, 32 * MIB), "warm")
            at.upload(film(folder, 32 * MIB))
            for turn in range(ROUNDS):
                theirs.append(copy(aws, endpoint, source, f"turn-{turn}"))
                version, took = at.upload(source)
                ours.append(took)
                checks.append(at.checked(version))
    ratio = statistics.median(there / here for there, here in zip(theirs, ours, strict=True))
    beside = "aws s3 cp of the same 1 GiB into the same embedded bucket, in turns"
    return [
        Figure("upload_throughput_ratio", ratio, "ratio", beside, ROUNDS),
        Figure("upload_throughput", SIZE / 1e6 / statistics.median(ours), "MB/s", "Chromium, sums signed in", ROUNDS),
        Figure("upload_throughput_aws_cli", SIZE / 1e6 / statistics.median(theirs), "MB/s", "aws s3 cp", ROUNDS),
        Figure(
            "upload_check", SIZE / 1e6 / statistics.median(checks), "MB/s", "the worker reads and sums it all", ROUNDS
        ),
    ]
