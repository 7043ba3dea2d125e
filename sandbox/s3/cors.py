"""The bucket's CORS rule: which origins may GET, PUT and HEAD from a browser, with the ETag, and how long to wait, readable."""

from .answers import Answer
from .errors import S3Error

METHODS = ("GET", "PUT", "HEAD")
EXPOSED = "ETag, Retry-After"
MAX_AGE = "3000"
VARY = {"Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}


def preflight(headers: dict[str, str], origins: list[str]) -> Answer:
    """The answer to OPTIONS; raises AccessForbidden for what the rule does not allow."""
    if "origin" not in headers:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.")
    method = headers.get("access-control-request-method", "")
    allowed = response_headers(headers, origins, method=method)
    if len(allowed) == len(VARY):
        message = "CORSResponse: This CORS request is not allowed."
        raise S3Error("AccessForbidden", message, Method=method, ResourceType="OBJECT")
    if asked := headers.get("access-control-request-headers", ""):
        allowed["Access-Control-Allow-Headers"] = asked.lower()
    return Answer(200, allowed | {"Access-Control-Max-Age": MAX_AGE})


def response_headers(headers: dict[str, str], origins: list[str], *, method: str) -> dict[str, str]:
    """What a browser of that origin needs to see; a foreign origin gets only Vary."""
    origin = headers.get("origin", "")
    if not origin or method not in METHODS or not {origin, "*"} & set(origins):
        return dict(VARY)
    return VARY | {
        "Access-Control-Allow-Origin": "*" if "*" in origins else origin,
        "Access-Control-Allow-Methods": ", ".join(METHODS),
        "Access-Control-Expose-Headers": EXPOSED,
    }
