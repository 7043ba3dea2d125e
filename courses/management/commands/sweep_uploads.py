"""Remove what abandoned uploads left behind, and heal those that a crash broke off. Meant for a schedule, once a day."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from courses import storage, uploads
from courses.models import FileVersion

State = FileVersion.State


class Command(BaseCommand):
    help = "Cancel uploads that nobody goes on with, and finish or release those that a crash interrupted. READY files are not touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=7, help="cancel uploads begun this many days ago or earlier (7)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        old = FileVersion.objects.filter(created_at__lt=now - timedelta(days=options["days"]))
        # A check takes seconds; one that is an hour old died with its process.
        stuck = FileVersion.objects.filter(state=State.VERIFYING, created_at__lt=now - timedelta(hours=1))
        released = stuck.update(state=State.UPLOADING)
        cancelled = sum(self.tried(uploads.abort, version) for version in old.filter(state=State.UPLOADING))
        removed = sum(self.tried(remove, version) for version in old.filter(state=State.REJECTED))
        self.stdout.write(f"{cancelled} uploads cancelled, {released} released, {removed} rejected files made sure of.")

    def tried(self, act: Any, version: FileVersion) -> bool:
        """Do it; say so and go on with the others when the bucket does not answer."""
        try:
            act(version)
        except storage.StorageError as error:
            self.stderr.write(f"version {version.pk}: the bucket said {error.code}; it is tried again next time")
            return False
        return True


def remove(version: FileVersion) -> None:
    storage.delete_object(version.key)
