"""Objects: rows in SQLite beside the blobs, committed after their bytes are whole and removed before they go."""

import fcntl
import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .blobs import Blobs
from .payload import Received

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (key BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    etag TEXT NOT NULL, modified INTEGER NOT NULL, headers TEXT NOT NULL,
    algorithm TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (object TEXT NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL,
    blob TEXT NOT NULL, PRIMARY KEY (object, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, key BLOB NOT NULL, started INTEGER NOT NULL,
    headers TEXT NOT NULL, algorithm TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (key, id);
CREATE TABLE IF NOT EXISTS parts (upload TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL,
    size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL, checksum TEXT NOT NULL,
    PRIMARY KEY (upload, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Object:
    """One object as listed: `size` in bytes, `modified` in whole seconds, `etag` without quotes."""

    key: str
    id: str
    size: int
    etag: str
    modified: datetime
    headers: dict[str, str]
    algorithm: str
    checksum: str
    segments: tuple["Segment", ...] = ()


@dataclass(frozen=True)
class Segment:
    """A run of an object's bytes inside one blob; `start` counts from the object's first byte."""

    start: int
    size: int
    blob: str


Allow = Callable[[Object | None], None]


class Store:
    """The bucket's contents; every method may be called from any thread."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.claim = (root / "lock").open("w")
        try:
            fcntl.flock(self.claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.claim.close()
            raise RuntimeError(f"{root} is in use by another bucket server") from None
        self.blobs = Blobs(root)
        self.lock = threading.RLock()
        self.readers: dict[str, int] = {}
        self.doomed: dict[str, list[str]] = {}
        self.database = sqlite3.connect(root / "index.sqlite3", check_same_thread=False, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = NORMAL")
        self.database.executescript(SCHEMA)
        self.blobs.sweep({row[0] for row in self.rows("SELECT blob FROM segments UNION SELECT blob FROM parts")})

    def close(self) -> None:
        with self.lock:
            self.database.close()
            self.claim.close()

    def rows(self, sql: str, *values: object) -> list[tuple]:
        with self.lock:
            return self.database.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield self.database
            except BaseException:
                self.database.execute("ROLLBACK")
                raise
            self.database.execute("COMMIT")

    def get(self, key: str) -> Object | None:
        found = self.rows("SELECT * FROM objects WHERE key = ?", key.encode())
        return as_object(found[0]) if found else None

    def open(self, key: str) -> Object | None:
        """Like get, with its segments, whose bytes stay until `release`, whatever happens to the key meanwhile."""
        with self.lock:
            found = self.get(key)
            if found is None:
                return None
            self.readers[found.id] = self.readers.get(found.id, 0) + 1
            return replace(found, segments=tuple(self.segments(found.id)))

    def release(self, object_id: str) -> None:
        with self.lock:
            self.readers[object_id] -= 1
            if self.readers[object_id] == 0:
                del self.readers[object_id]
                self.blobs.discard(self.doomed.pop(object_id, []))

    def segments(self, object_id: str) -> list[Segment]:
        found = self.rows("SELECT start, size, blob FROM segments WHERE object = ? ORDER BY start", object_id)
        return [Segment(*row) for row in found]

    def put(
        self, key: str, received: Received, *, blob: str, headers: dict[str, str], now: datetime, allow: Allow
    ) -> Object:
        """Make one blob the object under `key`; `allow` sees what it replaces and may refuse."""
        made = Object(
            key, uuid.uuid4().hex, received.size, received.md5, now, headers, received.algorithm, received.checksum
        )
        try:
            self.replace(made, [(blob, received.size)], allow=allow)
        except BaseException:
            self.blobs.discard([blob])
            raise
        return made

    def replace(self, made: Object, blobs: Iterable[tuple[str, int]], *, allow: Allow, upload: str = "") -> None:
        """Commit an object made of (blob, size) runs, ending the upload it came from; then free what it replaced."""
        with self.lock:
            with self.transaction() as database:
                allow(self.get(made.key))
                dropped = self.forget(database, made.key)
                row = (made.key.encode(), made.id, made.size, made.etag, int(made.modified.timestamp()))
                extra = (json.dumps(made.headers), made.algorithm, made.checksum)
                database.execute("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, *extra))
                start, used = 0, set()
                for blob, size in blobs:
                    database.execute("INSERT INTO segments VALUES (?, ?, ?, ?)", (made.id, start, size, blob))
                    used.add(blob)
                    start += size
                spare = [
                    blob
                    for (blob,) in database.execute("SELECT blob FROM parts WHERE upload = ?", (upload,))
                    if blob not in used
                ]
                database.execute("DELETE FROM parts WHERE upload = ?", (upload,))
                database.execute("DELETE FROM uploads WHERE id = ?", (upload,))
            self.free(dropped)
            self.blobs.discard(spare)

    def delete(self, key: str) -> None:
        """Remove an object and its bytes; a key without one is no error, as on S3."""
        with self.lock:
            with self.transaction() as database:
                dropped = self.forget(database, key)
            self.free(dropped)

    def forget(self, database: sqlite3.Connection, key: str) -> tuple[str, list[str]]:
        """Drop the rows of a key; the id and the blobs that are to be freed once that is committed."""
        found = self.get(key)
        if found is None:
            return "", []
        blobs = [segment.blob for segment in self.segments(found.id)]
        database.execute("DELETE FROM objects WHERE key = ?", (key.encode(),))
        database.execute("DELETE FROM segments WHERE object = ?", (found.id,))
        return found.id, blobs

    def free(self, dropped: tuple[str, list[str]]) -> None:
        """Remove blobs now, or when the last download that reads them has ended."""
        object_id, blobs = dropped
        if object_id in self.readers:
            self.doomed[object_id] = blobs
        else:
            self.blobs.discard(blobs)


def as_object(row: tuple) -> Object:
    key, object_id, size, etag, modified, headers, algorithm, checksum = row
    when = datetime.fromtimestamp(modified, UTC)
    return Object(key.decode(), object_id, size, etag, when, json.loads(headers), algorithm, checksum)
