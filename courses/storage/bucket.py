"""What the server itself asks of the bucket: multipart bookkeeping, a look at what arrived, deleting. Never a file's whole bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from courses.storage.credentials import credentials_of
from courses.storage.errors import NotThere, StorageError

ABSENT = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}
UNKNOWN_WISH = {"InvalidArgument", "InvalidRequest", "NotImplemented"}
PIECE, RANGE = 1024**2, 64 * 1024**2


@dataclass(frozen=True)
class Part:
    """A part as the bucket lists it: number from 1, ETag, size in bytes, and its SHA-256 in base64 where the bucket keeps one."""

    number: int
    etag: str
    size: int
    sha256: str = ""


@dataclass(frozen=True)
class ObjectHead:
    """What HEAD tells of an object: its size in bytes, the type it was stored with, its ETag."""

    size: int
    content_type: str
    etag: str


@dataclass(frozen=True)
class Stored:
    """An object as the bucket lists it and when it came; with an `upload_id`, a multipart upload and when it began."""

    key: str
    since: datetime
    upload_id: str = ""


def create_multipart(key: str, content_type: str) -> str:
    """Start a multipart upload with the writer's credentials and return its id. Raises StorageError."""
    with ours():
        answer = client("writer").create_multipart_upload(Bucket=settings.S3_BUCKET, Key=key, ContentType=content_type)
    return str(answer["UploadId"])


def create_checked_multipart(key: str, content_type: str) -> tuple[str, bool]:
    """Start a multipart upload whose parts the bucket is to hold against their SHA-256; return its id, and whether it will.

    Amazon S3 says so in its answer and then takes no part without one. Some compatible stores ignore the wish, some refuse it: with
    those it is an ordinary upload. Raises StorageError.
    """
    wish = {"Bucket": settings.S3_BUCKET, "Key": key, "ContentType": content_type}
    try:
        with ours():
            answer = client("writer").create_multipart_upload(**wish, ChecksumAlgorithm="SHA256")
    except StorageError as error:
        if error.code not in UNKNOWN_WISH:
            raise
        return create_multipart(key, content_type), False
    return str(answer["UploadId"]), answer.get("ChecksumAlgorithm") == "SHA256"


def list_parts(key: str, upload_id: str) -> list[Part]:
    """Return the parts that the bucket holds, in order. Raises NotThere for an upload that is over, else StorageError."""
    pages = client("writer").get_paginator("list_parts")
    with ours():
        return [
            Part(part["PartNumber"], part["ETag"], part["Size"], part.get("ChecksumSHA256", ""))
            for page in pages.paginate(Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id)
            for part in page.get("Parts", [])
        ]


def complete_multipart(key: str, upload_id: str, parts: list[Part]) -> None:
    """Join the parts into the object. Raises NotThere when the upload is over already, else StorageError."""
    named = [
        {"PartNumber": part.number, "ETag": part.etag} | ({"ChecksumSHA256": part.sha256} if part.sha256 else {})
        for part in parts
    ]
    with ours():
        client("writer").complete_multipart_upload(
            Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
        )


def abort_multipart(key: str, upload_id: str) -> None:
    """Throw the upload and its parts away. Raises NotThere when there is none, else StorageError."""
    with ours():
        client("writer").abort_multipart_upload(Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id)


def head(key: str, *, by: str = "reader") -> ObjectHead:
    """Describe an object. A missing one is NotThere for the keeper; who may not list gets 403, a StorageError. Raises StorageError."""
    with ours():
        answer = client(by).head_object(Bucket=settings.S3_BUCKET, Key=key)
    return ObjectHead(answer["ContentLength"], answer.get("ContentType", ""), answer["ETag"])


def look(key: str) -> None:
    """See whether the reader could be given this object, for somebody who waits: one try of a few seconds. Raises StorageError."""
    with ours():
        client("reader", patience=2).head_object(Bucket=settings.S3_BUCKET, Key=key)


