"""Requests as a browser, a stranger or a forger would send them, to see what the bucket really answers. For `manage.py doctor`.

What is put into the bucket lies under content/doctor/ and is gone when the block that made it ends, however it ends.
"""

import hashlib
import http.client
import re
import ssl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from botocore.auth import HmacV1QueryAuth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.conf import settings

from courses.storage.bucket import (
    abort_multipart,
    client,
    complete_multipart,
    create_checked_multipart,
    list_parts,
    list_uploads,
    ours,
)
from courses.storage.credentials import credentials_of
from courses.storage.errors import NotThere, StorageError
from courses.storage.signing import bucket_url, object_url, part_headers

PREFIX = "content/doctor/"
BODY = b"Put here by manage.py doctor, which removes it again.\n"
SIGNED_AT = "%Y%m%dT%H%M%SZ"
TIMEOUT = 10
MOST = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """An answer. `code` is S3's own for a refusal, headers have lower-case names, `ahead` how many seconds our clock is before theirs."""

    status: int
    headers: dict[str, str]
    code: str
    body: bytes
    ahead: float

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500


@dataclass(frozen=True)
class Probe:
    """An object of ours in the bucket, and how it got there: the part's URL, and what the browser was answered."""

    key: str
    part_url: str
    part_headers: dict[str, str]
    part_reply: Reply


def send(method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
    """Send exactly this and follow nothing. Raises StorageError with the name of the network's error."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=TIMEOUT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body or None, headers=headers or {})
        answer = connection.getresponse()
        now = datetime.now(UTC)
        content = answer.read(MOST)
    except (OSError, http.client.HTTPException, ssl.SSLError) as error:
        raise StorageError(type(error).__name__) from None
    finally:
        connection.close()
    found = re.search(rb"<Code>(\w+)</Code>", content) if answer.status >= 300 else None
    named = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(answer.status, named, found[1].decode() if found else "", content, ahead(named.get("date", ""), now))


def ahead(date: str, now: datetime) -> float:
    """Return by how many seconds our clock is before an HTTP date, 0 where there is none. Whole seconds are all that a date has."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return 0
    theirs = theirs.replace(tzinfo=UTC) if theirs.tzinfo is None else theirs
    return (now.replace(microsecond=0) - theirs).total_seconds()


def look() -> Reply:
    """Ask for the bucket's own address, unsigned: a private one refuses, and names its region and its time by that."""
    return send("HEAD", whole_bucket())


def whole_bucket() -> str:
    url = bucket_url()
    return url if settings.S3_ADDRESSING_STYLE == "path" else f"{url}/"


def new_key() -> str:
    return f"{PREFIX}{uuid.uuid4()}"


class DatedAuth(S3SigV4QueryAuth):
    """botocore's signer with a clock of our choosing, to make the links that a bucket has to refuse."""

    def __init__(self, credentials: Credentials, *, ttl: int, age: int) -> None:
        super().__init__(credentials, "s3", settings.S3_REGION, expires=ttl)
        self.age = age

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        signed_at = datetime.now(UTC) - timedelta(seconds=self.age)
        request.context["timestamp"] = signed_at.strftime(SIGNED_AT)
        super()._modify_request_before_signing(request)  # type: ignore[misc] # The stubs leave it out.


def sign(
    method: str,
    key: str,
    *,
    by: str,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    ttl: int = 60,
    age: int = 0,
) -> str:
    """Return a URL for `key` that was signed `age` seconds ago and is good for `ttl`."""
    request = AWSRequest(method, object_url(key), headers=headers or {}, params=query or {})
    DatedAuth(credentials_of(by).keys, ttl=ttl, age=age).add_auth(request)
    return str(request.url)


def sign_as_before_2014(key: str, *, by: str) -> str:
    """Return a URL by Signature Version 2, which says nothing about its own lifetime that a policy could bound."""
    request = AWSRequest("GET", object_url(key), headers={})
    # The old scheme signs the bucket's name as a part of the path, wherever the address has it.
    request.auth_path = f"/{settings.S3_BUCKET}/{key}"
    HmacV1QueryAuth(credentials_of(by).keys, expires=60).add_auth(request)
    return str(request.url)


@contextmanager
def stored(*, origin: str = "") -> Iterator[Probe]:
    """Put a small object into the bucket as an upload from a page would, and take it away again. Raises StorageError."""
    key, version = new_key(), ""
    with begun(key) as upload_id:
        url = sign_part(key, upload_id, digest(BODY))
        sent = part_headers(digest(BODY)) | ({"Origin": origin} if origin else {})
        reply = send("PUT", url, headers=sent, body=BODY)
        if reply.status != 200:
            raise StorageError(reply.code or str(reply.status))
        try:
            complete_multipart(key, upload_id, list_parts(key, upload_id))
            version = version_of(key)
            yield Probe(key, url, sent, reply)
        finally:
            remove(key, version)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sign_part(key: str, upload_id: str, sha256: str, *, size: int = len(BODY)) -> str:
    """Return the URL of a first part with this SHA-256 and size."""
    headers = {"Content-Length": str(size)} | part_headers(sha256)
    return sign("PUT", key, by="writer", query={"partNumber": "1", "uploadId": upload_id}, headers=headers)


@contextmanager
def begun(key: str) -> Iterator[str]:
    """Begin a multipart upload with the writer's key and make sure that it is over in the end. Raises StorageError."""
    try:
        yield create_checked_multipart(key, "text/plain")[0]
    finally:
        # Asked anew: an upload whose beginning was never answered is known by its key alone.
        for _, upload_id in list(list_uploads(key)):
            with suppress(NotThere):
                abort_multipart(key, upload_id)


def version_of(key: str) -> str:
    """Return the version that a bucket with versioning gave to the object, else an empty string."""
    with ours():
        return str(client("reader").head_object(Bucket=settings.S3_BUCKET, Key=key).get("VersionId", ""))


def remove(key: str, version: str = "") -> None:
    """Remove an object; with versioning the version itself, where the keeper may, so that nothing stays behind. Raises StorageError."""
    if version and version != "null":
        try:
            with ours():
                client("keeper").delete_object(Bucket=settings.S3_BUCKET, Key=key, VersionId=version)
        except StorageError:
            version = ""
        else:
            return
    with ours():
        client("keeper").delete_object(Bucket=settings.S3_BUCKET, Key=key)
