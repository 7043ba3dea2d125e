"""Bytes and text at the edge: what comes in from a connection, and headers in both directions."""

from email.message import Message
from typing import TYPE_CHECKING

from .errors import S3Error

if TYPE_CHECKING:
    from .handler import Handler


class Incoming:
    """The connection's incoming bytes; the first read says 100 Continue to a client that waits for it."""

    def __init__(self, handler: "Handler") -> None:
        self.handler = handler
        self.expecting = False

    def readinto(self, view: memoryview) -> int:
        self.go_on()
        count = self.handler.rfile.readinto(view)
        self.handler.bucket.line.carry(count)
        return count

    def readline(self, limit: int) -> bytes:
        self.go_on()
        return self.handler.rfile.readline(limit)

    def go_on(self) -> None:
        if self.expecting:
            self.expecting = False
            self.handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def wire(line: str) -> bytes:
    """A header line as bytes. Overrides are Latin-1 by then; what was stored goes back as the bytes it came in."""
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape")


def one_line(value: str) -> bool:
    """Whether a value can stand in a header without becoming two."""
    return not any(char in "\r\n\0" for char in value)


def header_map(headers: "Message[str, str]") -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined, as a signature sees them; values as the bytes were sent."""
    found: dict[str, list[str]] = {}
    for name, value in headers.items():
        if not one_line(value):
            raise S3Error("BadRequest", "A header goes on over a line end.")
        text = value.strip().encode("latin-1", "replace").decode("utf-8", "surrogateescape")
        found.setdefault(name.lower(), []).append(text)
    return {name: ",".join(values) for name, values in found.items()}
