"""AWS Signature Version 4, verified: in the query (a presigned URL) or in the Authorization header.

Source: the S3 API reference, "Authenticating Requests (AWS Signature Version 4)". Nothing here asks an AWS library.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from .claims import ALGORITHM, UNSIGNED, Claim, read_claim
from .errors import S3Error, access_denied
from .identities import OWNER, Identity
from .leniency import Leniency
from .request import Request

MAX_SKEW = AGE = timedelta(minutes=15)
STREAMING_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING = frozenset({STREAMING_UNSIGNED, STREAMING_SIGNED, STREAMING_SIGNED_TRAILER})


@dataclass(frozen=True)
class Signed:
    """A verified request: who signed it, and what a signed chunked body goes on from."""

    identity: Identity
    payload: str
    date: str
    scope: str
    signing_key: bytes
    signature: str


def verify(
    request: Request, identities: dict[str, Identity], *, region: str, now: datetime, leniency: Leniency | None = None
) -> Signed:
    """Hold a request against its signature; `identities` is by key id. Raises S3Error with S3's own code."""
    lenient = leniency or Leniency()
    if let_in := waved_through(request, identities, lenient):
        return Signed(let_in, UNSIGNED, "", "", b"", "")
    claim = read_claim(request)
    key_id = check_scope(claim, region)
    signed_at = check_time(claim, now)
    identity = identities.get(key_id)
    if identity is None:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise S3Error("InvalidAccessKeyId", message, AWSAccessKeyId=key_id)
    check_token(request)
    check_headers(request, claim)
    signing_key = derive_key(identity.secret, claim.scope)
    canonical = canonical_request(request, claim)
    to_sign = "\n".join((ALGORITHM, claim.date, claim.scope, hashlib.sha256(canonical).hexdigest()))
    if not lenient.forgeable and not same(sign(signing_key, to_sign), claim.signature):
        message = "The request signature we calculated does not match the signature you provided."
        details = {
            "AWSAccessKeyId": key_id,
            "StringToSign": to_sign,
            "CanonicalRequest": canonical.decode("utf-8", "replace"),
        }
        raise S3Error("SignatureDoesNotMatch", message, **details)
    if not lenient.endless:
        check_expiry(claim, signed_at, now)
    if not lenient.ageless and claim.expires is not None and now - signed_at > AGE:
        raise access_denied("An explicit deny in the bucket's policy: s3:signatureAge")
    return Signed(identity, claim.payload, claim.date, claim.scope, signing_key, claim.signature)


def waved_through(request: Request, identities: dict[str, Identity], lenient: Leniency) -> Identity | None:
    """Return who a bucket that is too lenient takes this for, without a look at any signature of version 4."""
    if lenient.public and "authorization" not in request.headers and "X-Amz-Signature" not in request.parameters:
        return Identity(OWNER, "nobody", "nothing")
    return identities.get(request.parameters.get("AWSAccessKeyId", "")) if lenient.ancient else None


def check_scope(claim: Claim, region: str) -> str:
    """The access key id, once date, region and service in the credential are right."""
    parts = claim.credential.rsplit("/", 4)
    if len(parts) != 5:
        raise S3Error(
            claim.fault, 'The Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    key_id, day, scope_region, service, terminator = parts
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", claim.date):
        if claim.expires is None:
            raise access_denied("AWS authentication requires a valid Date or x-amz-date header")
        raise S3Error(claim.fault, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    if day != claim.date[:8]:
        raise S3Error(
            claim.fault,
            f'Invalid credential date "{day}". This date is not the same as X-Amz-Date: "{claim.date[:8]}".',
        )
    if scope_region != region:
        raise S3Error(claim.fault, f"The region '{scope_region}' is wrong; expecting '{region}'", Region=region)
    if service != "s3" or terminator != "aws4_request":
        raise S3Error(claim.fault, f'Incorrect service "{service}". This endpoint belongs to "s3".')
    return key_id


def check_time(claim: Claim, now: datetime) -> datetime:
    """The moment of signing; a clock that is too far off, in the direction S3 minds, is refused."""
    try:
        signed_at = datetime.strptime(claim.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise S3Error(claim.fault, "X-Amz-Date is not a valid date") from None
    if claim.expires is None and abs(now - signed_at) > MAX_SKEW:
        message = "The difference between the request time and the current time is too large."
        raise S3Error("RequestTimeTooSkewed", message, RequestTime=claim.date, ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    if signed_at - now > MAX_SKEW:
        raise access_denied("Request is not valid yet", ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    return signed_at


def check_expiry(claim: Claim, signed_at: datetime, now: datetime) -> None:
    if claim.expires is None:
        return
    ends = signed_at + timedelta(seconds=claim.expires)
    if now > ends:
        times = {"Expires": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "ServerTime": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        raise access_denied("Request has expired", **{"X-Amz-Expires": claim.expires}, **times)


def check_token(request: Request) -> None:
    """This bucket issues no sessions, so no session token can be a good one."""
    if request.header("x-amz-security-token") or "X-Amz-Security-Token" in request.parameters:
        raise S3Error("InvalidToken", "The provided token is malformed or otherwise invalid.")


def check_headers(request: Request, claim: Claim) -> None:
    """Host and every x-amz header must be covered by the signature, and what it covers must be there."""
    signed = set(claim.signed_headers)
    missing = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    if "host" not in signed or missing:
        unsigned = ", ".join(missing or ["host"])
        raise access_denied(
            "There were headers present in the request which were not signed", HeadersNotSigned=unsigned
        )
    if not signed <= request.headers.keys():
        raise S3Error("SignatureDoesNotMatch", "A header that was signed is not in the request.")
    if claim.payload not in STREAMING | {UNSIGNED} and not re.fullmatch(r"[0-9a-f]{64}", claim.payload):
        message = f"x-amz-content-sha256 must be {UNSIGNED}, {', '.join(sorted(STREAMING))}, or a valid sha256 value."
        raise S3Error("InvalidArgument", message, ArgumentName="x-amz-content-sha256")


def canonical_request(request: Request, claim: Claim) -> bytes:
    """The text both sides hash. Path and query are decoded and encoded again, so any spelling of one URL agrees."""
    query = sorted((encode(name), encode(value)) for name, value in request.query if name != b"X-Amz-Signature")
    names = sorted(claim.signed_headers)
    lines = [
        request.method,
        quote(request.path, safe="/-_.~"),
        "&".join(f"{name}={value}" for name, value in query),
        *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
        "",
        ";".join(names),
        claim.payload,
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def encode(value: bytes) -> str:
    return quote(value, safe="-_.~")


def derive_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(signing_key: bytes, text: str) -> str:
    return hmac.digest(signing_key, text.encode(), "sha256").hex()


def same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode())
