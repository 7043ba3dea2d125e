"""The bucket's access log, where it is kept under a prefix of a bucket: its objects are read line by line, never whole."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from courses.storage.bucket import client, ours

LONGEST_LINE = 64 * 1024


def log_objects(*, since: datetime) -> Iterator[str]:
    """Yield the keys of the log's objects that came since then, with the keeper's credentials. Raises StorageError."""
    with ours():
        pages = client("keeper").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=settings.S3_LOG_BUCKET, Prefix=settings.S3_LOG_PREFIX):
            yield from (entry["Key"] for entry in page.get("Contents", []) if entry["LastModified"] >= since)


def log_lines(key: str) -> Iterator[str]:
    """Yield one object's lines; what is no UTF-8 in them is replaced. Raises StorageError."""
    with ours():
        body = client("keeper").get_object(Bucket=settings.S3_LOG_BUCKET, Key=key)["Body"]
        for line in body.iter_lines(chunk_size=64 * 1024):
            yield line[:LONGEST_LINE].decode("utf-8", "replace")
