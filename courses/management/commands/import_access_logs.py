"""Take in the bucket's access log: from files, from standard input, or from where the settings say that it is kept."""

import gzip
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from courses import fetched, storage

LONGEST_LINE = 64 * 1024


class Command(BaseCommand):
    help = "Read S3 server access logs: which links were fetched, how much of it, from where. The same lines may be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="*", help="log files, .gz too, or “-” for standard input; none: S3_LOG_BUCKET"
        )
        parser.add_argument(
            "--days", type=int, default=fetched.LATE.days, help="from the bucket: what came in so many days"
        )

    def handle(self, *args: Any, files: list[str], days: int, **options: Any) -> None:
        report = fetched.Report()
        if not files and not settings.S3_LOG_BUCKET:
            raise CommandError("Name log files, or set S3_LOG_BUCKET and S3_LOG_PREFIX.")
        try:
            for name in files:
                fetched.take_in(lines_of(name), report)
            if not files:
                fetched.take_in_bucket(since=timezone.now() - timedelta(days=days), report=report)
        except (OSError, EOFError) as error:
            raise CommandError(f"{report}\nThen a file could not be read: {error}.") from None
        except storage.StorageError as error:
            raise CommandError(f"{report}\nThen the bucket refused, or was not reached: {error.code}.") from None
        self.stdout.write(str(report))


def lines_of(name: str) -> Iterator[str]:
    """Yield the lines of a file without ever holding one that does not end. Raises OSError."""
    if name == "-":
        yield from bounded(sys.stdin.buffer)
        return
    path = Path(name)
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
        yield from bounded(source)


def bounded(source: Any) -> Iterator[str]:
    while line := source.readline(LONGEST_LINE):
        yield line.decode("utf-8", "replace")
