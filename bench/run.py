"""Measure everything that is asked for, print it, and write var/bench.json. Started by `python -m bench`."""

import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

import bench.environment  # noqa: F401 - before anything reads the settings

django.setup()

from bench import bells, click, dashboard, lighthouse, passing, searching, signing, uploads, weight  # noqa: E402 - models can be imported only once Django is set up
from bench.report import write  # noqa: E402
from sandbox.s3 import BucketServer, Identity  # noqa: E402

PARTS = {
    "click": click.measure,
    "bells": bells.measure,
    "signing": signing.measure,
    "passing": passing.measure,
    "dashboard": dashboard.measure,
    "searching": searching.measure,
    "lighthouse": lighthouse.measure,
    "uploads": uploads.measure,
    "weight": weight.measure,
}


def bucket(root: Path) -> BucketServer:
    return BucketServer(
        root,
        bucket=settings.S3_BUCKET,
        region=settings.S3_REGION,
        identities={name: Identity(name, *pair) for name, pair in settings.S3_IDENTITIES.items()},
        cors_origins=[],
        port=int(urlsplit(settings.S3_ENDPOINT_URL).port or 0),
    )


def main(wanted: list[str]) -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    with tempfile.TemporaryDirectory() as folder, bucket(Path(folder)):
        for name, measure in PARTS.items():
            if not wanted or name in wanted:
                if connection.vendor == "postgresql":
                    call_command("flush", verbosity=0, interactive=False)  # No part counts another's rows.
                figures = measure()
                write(figures)
                print(*figures, sep="\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
