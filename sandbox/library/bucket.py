"""The sample library's bytes into the bucket, by the way any upload takes: multipart, and a presigned part."""

import hashlib
import http.client
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from courses import storage
from sandbox.library.shapes import FileSample

NAMESPACE = uuid.UUID("8a4f2f5e-6d1b-5c3a-9e57-1f0c7d2b9a64")
TTL = 300
# A bucket whose reader may not list answers 403 for what is not there.
ABSENT = {"403", "404"}


@dataclass(frozen=True)
class Stored:
    """A sample's bytes, and the key they have in every bucket: the same bytes never go up twice, and new ones never go over old ones."""

    sample: FileSample

    @cached_property
    def body(self) -> bytes:
        return self.sample.source.read_bytes()

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @cached_property
    def key(self) -> str:
        return f"content/{uuid.uuid5(NAMESPACE, f'{self.sample.path} {self.sha256}')}"

    def put(self) -> None:
        """Store the bytes, unless they are there. Raises StorageError, and leaves nothing half-done behind."""
        if self._is_there():
            return
        upload = storage.create_multipart(self.key, self.sample.content_type)
        try:
            part = storage.sign_part(self.key, upload, 1, size=len(self.body), ttl=TTL)
            status = _put_part(part.url, self.body)
            if status != http.client.OK:
                raise storage.StorageError(f"UploadPart answered {status}")
            storage.complete_multipart(self.key, upload, storage.list_parts(self.key, upload))
        except BaseException:
            with suppress(storage.StorageError):
                storage.abort_multipart(self.key, upload)
            raise

    def _is_there(self) -> bool:
        try:
            return storage.head(self.key).size == len(self.body)
        except storage.StorageError as error:
            if error.code in ABSENT:
                return False
            raise


def _put_part(url: str, body: bytes) -> int:
    target = urlsplit(url)
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = kind(target.netloc, timeout=30)
    try:
        connection.request("PUT", f"{target.path}?{target.query}", body=body)
        return connection.getresponse().status
    except OSError as error:
        raise storage.StorageError(type(error).__name__) from error
    finally:
        connection.close()
