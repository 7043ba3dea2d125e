"""Copying an object to another key inside the bucket, whatever its size, and removing every version of one; the keeper's work."""

import logging
import math
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from courses.storage.bucket import Part, client, ours
from courses.storage.errors import StorageError

logger = logging.getLogger(__name__)
# Up to here one request copies it all. Amazon would take 5 GiB, but a request that takes minutes is one that a proxy gives up.
ONE_COPY = 256 * 1024**2
MAX_PARTS = 10_000
# What a bucket without versions, or a keeper who may not see them, answers to being asked for them.
NO_VERSIONS = {"NotImplemented", "AccessDenied", "MethodNotAllowed", "403", "501"}


def copy_object(source: str, target: str) -> None:
    """Copy an object of at most ONE_COPY bytes in one request; a second time it is the same. Raises NotThere, StorageError."""
    with ours():
        client("keeper").copy_object(Bucket=settings.S3_BUCKET, Key=target, CopySource=origin(source))


def begin_copy(target: str, content_type: str) -> str:
    """Start the multipart upload that a large object is copied with, and return its id. Raises StorageError."""
    with ours():
        answer = client("keeper").create_multipart_upload(
            Bucket=settings.S3_BUCKET, Key=target, ContentType=content_type
        )
    return str(answer["UploadId"])


def copy_parts(source: str, target: str, upload_id: str, size: int, done: list[Part]) -> Iterator[Part]:
    """Copy what is not `done` yet, part by part, and yield every part in order; no byte passes through us. Raises StorageError."""
    there = {part.number: part for part in done}
    for number, (first, last) in enumerate(ranges(size), start=1):
        known = there.get(number)
        if known is not None and known.size == last - first + 1:
            yield known
            continue
        with ours():
            answer = client("keeper").upload_part_copy(
                Bucket=settings.S3_BUCKET,
                Key=target,
                UploadId=upload_id,
                PartNumber=number,
                CopySource=origin(source),
                CopySourceRange=f"bytes={first}-{last}",
            )
        yield Part(number, answer["CopyPartResult"]["ETag"], last - first + 1)


def ranges(size: int) -> list[tuple[int, int]]:
    """Return the first and last byte of each part: of ONE_COPY bytes, or more where 10,000 of those would not do."""
    step = max(ONE_COPY, math.ceil(size / MAX_PARTS))
    return [(start, min(start + step, size) - 1) for start in range(0, size, step)]


def copied_parts(target: str, upload_id: str) -> list[Part]:
    """Return the parts that the bucket holds already. Raises NotThere for an upload that is over, else StorageError."""
    with ours():
        pages = client("keeper").get_paginator("list_parts")
        return [
            Part(part["PartNumber"], part["ETag"], part["Size"])
            for page in pages.paginate(Bucket=settings.S3_BUCKET, Key=target, UploadId=upload_id)
            for part in page.get("Parts", [])
        ]


def end_copy(target: str, upload_id: str, parts: list[Part]) -> None:
    """Join the copied parts. Raises NotThere when that has been done already, else StorageError."""
    named = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    with ours():
        client("keeper").complete_multipart_upload(
            Bucket=settings.S3_BUCKET, Key=target, UploadId=upload_id, MultipartUpload={"Parts": named}
        )


def delete_for_good(key: str) -> int:
    """Remove an object with every version and delete marker that the bucket keeps of it; return how many. Raises StorageError."""
    with ours():
        client("keeper").delete_object(Bucket=settings.S3_BUCKET, Key=key)
    removed = 0
    try:
        for version in list(versions(key)):
            with ours():
                client("keeper").delete_object(Bucket=settings.S3_BUCKET, Key=key, VersionId=version)
            removed += 1
    except StorageError as error:
        if error.code not in NO_VERSIONS:
            raise
        logger.info("older versions were not removed: %s", error.code)
    return removed


def versions(key: str) -> Iterator[str]:
    with ours():
        pages: Any = client("keeper").get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=settings.S3_BUCKET, Prefix=key):
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                if entry["Key"] == key and entry["VersionId"] != "null":
                    yield entry["VersionId"]


def origin(key: str) -> dict[str, str]:
    return {"Bucket": settings.S3_BUCKET, "Key": key}
