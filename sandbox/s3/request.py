"""One HTTP request as S3 sees it: the bucket, the key, the query and the headers, decoded once."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from .errors import S3Error

MAX_KEY_BYTES = 1024
# The parameters of a presigned URL itself; they stand for no header.
SIGNING = frozenset(
    f"x-amz-{name}"
    for name in ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
)


@dataclass(frozen=True)
class Request:
    """Path and query are kept as decoded bytes too, because that is what a signature covers."""

    method: str
    target: str
    path: bytes
    query: tuple[tuple[bytes, bytes], ...]
    headers: dict[str, str]
    parameters: dict[str, str]
    bucket: str
    key: str

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name, default)

    @property
    def trace(self) -> str:
        """The signed `x-dl` parameter, which tells whose click minted the URL."""
        return self.parameters.get("x-dl", "")


def parse(method: str, target: str, headers: dict[str, str], bucket: str) -> Request:
    """Read a request line and headers; raises S3Error for what cannot be an S3 request."""
    if not target.startswith("/"):
        raise S3Error("InvalidURI", "Couldn't parse the specified URI.")
    raw_path, _, raw_query = target.partition("?")
    path = unquote_to_bytes(raw_path)
    query = tuple(pairs(raw_query))
    name, key = address(path, headers.get("host", ""), bucket)
    if len(key) > MAX_KEY_BYTES:
        raise S3Error("KeyTooLongError", "Your key is too long", Size=len(key), MaxSizeAllowed=MAX_KEY_BYTES)
    # Of a repeated name the first value counts, as on S3.
    parameters = {decoded(name): decoded(value) for name, value in reversed(query)}
    return Request(method, target, path, query, headers, parameters, name, decoded(key))


def pairs(raw_query: str) -> Iterable[tuple[bytes, bytes]]:
    for item in raw_query.split("&"):
        if item:
            name, _, value = item.replace("+", " ").partition("=")
            yield unquote_to_bytes(name), unquote_to_bytes(value)


def address(path: bytes, host: str, bucket: str) -> tuple[str, bytes]:
    """Bucket and key by virtual host (`bucket.anything`) or by path (`/bucket/key`)."""
    hostname = host.rsplit(":", 1)[0].lower()
    if hostname.startswith(f"{bucket}."):
        return bucket, path[1:]
    if hostname.endswith(".localhost"):
        return hostname.removesuffix(".localhost"), path[1:]
    name, _, key = path[1:].partition(b"/")
    return decoded(name), key


def decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise S3Error("InvalidURI", "Couldn't parse the specified URI.") from None


def hoisted(request: Request) -> dict[str, str]:
    """The x-amz-… headers that some SDKs move into a presigned query; there they count as sent."""
    lower = {name.lower(): value for name, value in request.parameters.items()}
    found = {name: value for name, value in lower.items() if name.startswith("x-amz-") and name not in SIGNING}
    if any(char < " " for value in found.values() for char in value):
        raise S3Error("InvalidArgument", "A header in the query goes on over a line end.")
    return found
