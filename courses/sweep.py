"""Hold the bucket and our rows against each other, both ways: finish what a crash broke off, remove what belongs to nobody, and report.

The bytes of a READY version are never touched. A row without bytes is only told of: what to do about it is the owner's to say.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q

from courses import storage
from courses.models import FileVersion, Rekeying

logger = logging.getLogger(__name__)
State = FileVersion.State
PREFIX = "content/"
OVER = (State.REJECTED, State.ABORTED)
ABANDONED = timedelta(days=7)
# What is younger may be about to get its row: a start asks the bucket first.
GRACE = timedelta(days=1)
# A check writes down how far it has come every few seconds; one that has been silent for so long has no task any more.
SILENT = timedelta(hours=1)
# More strays than this, and more than half of the bucket: rather the wrong database than a tidy-up.
FEW = 20


@dataclass
class Report:
    """What a sweep did, in numbers, and the ids of READY versions that have no bytes."""

    adopted: int = 0
    checked_again: int = 0
    cancelled: int = 0
    objects: int = 0
    uploads: int = 0
    kept: int = 0
    silent: int = 0
    lost: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        said = [
            (
                f"{self.adopted} finished uploads taken on, {self.checked_again} checks begun again, "
                f"{self.cancelled} abandoned uploads cancelled. "
                f"Removed from the bucket: {self.objects} objects and {self.uploads} uploads that belong to nothing."
            )
        ]
        if self.kept:
            said.append(
                f"{self.kept} objects have no row here. That is most of the bucket, so none of them was removed: "
                "is this the right database? With --insist they are."
            )
        if self.lost:
            said.append(f"Ready, but without bytes in the bucket: versions {', '.join(map(str, self.lost))}.")
        if self.silent:
            said.append(f"The bucket did not answer to {self.silent} questions. They are asked again next time.")
        return "\n".join(said)


def run(
    *, now: datetime, check: Callable[[int], object], abandoned: timedelta = ABANDONED, insist: bool = False
) -> Report:
    """Sweep once. `check` begins the check of a version, by its id.

    What the bucket does not answer to is counted, and left for the next time.
    """
    broom = Broom(now, check, Report())
    broom.settle_rows(abandoned)
    with broom.answering():
        broom.clear_objects(insist=insist)
    with broom.answering():
        broom.clear_uploads()
    logger.info("uploads swept %s", " ".join(f"{name}={value}" for name, value in vars(broom.report).items()))
    return broom.report


@dataclass
class Broom:
    now: datetime
    check: Callable[[int], object]
    report: Report

    def settle_rows(self, abandoned: timedelta) -> None:
        """Bring every row that is on its way to where it belongs."""
        for version in FileVersion.objects.filter(state=State.UPLOADING).select_related("file"):
            with self.answering():
                self.settle(version, old=version.touched_at < self.now - abandoned)
        for version in FileVersion.objects.filter(state=State.VERIFYING, touched_at__lt=self.now - SILENT):
            with transaction.atomic():
                if version.move(State.VERIFYING, State.VERIFYING, touched_at=self.now):
                    self.check(version.pk)
                    self.report.checked_again += 1

    def settle(self, version: FileVersion, *, old: bool) -> None:
        """Take on what is complete in the bucket, and end what is over there or was given up."""
        if is_going_on(version):
            if old and version.move(State.UPLOADING, State.ABORTED):
                self.report.cancelled += 1
                storage.abort_multipart(version.key, version.upload_id)
                self.forget(version)
        elif is_there(version.key):
            with transaction.atomic():
                if version.move(State.UPLOADING, State.VERIFYING, touched_at=self.now):
                    self.check(version.pk)
                    self.report.adopted += 1
        elif version.move(State.UPLOADING, State.ABORTED):
            self.report.cancelled += 1
            self.forget(version)

    def forget(self, version: FileVersion) -> None:
        version.parts.all().delete()
        version.file.delete_if_empty()

    def clear_objects(self, *, insist: bool) -> None:
        """Remove objects without a row that wants them, and find rows without their object."""
        seen: set[str] = set()
        nobodys: list[str] = []
        for batch in batched(storage.list_objects(PREFIX), 500):
            rows = FileVersion.objects.filter(key__in=[each.key for each in batch])
            known = set(rows.values_list("key", flat=True))
            wanted = set(rows.exclude(state__in=OVER).values_list("key", flat=True))
            moving = self.moving([each.key for each in batch])
            known, wanted = known | moving, wanted | moving
            for each in batch:
                if each.key not in known and each.since < self.now - GRACE:
                    nobodys.append(each.key)
                elif each.key in known - wanted:
                    self.remove(each.key)
            seen.update(each.key for each in batch)
        if len(nobodys) > max(FEW, len(seen) // 2) and not insist:
            self.report.kept = len(nobodys)
        else:
            for key in nobodys:
                self.remove(key)
        ready = FileVersion.objects.ready().filter(ready_at__lt=self.now).order_by("pk")
        self.report.lost = [pk for pk, key in ready.values_list("pk", "key") if key not in seen]

    def moving(self, keys: list[str]) -> set[str]:
        """Return those keys to which bytes are just being moved, or from which they are: they are the move's to tidy up."""
        going_on = Rekeying.objects.filter(state__in=Rekeying.GOING_ON)
        pairs = going_on.filter(Q(old_key__in=keys) | Q(new_key__in=keys)).values_list("old_key", "new_key")
        return {key for pair in pairs for key in pair}

    def remove(self, key: str) -> None:
        with self.answering():
            storage.delete_object(key)
            self.report.objects += 1

    def clear_uploads(self) -> None:
        """End uploads in the bucket that no row goes on with."""
        for begun in storage.list_begun(PREFIX):
            row = FileVersion.objects.filter(key=begun.key, upload_id=begun.upload_id).first()
            moves = Rekeying.objects.filter(state__in=Rekeying.GOING_ON, new_key=begun.key, upload_id=begun.upload_id)
            wanted = (row is not None and row.state == State.UPLOADING) or moves.exists()
            if wanted or (row is None and begun.since >= self.now - GRACE):
                continue
            with self.answering():
                storage.abort_multipart(begun.key, begun.upload_id)
                self.report.uploads += 1

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Go on with the others when the bucket does not answer; what is already gone is as it should be."""
        try:
            yield
        except storage.NotThere:
            logger.debug("already gone")
        except storage.StorageError as error:
            self.report.silent += 1
            logger.warning("the bucket did not answer a sweep: %s", error.code)


def is_going_on(version: FileVersion) -> bool:
    try:
        storage.list_parts(version.key, version.upload_id)
    except storage.NotThere:
        return False
    return True


def is_there(key: str) -> bool:
    try:
        storage.head(key, by="keeper")
    except storage.NotThere:
        return False
    return True


def batched(items: Iterable[storage.Stored], size: int) -> Iterator[list[storage.Stored]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
