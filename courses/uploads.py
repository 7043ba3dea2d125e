"""Uploads: from the browser straight to the bucket, one path for every size, READY only after we have looked.

The server starts the multipart upload, signs its parts, completes it from the bucket's own list of parts, and checks size, type and
structure. The browser names no key, no bucket and no ACL. What is refused says what to do, and leaves nothing in the bucket.
"""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext as _

from courses import inspection, storage
from courses.models import File, FileVersion

logger = logging.getLogger(__name__)
State = FileVersion.State
MIB, GIB = 1024**2, 1024**3
SMALLEST_PART, MAX_PARTS, LARGEST_PART = 8 * MIB, 10_000, 5 * GIB
MAX_SIZE = MAX_PARTS * LARGEST_PART
MAX_BATCH = 100

DOCUMENTS = {"application/pdf", "application/epub+zip"}
MEDIA = {"video/mp4", "video/webm", "audio/mpeg", "audio/mp4"}
ACCEPTED = {
    File.Role.BOOK: DOCUMENTS,
    File.Role.SAMPLE: DOCUMENTS,
    File.Role.MEDIA: MEDIA,
    File.Role.CAPTIONS: {"text/vtt"},
    File.Role.ATTACHMENT: DOCUMENTS | MEDIA | {"application/zip", "text/vtt"},
}


class UploadRefused(Exception):
    """What stands in the way of an upload, as a sentence for the person who uploads."""


@dataclass(frozen=True)
class SignedPart:
    """One part to PUT: its number, its offset and size in bytes, and the URL to PUT it to."""

    number: int
    offset: int
    size: int
    url: str


def part_size(size: int) -> int:
    """Return the size of every part but the last, in bytes: 8 MiB, or as much more as 10,000 parts need, in whole MiB."""
    return max(SMALLEST_PART, math.ceil(size / MAX_PARTS / MIB) * MIB)


def content_type_of(name: str) -> str:
    """Return the type that a file name declares, or an empty string for one that is not taken."""
    return inspection.TYPES.get(PurePosixPath(name.lower()).suffix, "")


def start(
    file: File, *, name: str, size: int, fingerprint: str = "", by: AbstractBaseUser | None, now: datetime
) -> FileVersion:
    """Begin an upload: a version in state UPLOADING, and a multipart upload in the bucket under a key of our choosing.

    Raises UploadRefused for a size or type that is not taken, StorageError when the bucket cannot be reached; then nothing is left.
    """
    content_type = content_type_of(name)
    if content_type not in ACCEPTED[File.Role(file.role)]:
        endings = sorted(ending for ending, kind in inspection.TYPES.items() if kind in ACCEPTED[File.Role(file.role)])
        raise UploadRefused(
            _("This kind of file is not taken here. Taken are: %(endings)s.") % {"endings": ", ".join(endings)}
        )
    if not 1 <= size <= MAX_SIZE:
        raise UploadRefused(_("The file is empty, or larger than 48.8 TiB."))
    version = FileVersion(
        file=file,
        original_name=name[-255:],
        size=size,
        part_size=part_size(size),
        content_type=content_type,
        fingerprint=fingerprint[:100],
        uploaded_by=by,
        created_at=now,
    )
    version.upload_id = storage.create_multipart(version.key, content_type)
    version.save(force_insert=True)
    logger.info("upload started version=%s file=%s size=%s user=%s", version.pk, file.pk, size, by and by.pk)
    return version


def part_count(version: FileVersion) -> int:
    """Return how many parts the browser sends: none for bytes that came another way, such as a loader's."""
    return math.ceil(version.size / version.part_size) if version.part_size else 0


def size_of_part(version: FileVersion, number: int) -> int:
    last = number == part_count(version)
    return version.size - (number - 1) * version.part_size if last else version.part_size


def sign_parts(version: FileVersion, numbers: Iterable[int]) -> list[SignedPart]:
    """Sign PUT URLs for these parts, each good for its exact length and for minutes only. Raises UploadRefused."""
    wanted = list(numbers)
    if version.state != State.UPLOADING:
        raise UploadRefused(_("This upload is over."))
    if not 1 <= len(wanted) <= MAX_BATCH or len(set(wanted)) != len(wanted):
        raise UploadRefused(_("Ask for 1 to 100 different parts at a time."))
    if not all(1 <= number <= part_count(version) for number in wanted):
        raise UploadRefused(_("There is no such part of this file."))
    return [_signed(version, number) for number in wanted]


