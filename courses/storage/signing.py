"""Presigned URLs: Signature Version 4 in the query, minted offline.

One function mints GETs with the reader's credentials, one mints part PUTs with the writer's. botocore's own signer does the arithmetic
on a URL we build, because its higher-level presigner takes no extra signed parameter and is three times slower.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.conf import settings

from courses.storage.credentials import credentials_of
from courses.storage.names import content_disposition

SHORTEST, LONGEST = 30, 900
KEY = re.compile(r"content/[0-9a-f-]{36}")
# Never a type in which a browser would run a script: not html, svg or xml.
SHOWN = {"application/pdf", "application/epub+zip", "video/mp4", "video/webm", "audio/mpeg", "audio/mp4", "text/vtt"}
MAX_PART_NUMBER = 10_000
MAX_PART_SIZE = 5 * 1024**3


@dataclass(frozen=True)
class SignedURL:
    """A presigned URL and the moment after which the bucket refuses to start a request with it."""

    url: str
    expires_at: datetime
    is_shortened: bool = False

    def __repr__(self) -> str:
        return f"SignedURL(expires_at={self.expires_at!r})"  # never the URL: reprs end up in logs


def sign_get(key: str, filename: str, *, content_type: str, ttl: int, trace: str, inline: bool = False) -> SignedURL:
    """Mint a GET URL for one object, with the reader's credentials. No network.

    `inline` is heeded for the types that a player or reader shows; anything else is always an attachment, whatever was asked for.

    `ttl` is in seconds, 30 to 900. `trace` (a Download's id) stands in the signed query as `x-dl`: S3 ignores it, logs it, and refuses
    the URL when it is edited or taken out. The response overrides make the bucket answer with this name and type, and forbid caching.

    Signed with temporary keys, it lives no longer than they do: `expires_at` says until when.

    Raises ValueError for a key that is not ours or a lifetime out of bounds, CredentialsEnding where the keys would end within 30 s.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    query = {
        "response-cache-control": "private, no-store",
        "response-content-disposition": content_disposition(filename, inline=inline and content_type in SHOWN),
        "response-content-type": content_type,
        "x-dl": trace,
    }
    return _sign("GET", key, query, {}, identity="reader", ttl=ttl)


def sign_part(key: str, upload_id: str, number: int, *, size: int, ttl: int, sha256: str = "") -> SignedURL:
    """Mint an UploadPart URL, with the writer's credentials, good for exactly `size` bytes. No network.

    With `sha256` (hex) it is good for bytes with that sum alone, and has to be sent with `part_headers(sha256)`.

    Raises ValueError for a key that is not ours, a part number outside 1 to 10,000, a size outside 0 to 5 GiB, or a lifetime out of bounds;
    CredentialsEnding as sign_get.
    """
    if not 1 <= number <= MAX_PART_NUMBER:
        raise ValueError("part numbers run from 1 to 10,000")
    if not 0 <= size <= MAX_PART_SIZE:
        raise ValueError("a part holds at most 5 GiB")
    query = {"partNumber": str(number), "uploadId": upload_id}
    headers = {"Content-Length": str(size)} | part_headers(sha256)
    return _sign("PUT", key, query, headers, identity="writer", ttl=ttl)


def part_headers(sha256: str) -> dict[str, str]:
    """Return the headers that a part signed with this SHA-256 (hex) has to be sent with; none without one."""
    return {"x-amz-checksum-sha256": b64encode(bytes.fromhex(sha256)).decode()} if sha256 else {}


def signer() -> str:
    """Return the id of the access key that signs GETs now; it stands in every URL and is no secret. Raises as sign_get."""
    return str(credentials_of("reader").keys.access_key)


def _sign(
    method: str, key: str, query: dict[str, str], headers: dict[str, str], *, identity: str, ttl: int
) -> SignedURL:
    if not KEY.fullmatch(key):
        raise ValueError("not a key of ours")
    if not SHORTEST <= ttl <= LONGEST:
        raise ValueError(f"a URL lives {SHORTEST} to {LONGEST} seconds")
    # The signature's clock has whole seconds and is read after this one, so we never promise more than the bucket gives.
    now = datetime.now(UTC).replace(microsecond=0)
    held = credentials_of(identity)
    asked, ttl = ttl, held.lifetime(ttl, shortest=SHORTEST, now=now)
    url = presign(method, object_url(key), query, headers, credentials=held.keys, region=settings.S3_REGION, ttl=ttl)
    return SignedURL(url, now + timedelta(seconds=ttl), is_shortened=ttl < asked)


def object_url(key: str) -> str:
    """Return the object's address, path-style or virtual-hosted as the settings say."""
    return f"{bucket_url()}/{quote(key)}"


def bucket_url() -> str:
    if settings.S3_ADDRESSING_STYLE == "path":
        return f"{settings.S3_ENDPOINT_URL}/{settings.S3_BUCKET}"
    return str(settings.S3_BUCKET_ORIGIN)


def presign(
    method: str,
    url: str,
    query: dict[str, str],
    headers: dict[str, str],
    *,
    credentials: Credentials,
    region: str,
    ttl: int,
) -> str:
    """Return `url` signed by Signature Version 4 for `ttl` seconds from now, every query parameter and header included."""
    request = AWSRequest(method, url, headers=headers, params=query)
    S3SigV4QueryAuth(credentials, "s3", region, expires=ttl).add_auth(request)
    return str(request.url)