def read_range(key: str, start: int, length: int) -> bytes:
    """Return at most `length` bytes from `start`, with the reader's credentials. Raises StorageError."""
    with ours():
        answer = client("reader").get_object(
            Bucket=settings.S3_BUCKET, Key=key, Range=f"bytes={start}-{start + length - 1}"
        )
        return bytes(answer["Body"].read())


def read_all(key: str, size: int) -> Iterator[bytes]:
    """Yield an object's bytes in pieces of at most 1 MiB, with the reader's credentials; memory stays flat. Raises StorageError.

    It is read in ranges of 64 MiB, each asked for anew, so that no connection has to live as long as a large file takes.
    """
    for start in range(0, size, RANGE):
        with ours():
            last = min(start + RANGE, size) - 1
            answer = client("reader").get_object(Bucket=settings.S3_BUCKET, Key=key, Range=f"bytes={start}-{last}")
            yield from answer["Body"].iter_chunks(PIECE)


def delete_object(key: str) -> None:
    """Remove an object, with the keeper's credentials; one that is not there is no error. Raises StorageError."""
    with ours():
        client("keeper").delete_object(Bucket=settings.S3_BUCKET, Key=key)


def list_keys(prefix: str) -> Iterator[str]:
    """Yield the keys under a prefix, with the keeper's credentials, a thousand a call. Raises StorageError."""
    return (stored.key for stored in list_objects(prefix))


def list_objects(prefix: str) -> Iterator[Stored]:
    """Yield what is stored under a prefix, in the order of the keys, with the keeper's credentials. Raises StorageError."""
    for page in pages("list_objects_v2", prefix):
        yield from (Stored(entry["Key"], entry["LastModified"]) for entry in page.get("Contents", []))


def list_uploads(prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (key, upload id) of every multipart upload that is not over, with the keeper's credentials. Raises StorageError."""
    return ((begun.key, begun.upload_id) for begun in list_begun(prefix))


def list_begun(prefix: str) -> Iterator[Stored]:
    """Yield the multipart uploads that are not over, with when they began, with the keeper's credentials. Raises StorageError."""
    for page in pages("list_multipart_uploads", prefix):
        yield from (Stored(entry["Key"], entry["Initiated"], entry["UploadId"]) for entry in page.get("Uploads", []))


def pages(operation: str, prefix: str) -> Iterator[Any]:
    with ours():
        yield from client("keeper").get_paginator(operation).paginate(Bucket=settings.S3_BUCKET, Prefix=prefix)


@contextmanager
def ours() -> Iterator[None]:
    """Turn the vendor's errors into ours, without the request they came from."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        raise (NotThere if code in ABSENT else StorageError)(code) from None
    except BotoCoreError as error:
        raise StorageError(type(error).__name__) from None


def client(identity: str, *, patience: int = 0) -> Any:
    """Return the client of this identity; a role's is made anew with its keys, once an hour. Raises StorageError.

    With `patience` it tries once and waits that many seconds.
    """
    keys = credentials_of(identity).keys
    where = (settings.S3_ENDPOINT_URL, settings.S3_REGION)
    return made_client(keys.access_key, keys.secret_key, keys.token, *where, patience)


@lru_cache(maxsize=8)
def made_client(key_id: str, secret: str, token: str | None, endpoint: str, region: str, patience: int = 0) -> Any:
    # Since 1.36 boto3 adds checksums that several compatible stores refuse; what we rely on is checked by our own eyes.
    config = Config(
        signature_version="s3v4",
        connect_timeout=patience or 5,
        read_timeout=patience or 20,
        retries={"mode": "standard", "total_max_attempts": 1 if patience else 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": cast("Literal['path', 'virtual']", settings.S3_ADDRESSING_STYLE)},
    )
    session = boto3.session.Session(aws_access_key_id=key_id, aws_secret_access_key=secret, aws_session_token=token)
    return session.client("s3", region_name=region, endpoint_url=endpoint, config=config)
