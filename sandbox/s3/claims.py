"""What a request says about its own signature, by query or by header, before any of it is believed."""

import re
from dataclasses import dataclass

from .errors import S3Error, access_denied
from .request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_EXPIRES = 604_800
UNSIGNED = "UNSIGNED-PAYLOAD"
QUERY_NAMES = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)


@dataclass(frozen=True)
class Claim:
    """A signature and what it claims to cover; `expires` is in seconds, `fault` the code of a malformed claim."""

    credential: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    payload: str
    expires: int | None
    fault: str

    @property
    def scope(self) -> str:
        return self.credential.split("/", 1)[1]


def read_claim(request: Request) -> Claim:
    """Find the one signature of a request; none, two, or an older scheme are refused."""
    names = {name.decode("utf-8", "replace") for name, _ in request.query}
    authorization = request.header("authorization")
    if authorization.startswith("AWS ") or {"AWSAccessKeyId", "Signature"} & names:
        raise S3Error(
            "InvalidRequest", f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}."
        )
    in_query = any(name in names for name in QUERY_NAMES)
    if authorization and in_query:
        raise S3Error("InvalidArgument", "Only one auth mechanism allowed", ArgumentName="Authorization")
    if in_query:
        return claim_in_query(request)
    if authorization:
        return claim_in_header(request, authorization)
    raise access_denied()


def claim_in_query(request: Request) -> Claim:
    fault = "AuthorizationQueryParametersError"
    values: dict[str, str] = {}
    for name in QUERY_NAMES:
        found = [value for candidate, value in request.query if candidate == name.encode()]
        if len(found) != 1:
            message = (
                f"Query-string authentication version 4 requires these parameters, once each: {', '.join(QUERY_NAMES)}"
            )
            raise S3Error(fault, message)
        values[name] = found[0].decode("utf-8", "replace")
    if values["X-Amz-Algorithm"] != ALGORITHM:
        raise S3Error(fault, f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    expires = values["X-Amz-Expires"]
    if not re.fullmatch(r"[0-9]{1,12}", expires) or not 1 <= int(expires) <= MAX_EXPIRES:
        raise S3Error(fault, f"X-Amz-Expires must be a number between 1 and {MAX_EXPIRES} (in seconds)")
    headers = tuple(values["X-Amz-SignedHeaders"].split(";"))
    payload = request.parameters.get("X-Amz-Content-Sha256") or request.header("x-amz-content-sha256") or UNSIGNED
    return Claim(
        values["X-Amz-Credential"],
        headers,
        values["X-Amz-Signature"],
        values["X-Amz-Date"],
        payload,
        int(expires),
        fault,
    )


def claim_in_header(request: Request, authorization: str) -> Claim:
    fault = "AuthorizationHeaderMalformed"
    algorithm, _, rest = authorization.partition(" ")
    parts = dict(item.strip().partition("=")[::2] for item in rest.split(","))
    if algorithm != ALGORITHM or parts.keys() != {"Credential", "SignedHeaders", "Signature"}:
        raise S3Error(fault, "The authorization header is malformed.")
    payload = request.header("x-amz-content-sha256")
    if not payload:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    headers = tuple(parts["SignedHeaders"].split(";"))
    return Claim(parts["Credential"], headers, parts["Signature"], request.header("x-amz-date"), payload, None, fault)
