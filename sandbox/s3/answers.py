"""What an operation gives back: a status, headers, and bytes held in memory or read from blobs on the way out."""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from .errors import document
from .identities import Identity
from .payload import Body
from .request import Request
from .store import Object, Segment, Store


@dataclass
class Stream:
    """Bytes `start` to `end` (excluded) of an opened object, whose readers the server releases afterwards."""

    object_id: str
    segments: tuple[Segment, ...]
    start: int
    end: int


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Stream | None = None


@dataclass(frozen=True)
class Call:
    """One verified request and all that an operation needs; `headers` includes x-amz- parameters of a signed query."""

    request: Request
    headers: dict[str, str]
    identity: Identity
    body: Body
    store: Store
    region: str
    now: datetime
    cors_origins: list[str]

    @property
    def key(self) -> str:
        return self.request.key

    @property
    def parameters(self) -> dict[str, str]:
        return self.request.parameters


def xml(name: str, *content: object, headers: dict[str, str] | None = None) -> Answer:
    return Answer(200, {"Content-Type": "application/xml", **(headers or {})}, document(name, *content))


def quoted(etag: str) -> str:
    return f'"{etag}"'


def http_date(when: datetime) -> str:
    return format_datetime(when, usegmt=True)


def iso(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"


def checksum_headers(algorithm: str, checksum: str) -> dict[str, str]:
    if not algorithm:
        return {}
    kind = "COMPOSITE" if "-" in checksum else "FULL_OBJECT"
    return {f"x-amz-checksum-{algorithm}": checksum, "x-amz-checksum-type": kind}


def object_headers(found: Object) -> dict[str, str]:
    """The headers every answer about an object carries."""
    return {
        "Content-Type": "binary/octet-stream",
        **found.headers,
        "ETag": quoted(found.etag),
        "Last-Modified": http_date(found.modified),
        "Accept-Ranges": "bytes",
        "x-amz-server-side-encryption": "AES256",
    }
