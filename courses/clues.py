"""What a pasted text gives away: a signed URL, an XML error of the bucket's, a line of its access log, or just an id.

Nothing is believed here; courses.tracing holds it against our rows. A line of the log is read as Amazon writes it:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from courses import storage
from courses.storage import SignedParts

LONGEST = 20_000
UUID_TEXT = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
URL = re.compile(r"https?://[^\s\"'<>]+")
TRACE = re.compile(rf"x-dl=({UUID_TEXT})", re.IGNORECASE)
KEY = re.compile(rf"content/{UUID_TEXT}")
CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
REQUEST = re.compile(r"<RequestId>([A-Za-z0-9]{4,64})</RequestId>")
# Quoted fields may hold quotes of their own in the request's line and the browser's name; what follows them is plain.
LINE = re.compile(
    r"^\S+ \S+ \[(?P<at>[^\]]{1,40})\] (?P<address>\S{1,60}) (?P<requester>\S+) (?P<request>\S{1,64}) (?P<operation>\S{1,60}) "
    r'(?P<key>\S+) (?:"(?P<uri>.*?)"|-) (?P<status>\d{3}|-) (?P<code>\S{1,60}) (?P<sent>\d{1,18}|-) (?P<size>\d{1,18}|-) '
    r'(?:\d{1,18}|-) (?:\d{1,18}|-) (?:"(?P<referrer>.*?)"|-) (?:"(?P<agent>.*?)"|-)(?: |$)'
)


@dataclass(frozen=True)
class Logged:
    """A line of the access log: who asked for what from where, and what they got. Sizes are in bytes."""

    at: datetime
    address: str
    request_id: str
    operation: str
    key: str
    trace: str
    status: int
    code: str
    sent: int
    size: int
    agent: str


@dataclass(frozen=True)
class Clue:
    """What was found in a text; each part may be missing. `code` is the bucket's word for what is wrong."""

    trace: UUID | None = None
    key: str = ""
    code: str = ""
    request_id: str = ""
    signed: SignedParts | None = None
    logged: Logged | None = None

    def __bool__(self) -> bool:
        return bool(self.trace or self.key or self.request_id)


def read(text: str) -> Clue:
    """Return what a text gives away. It may be encoded once more, as in a page or a mail."""
    plain = html.unescape(text[:LONGEST]).strip()
    logged = read_line(plain)
    if logged:
        return Clue(
            as_uuid(logged.trace),
            logged.key,
            "" if logged.code == "-" else logged.code,
            logged.request_id,
            None,
            logged,
        )
    found = URL.search(plain)
    signed = storage.read_signed(found[0]) if found else None
    loose = unquote(plain)
    trace, key, code, request = (pattern.search(loose) for pattern in (TRACE, KEY, CODE, REQUEST))
    alone = re.fullmatch(UUID_TEXT, plain.lower())
    word = re.fullmatch(r"[A-Z0-9]{12,32}", plain)
    return Clue(
        trace=as_uuid(signed.trace if signed else trace[1] if trace else alone[0] if alone else ""),
        key=signed.key if signed else key[0] if key else "",
        code=code[1] if code else "",
        request_id=request[1] if request else word[0] if word else "",
        signed=signed,
    )


def read_line(line: str) -> Logged | None:
    """Return what a line of the access log says, or None for what is none."""
    found = LINE.match(line)
    if not found:
        return None
    try:
        at = datetime.strptime(found["at"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return Logged(
        at=at,
        address="" if found["address"] == "-" else found["address"],
        request_id=found["request"],
        operation=found["operation"],
        key=unquote(unquote(found["key"])) if KEY.search(unquote(unquote(found["key"]))) else "",
        trace=trace_of(found["uri"] or ""),
        status=number(found["status"]),
        code="" if found["code"] == "-" else found["code"],
        sent=number(found["sent"]),
        size=number(found["size"]),
        agent=found["agent"] or "",
    )


def trace_of(request_line: str) -> str:
    """Return the `x-dl` of a request's line, "GET /key?query HTTP/1.1", or nothing."""
    parts = request_line.split(" ")
    if len(parts) < 2:
        return ""
    try:
        values = parse_qs(urlsplit(parts[1]).query).get("x-dl", [])
    except ValueError:
        return ""
    return values[0][:64] if len(values) == 1 else ""


def number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if re.fullmatch(UUID_TEXT, text.lower()) else None
    except ValueError:
        return None