def _signed(version: FileVersion, number: int) -> SignedPart:
    size = size_of_part(version, number)
    signed = storage.sign_part(version.key, version.upload_id, number, size=size, ttl=settings.UPLOAD_TTL)
    return SignedPart(number, (number - 1) * version.part_size, size, signed.url)


def parts_there(version: FileVersion) -> list[int]:
    """Return the numbers of the parts that the bucket holds whole: what a resumed upload need not send again. Raises StorageError."""
    if version.state != State.UPLOADING:
        return []
    parts = storage.list_parts(version.key, version.upload_id)
    return [part.number for part in parts if part.size == size_of_part(version, part.number)]


def finish(version: FileVersion, *, now: datetime) -> FileVersion:
    """Complete the upload and look at what arrived: READY, or REJECTED with a sentence and the bytes removed.

    Finishing twice gives the same answer. Raises UploadRefused while parts are missing or another finish is at work, StorageError when
    the bucket fails: the upload then stays as it was, and can be finished again.
    """
    if version.state in (State.READY, State.REJECTED):
        return version
    if not _move(version, State.UPLOADING, State.VERIFYING):
        raise UploadRefused(_("This upload is being checked already, or was cancelled."))
    try:
        _complete(version)
        trouble = _trouble(version)
    except (UploadRefused, storage.StorageError):
        _move(version, State.VERIFYING, State.UPLOADING)
        raise
    return reject(version, str(trouble)) if trouble else _ready(version, now=now)


def _complete(version: FileVersion) -> None:
    try:
        parts = storage.list_parts(version.key, version.upload_id)
    except storage.NotThere:
        return  # Completed before a crash could say so: what is in the bucket is looked at next.
    there = {part.number for part in parts if part.size == size_of_part(version, part.number)}
    missing = set(range(1, part_count(version) + 1)) - there
    if missing or len(parts) != len(there):
        raise UploadRefused(_("Parts of the file have not arrived yet: %(count)s.") % {"count": max(1, len(missing))})
    storage.complete_multipart(version.key, version.upload_id, parts)


def _trouble(version: FileVersion) -> object:
    if storage.head(version.key).size != version.size:
        return _("The file did not arrive whole. Upload it again.")

    def read(offset: int, length: int) -> bytes:
        return storage.read_range(version.key, offset, length)

    return inspection.problem(version.content_type, version.size, read)


def _ready(version: FileVersion, *, now: datetime) -> FileVersion:
    version.state, version.ready_at = State.READY, now
    version.save(update_fields=["state", "ready_at"])
    logger.info("upload ready version=%s file=%s", version.pk, version.file_id)
    return version


def reject(version: FileVersion, sentence: str) -> FileVersion:
    """Refuse what arrived, and remove its bytes."""
    version.state, version.problem = State.REJECTED, sentence[:255]
    version.save(update_fields=["state", "problem"])
    storage.delete_object(version.key)
    logger.warning("upload rejected version=%s file=%s", version.pk, version.file_id)
    return version


def abort(version: FileVersion) -> FileVersion:
    """Cancel an upload; nothing is left in the bucket. One that is over already stays as it is. Raises StorageError."""
    if not _move(version, State.UPLOADING, State.ABORTED):
        return version
    try:
        _remove_parts(version)
    except storage.StorageError:
        _move(version, State.ABORTED, State.UPLOADING)
        raise
    logger.info("upload cancelled version=%s file=%s", version.pk, version.file_id)
    return version


def _remove_parts(version: FileVersion) -> None:
    try:
        storage.abort_multipart(version.key, version.upload_id)
    except storage.NotThere:  # Completed before a crash could say so: then it is an object by now.
        storage.delete_object(version.key)


def _move(version: FileVersion, old: str, new: str) -> bool:
    """Change the state only from `old`, in one statement, so that of two requests one wins; keep `version` in step."""
    moved = FileVersion.objects.filter(pk=version.pk, state=old).update(state=new) == 1
    version.refresh_from_db(fields=["state"])
    return moved
