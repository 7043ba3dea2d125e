"""How a request's raw body is delimited: by its length, or in HTTP chunks. Ending early is always an error."""

import re
from typing import Protocol

from .errors import S3Error

MAX_LINE = 4096


class Source(Protocol):
    """Where the bytes of a connection come from."""

    def readinto(self, view: memoryview, /) -> int: ...

    def readline(self, limit: int, /) -> bytes: ...


class Plain:
    """A body as long as Content-Length says; ending early is an error, never a short object."""

    def __init__(self, source: Source, length: int) -> None:
        self.source = source
        self.left = length

    def read(self, view: memoryview) -> int:
        """Fill `view` as far as the body goes; 0 at its end."""
        wanted = min(len(view), self.left)
        if wanted == 0:
            return 0
        count = self.source.readinto(view[:wanted])
        if count < wanted:
            raise incomplete()
        self.left -= count
        return count

    def line(self) -> bytes:
        found = self.source.readline(min(MAX_LINE, self.left))
        self.left -= len(found)
        return found

    @property
    def done(self) -> bool:
        return self.left == 0


class Chunked:
    """An HTTP body in Transfer-Encoding: chunked."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.left = 0
        self.done = False
        self.started = False

    def read(self, view: memoryview) -> int:
        if not self.more():
            return 0
        wanted = min(len(view), self.left)
        count = self.source.readinto(view[:wanted])
        if count < wanted:
            raise incomplete()
        self.left -= count
        return count

    def line(self) -> bytes:
        found = b""
        while not found.endswith(b"\n") and len(found) < MAX_LINE and self.more():
            piece = self.source.readline(min(MAX_LINE, self.left))
            if not piece:
                raise incomplete()
            self.left -= len(piece)
            found += piece
        return found

    def more(self) -> bool:
        """Go on to the next chunk where this one is used up; False after the last."""
        if self.left or self.done:
            return not self.done
        if self.started and self.source.readline(MAX_LINE) != b"\r\n":
            raise incomplete()
        self.started = True
        self.left = chunk_size(self.source.readline(MAX_LINE).split(b";")[0].strip())
        if self.left == 0:
            self.done = True
            while self.source.readline(MAX_LINE).strip():
                pass
        return not self.done


def open_body(source: Source, headers: dict[str, str]) -> Plain | Chunked:
    """The raw body a request's headers announce; without any it is empty."""
    encoding = headers.get("transfer-encoding", "").lower()
    length = content_length(headers.get("content-length"))
    if encoding and (encoding != "chunked" or length is not None):
        raise S3Error("BadRequest", "A body has one Content-Length, or Transfer-Encoding: chunked.")
    return Chunked(source) if encoding else Plain(source, length or 0)


def content_length(value: str | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise S3Error("BadRequest", "The length of the body is not a number.")
    return int(value)


def chunk_size(value: bytes) -> int:
    if not re.fullmatch(rb"[0-9a-fA-F]{1,12}", value):
        raise incomplete()
    return int(value, 16)


def incomplete() -> S3Error:
    return S3Error(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )
