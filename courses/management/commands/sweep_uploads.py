"""Hold bucket and database against each other now; the worker does it once a day by itself."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from courses import sweep, tasks


class Command(BaseCommand):
    help = (
        "Cancel uploads that nobody goes on with, take on those that a crash broke off, and remove from the bucket what belongs to "
        "no file. READY files are not touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=7, help="cancel uploads that have not gone on for this many days (7)"
        )
        parser.add_argument(
            "--insist", action="store_true", help="remove objects without a row even where they are most of the bucket"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        abandoned = timedelta(days=options["days"])
        report = sweep.run(
            now=timezone.now(), check=tasks.verify.enqueue, abandoned=abandoned, insist=options["insist"]
        )
        self.stdout.write(str(report))
