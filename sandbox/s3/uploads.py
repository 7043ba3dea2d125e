"""Multipart uploads in progress: begun, filled part by part, then completed into an object or aborted."""

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from . import checksums
from .errors import S3Error
from .payload import Received
from .store import Allow, Object, Store

MIN_PART = 5 * 1024 * 1024
MAX_PART_NUMBER = 10_000


@dataclass(frozen=True)
class Upload:
    id: str
    key: str
    started: datetime
    headers: dict[str, str]
    algorithm: str


@dataclass(frozen=True)
class Part:
    number: int
    blob: str
    size: int
    etag: str
    modified: datetime
    checksum: str


@dataclass(frozen=True)
class Named:
    """A part as CompleteMultipartUpload names it."""

    number: int
    etag: str
    checksum: str


def begin(store: Store, key: str, *, headers: dict[str, str], algorithm: str, now: datetime) -> Upload:
    upload = Upload(uuid.uuid4().hex, key, now, headers, algorithm)
    row = (upload.id, key.encode(), int(now.timestamp()), json.dumps(headers), algorithm)
    with store.transaction() as database:
        database.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)", row)
    return upload


def find(store: Store, key: str, upload_id: str) -> Upload:
    """The upload under this key; raises NoSuchUpload for one that was completed or aborted, too."""
    found = store.rows("SELECT * FROM uploads WHERE id = ? AND key = ?", upload_id, key.encode())
    if not found:
        message = "The specified upload does not exist: its ID is invalid, or it was aborted or completed."
        raise S3Error("NoSuchUpload", message, UploadId=upload_id)
    return as_upload(found[0])


def page(store: Store, prefix: str, *, after: tuple[str, str], limit: int) -> list[Upload]:
    """Uploads in progress in order of key and id, after a (key, id) pair."""
    start, key, upload_id = prefix.encode(), after[0].encode(), after[1]
    sql = "SELECT * FROM uploads WHERE key >= ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?"
    found = [as_upload(row) for row in store.rows(sql, start, key, upload_id, limit)]
    return [upload for upload in found if upload.key.startswith(prefix)]


def parts(store: Store, upload_id: str, *, after: int = 0, limit: int = MAX_PART_NUMBER) -> list[Part]:
    sql = "SELECT * FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?"
    return [as_part(row) for row in store.rows(sql, upload_id, after, limit)]


def add_part(store: Store, upload: Upload, number: int, *, received: Received, blob: str, now: datetime) -> None:
    """Keep a part, in place of an earlier one with its number; an upload that has ended meanwhile keeps nothing."""
    with store.lock:
        try:
            find(store, upload.key, upload.id)
        except S3Error:
            store.blobs.discard([blob])
            raise
        spare = store.rows("SELECT blob FROM parts WHERE upload = ? AND number = ?", upload.id, number)
        row = (upload.id, number, blob, received.size, received.md5, int(now.timestamp()), received.checksum)
        with store.transaction() as database:
            database.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        store.blobs.discard(name for (name,) in spare)


def abort(store: Store, upload: Upload) -> None:
    with store.lock:
        spare = [part.blob for part in parts(store, upload.id)]
        with store.transaction() as database:
            database.execute("DELETE FROM parts WHERE upload = ?", (upload.id,))
            database.execute("DELETE FROM uploads WHERE id = ?", (upload.id,))
        store.blobs.discard(spare)


def complete(
    store: Store,
    upload: Upload,
    named: Sequence[Named],
    *,
    now: datetime,
    allow: Allow,
    check: Callable[[Object], None],
) -> Object:
    """Join the named parts into the object, without moving a byte; where they do not fit, S3Error and no change.

    `check` sees the object before anybody else can, and may refuse it.
    """
    with store.lock:
        find(store, upload.key, upload.id)
        chosen = choose(upload, named, {part.number: part for part in parts(store, upload.id)})
        digests = b"".join(bytes.fromhex(part.etag) for part in chosen)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(chosen)}"
        checksum = checksums.composite(upload.algorithm, [part.checksum for part in chosen]) if upload.algorithm else ""
        size = sum(part.size for part in chosen)
        made = Object(upload.key, uuid.uuid4().hex, size, etag, now, upload.headers, upload.algorithm, checksum)
        check(made)
        store.replace(made, [(part.blob, part.size) for part in chosen], allow=allow, upload=upload.id)
        return made


def choose(upload: Upload, named: Sequence[Named], have: dict[int, Part]) -> list[Part]:
    numbers = [item.number for item in named]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise S3Error(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )
    chosen = [match(upload, item, have.get(item.number)) for item in named]
    for part in chosen[:-1]:
        if part.size < MIN_PART:
            details = {
                "ProposedSize": part.size,
                "MinSizeAllowed": MIN_PART,
                "PartNumber": part.number,
                "ETag": part.etag,
            }
            raise S3Error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", **details)
    return chosen


def match(upload: Upload, item: Named, part: Part | None) -> Part:
    if upload.algorithm and not item.checksum:
        message = f"The upload was created using a {upload.algorithm} checksum. It was missing for part {item.number}."
        raise S3Error("InvalidRequest", message)
    # A part that came with a checksum must be named with it, even where the upload asked for none.
    if part is None or (part.etag, part.checksum) != (item.etag, item.checksum):
        message = "A part could not be found: it was not uploaded, or its entity tag or checksum is another."
        raise S3Error("InvalidPart", message, UploadId=upload.id, PartNumber=item.number, ETag=item.etag)
    return part


def as_part(row: tuple) -> Part:
    _, number, blob, size, etag, modified, checksum = row
    return Part(number, blob, size, etag, datetime.fromtimestamp(modified, UTC), checksum)


def as_upload(row: tuple) -> Upload:
    upload_id, key, started, headers, algorithm = row
    return Upload(upload_id, key.decode(), datetime.fromtimestamp(started, UTC), json.loads(headers), algorithm)
