"""Uploads: from the browser straight to the bucket, one path for every size, READY only after we have looked.

The server starts the multipart upload, signs its parts, completes it from the bucket's own list of parts; a task then reads what arrived
(courses.verification). The browser names no key, no bucket and no ACL. docs/uploads.md tells the whole of it.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from config import audit
from courses import acceptance, storage, tasks, timing
from courses.acceptance import Announced, UploadRefused
from courses.models import File, FileVersion, UploadPart

logger = logging.getLogger(__name__)
State = FileVersion.State
MAX_BATCH = 100
SHA256 = re.compile(r"[0-9a-f]{64}")


class PartsMissing(UploadRefused):
    """The upload cannot be finished: `numbers` have not arrived, or not whole."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__(_("Parts of the file have not arrived yet: %(count)s.") % {"count": len(numbers)})
        self.numbers = numbers


@dataclass(frozen=True)
class SignedPart:
    """One part to PUT: its number, its offset and size in bytes, the URL to PUT it to, and the headers to send with it."""

    number: int
    offset: int
    size: int
    url: str
    headers: dict[str, str] = field(default_factory=dict)


def start(
    file: File,
    announced: Announced,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    request: HttpRequest | None = None,
) -> FileVersion:
    """Begin an upload: a version in state UPLOADING, and a multipart upload in the bucket under a key of our choosing.

    Raises UploadRefused for what is not taken, StorageError when the bucket cannot be reached; then nothing is left.
    """
    version = FileVersion(
        file=file,
        content_type=acceptance.check(file.role, announced),
        original_name=announced.name[-255:],
        size=announced.size,
        part_size=acceptance.part_size(announced.size),
        fingerprint=announced.fingerprint[:100],
        uploaded_by=by,
        created_at=now,
        touched_at=now,
    )
    if announced.sums:
        version.upload_id, version.sums_held = storage.create_checked_multipart(version.key, version.content_type)
    else:
        version.upload_id = storage.create_multipart(version.key, version.content_type)
    with transaction.atomic():
        version.save(force_insert=True)
        recorded("started", version, request)
    logger.info("upload started version=%s file=%s size=%s user=%s", version.pk, file.pk, version.size, by and by.pk)
    return version


def sign_parts(
    version: FileVersion, numbers: Sequence[int], sums: Sequence[str] = (), *, now: datetime
) -> list[SignedPart]:
    """Sign PUT URLs for these parts, each good for its exact length and for minutes only. Raises UploadRefused.

    `sums` are the SHA-256 of the same parts, in hex. They are kept for the check; where the bucket holds parts against them, they are
    signed into the URLs, and cannot be left out.
    """
    if version.state != State.UPLOADING:
        raise UploadRefused(_("This upload is over."))
    if not 1 <= len(numbers) <= MAX_BATCH or len(set(numbers)) != len(numbers):
        raise UploadRefused(_("Ask for 1 to 100 different parts at a time."))
    if not all(1 <= number <= version.part_count for number in numbers):
        raise UploadRefused(_("There is no such part of this file."))
    if (sums or version.sums_held) and len(sums) != len(numbers):
        raise UploadRefused(_("Give the SHA-256 of each part."))
    if not all(SHA256.fullmatch(each) for each in sums):
        raise UploadRefused(_("A SHA-256 has 64 digits, 0 to 9 and a to f."))
    said = dict(zip(numbers, sums, strict=False))
    UploadPart.objects.bulk_create(
        [UploadPart(version=version, number=number, sha256=sha256) for number, sha256 in said.items()],
        update_conflicts=True,
        unique_fields=["version", "number"],
        update_fields=["sha256"],
    )
    FileVersion.objects.filter(pk=version.pk).update(touched_at=now)
    return [_signed(version, number, said.get(number, "")) for number in numbers]


def _signed(version: FileVersion, number: int, sha256: str) -> SignedPart:
    size, held = version.size_of_part(number), sha256 if version.sums_held else ""
    signed = storage.sign_part(version.key, version.upload_id, number, size=size, ttl=settings.UPLOAD_TTL, sha256=held)
    return SignedPart(number, (number - 1) * version.part_size, size, signed.url, storage.part_headers(held))


