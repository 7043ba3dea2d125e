"""Reading a presigned URL back: what it names, when it runs out, who signed it, and whether anything in it was altered."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from django.conf import settings

from courses.storage.credentials import credentials_of
from courses.storage.errors import StorageError

LONGEST = 16_000


@dataclass(frozen=True)
class SignedParts:
    """What stands in a signed URL. `genuine` is None where nobody here knows the secret that belongs to `signer`."""

    key: str
    trace: str
    signer: str
    signed_at: datetime | None
    expires_at: datetime | None
    genuine: bool | None


def read_signed(url: str) -> SignedParts | None:
    """Return what a signed GET URL says, or None for what is none. No network; nothing in it is believed but what `genuine` covers."""
    try:
        parts = urlsplit(url[:LONGEST])
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    found = dict(query)
    if "X-Amz-Signature" not in found or "X-Amz-Credential" not in found:
        return None
    signed_at = moment(found.get("X-Amz-Date", ""))
    seconds = found.get("X-Amz-Expires", "")
    expires_at = None
    if signed_at and re.fullmatch(r"[0-9]{1,7}", seconds):
        expires_at = signed_at + timedelta(seconds=int(seconds))
    credential = found["X-Amz-Credential"]
    key = re.search(r"content/[0-9a-f-]{36}$", unquote(parts.path))
    return SignedParts(
        key=key[0] if key else "",
        trace=found.get("x-dl", ""),
        signer=credential.split("/")[0][:128],
        signed_at=signed_at,
        expires_at=expires_at,
        genuine=is_genuine(parts, query, credential, found.get("X-Amz-Date", ""), found["X-Amz-Signature"]),
    )


def moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def current_secret(key_id: str) -> str | None:
    """Return the secret of the temporary key that signs now, where it is this one."""
    if "reader" in settings.S3_IDENTITIES:
        return None
    try:
        keys = credentials_of("reader").keys
    except StorageError:
        return None
    return str(keys.secret_key) if keys.access_key == key_id else None


def is_genuine(
    parts: SplitResult, query: list[tuple[str, str]], credential: str, date: str, signature: str
) -> bool | None:
    """Sign the URL anew and compare. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    key_id, _slash, scope = credential.partition("/")
    secret = settings.S3_READER_KEYS.get(key_id) or current_secret(key_id)
    if secret is None or scope.count("/") != 3:
        return None
    signed = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query if name != "X-Amz-Signature"
    )
    canonical = "\n".join(
        [
            "GET",
            quote(unquote(parts.path), safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in signed),
            f"host:{parts.netloc}",
            "",
            "host",
            "UNSIGNED-PAYLOAD",
        ]
    )
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = f"AWS4{secret}".encode()
    for step in scope.split("/"):
        derived = hmac.digest(derived, step.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(derived, text.encode(), "sha256").hex(), signature.lower())
