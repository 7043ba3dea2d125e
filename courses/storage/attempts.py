"""What somebody ought not to be able to do, tried with care: whatever goes through is undone at once. For `manage.py doctor`."""

import re
from typing import Any

from django.conf import settings

from courses.storage.bucket import client, ours
from courses.storage.errors import StorageError
from courses.storage.probes import remove, send
from courses.storage.signing import object_url


def attempt(identity: str, operation: str, **params: Any) -> str:
    """Try what this identity ought not to be able to do. Return "" when it went through, else the code of the refusal."""
    try:
        with ours():
            getattr(client(identity), operation)(Bucket=settings.S3_BUCKET, **params)
    except StorageError as error:
        return error.code
    return ""


def upload(identity: str, key: str) -> str:
    """As `attempt`, for beginning an upload; one that was begun is ended at once."""
    try:
        with ours():
            answer = client(identity).create_multipart_upload(Bucket=settings.S3_BUCKET, Key=key)
    except StorageError as error:
        return error.code
    end_upload(identity, key, str(answer["UploadId"]))
    return ""


def delete(identity: str, key: str) -> str:
    """As `attempt`, for deleting; the mark that a bucket with versions keeps of it is removed as well."""
    try:
        with ours():
            answer = client(identity).delete_object(Bucket=settings.S3_BUCKET, Key=key)
    except StorageError as error:
        return error.code
    remove(key, str(answer.get("VersionId", "")))
    return ""


def end_upload(identity: str, key: str, upload_id: str) -> None:
    """End an upload with the key that began it, else with the keeper's. Raises StorageError."""
    if attempt(identity, "abort_multipart_upload", Key=key, UploadId=upload_id) in ("", "NoSuchUpload"):
        return
    with ours():
        client("keeper").abort_multipart_upload(Bucket=settings.S3_BUCKET, Key=key, UploadId=upload_id)


def upload_unsigned(key: str) -> bool:
    """Try to begin an upload without any signature; return whether the bucket let us, after ending it."""
    reply = send("POST", f"{object_url(key)}?uploads", headers={"Content-Length": "0"})
    found = re.search(rb"<UploadId>([^<]+)</UploadId>", reply.body)
    if reply.status == 200 and found:
        end_upload("keeper", key, found[1].decode())
    return reply.status == 200