def parts_there(version: FileVersion) -> dict[int, str]:
    """Return the parts that the bucket holds whole, each with the SHA-256 (hex) that was said of it, or an empty string.

    A resumed upload need not send them again, once its file has shown that it has the same. Raises StorageError.
    """
    if version.state != State.UPLOADING:
        return {}
    said = dict(version.parts.values_list("number", "sha256"))
    parts = storage.list_parts(version.key, version.upload_id)
    return {part.number: said.get(part.number, "") for part in parts if part.size == version.size_of_part(part.number)}


def finish(version: FileVersion, *, now: datetime, request: HttpRequest | None = None) -> FileVersion:
    """Complete the upload in the bucket, and have it checked: VERIFYING, until a task has read what arrived.

    Finishing twice gives the same answer. Raises PartsMissing, UploadRefused for an upload that was cancelled, StorageError when the
    bucket fails: the upload then stays as it was, and can be finished again.
    """
    if version.state == State.UPLOADING:
        _complete(version)
        with transaction.atomic():
            if version.move(State.UPLOADING, State.VERIFYING, touched_at=now):
                tasks.verify.enqueue(version.pk)
                recorded("arrived", version, request)
                logger.info("upload arrived version=%s file=%s", version.pk, version.file_id)
    if version.state == State.ABORTED:
        raise UploadRefused(_("This upload was cancelled. Begin it again."))
    return version


def _complete(version: FileVersion) -> None:
    try:
        parts = storage.list_parts(version.key, version.upload_id)
    except storage.NotThere:
        return _completed_before(version)
    there = {part.number for part in parts if part.size == version.size_of_part(part.number)}
    if missing := [number for number in range(1, version.part_count + 1) if number not in there]:
        raise PartsMissing(missing)
    try:
        storage.complete_multipart(version.key, version.upload_id, parts)
    except storage.NotThere:
        _completed_before(version)


def _completed_before(version: FileVersion) -> None:
    """Go on where the bucket has the object already: a crash, or a line that dropped, kept it from saying so."""
    try:
        storage.head(version.key)
    except storage.StorageError as error:
        if error.code not in storage.HIDDEN:
            raise
        raise UploadRefused(_("The bucket has ended this upload. Cancel it, and begin again.")) from None


def abort(version: FileVersion, *, request: HttpRequest | None = None) -> FileVersion:
    """Cancel an upload, and its file where nothing else is left of it. One that has arrived already stays as it is.

    Its parts leave the bucket at once; where the bucket does not answer, a task sees to it.
    """
    with transaction.atomic():
        if not version.move(State.UPLOADING, State.ABORTED):
            return version
        recorded("cancelled", version, request)
    logger.info("upload cancelled version=%s file=%s", version.pk, version.file_id)
    try:
        storage.abort_multipart(version.key, version.upload_id)
    except storage.StorageError:  # NotThere as well: then it is an object by now, and the keeper's to remove.
        tasks.discard.enqueue(version.pk)
    else:
        version.parts.all().delete()
        version.file.delete_if_empty()
    return version


def restore(version: FileVersion, *, now: datetime, request: HttpRequest | None = None) -> FileVersion:
    """Let an older version serve again, from now on. Raises UploadRefused for one that cannot."""
    if version.state != State.READY:
        raise UploadRefused(_("Only a version that was ready once can serve again."))
    newest = FileVersion.objects.ready().filter(file=version.file_id).order_by("-ready_at", "-pk").first()
    if newest is not None and newest.pk == version.pk:
        return version
    with transaction.atomic():
        version.move(State.READY, State.READY, ready_at=now)
        timing.follow(version)
        before = {"version": newest.pk} if newest else None
        audit.record(
            "file.restored", request=request, target=version.file, before=before, after={"version": version.pk}
        )
    return version


def recorded(what: str, version: FileVersion, request: HttpRequest | None) -> None:
    after = {"version": version.pk, "name": version.original_name, "size": version.size}
    audit.record(f"upload.{what}", request=request, actor=version.uploaded_by, target=version.file, after=after)
