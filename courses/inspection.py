"""Is a file what it says it is? Told by its first bytes and its structure, read in small ranges, never by its name."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Reader = Callable[[int, int], bytes]
KIB, MIB, GIB = 1024, 1024**2, 1024**3
MAX_ENTRIES, MAX_UNPACKED = 20_000, 4 * GIB
SCRIPTS = (b"<script", b"<html", b"<!doctype html", b"<svg")

TYPES = {
    ".pdf": "application/pdf",
    ".epub": "application/epub+zip",
    ".zip": "application/zip",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".vtt": "text/vtt",
}


def problem(content_type: str, size: int, read: Reader) -> str | Promise:
    """Return what is wrong with these bytes as a sentence that says what to do, or an empty string.

    `read(start, length)` gives a range of the object; a few small ones are read, whatever its size.
    """
    start = read(0, min(size, 4 * KIB))
    if content_type != "text/vtt" and any(mark in start[:KIB].lower() for mark in SCRIPTS):
        return _("This file begins like a web page or a picture with scripts in it. Upload the real document.")
    return CHECKS[content_type](start, size, read)


def pdf(start: bytes, size: int, read: Reader) -> str | Promise:
    if not start.startswith(b"%PDF-"):
        return _("This is not a PDF, whatever its name says. Export it as PDF again and upload that.")
    if b"%%EOF" not in read(max(0, size - 2 * KIB), min(size, 2 * KIB)):
        return _("This PDF breaks off before its end. Export it again, or copy it again, and upload that.")
    return ""


def epub(start: bytes, size: int, read: Reader) -> str | Promise:
    if start[:4] != b"PK\x03\x04" or start[30:58] != b"mimetypeapplication/epub+zip":
        return _(
            "This is not an EPUB: its first entry must say that it is one. Export it as EPUB again and upload that."
        )
    return packed(start, size, read)


def packed(start: bytes, size: int, read: Reader) -> str | Promise:
    if start[:4] != b"PK\x03\x04":
        return _("This is not a ZIP archive. Pack it again and upload that.")
    try:
        with zipfile.ZipFile(RangeFile(size, read)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return _("This archive is damaged or breaks off before its end. Export it again and upload that.")
    if any(name_escapes(entry.filename) for entry in entries):
        return _("This archive holds names that lead out of its own folder. Pack it again without them.")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        return _("This archive would unpack to more than 4 GiB or 20,000 files. Split it and upload the parts.")
    return ""


def name_escapes(name: str) -> bool:
    steps = name.replace("\\", "/").split("/")
    return ".." in steps or name.startswith(("/", "\\")) or ":" in steps[0]


def mp4(start: bytes, size: int, read: Reader) -> str | Promise:
    """ISO base media (MP4, M4A): an `ftyp` box first, and boxes that end where the file ends."""
    if start[4:8] != b"ftyp":
        return _("This is not an MP4 or M4A file. Export it in that format and upload that.")
    offset, kinds = 0, set()
    for _step in range(1000):
        header = read(offset, min(16, size - offset)) if offset < size else b""
        if len(header) < 8:
            break
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        kinds.add(header[4:8])
        offset = size if length == 0 else offset + max(length, 8)
    if offset != size or b"moov" not in kinds:
        return _(
            "This film or recording breaks off before its end. Export it again, or copy it again, and upload that."
        )
    return ""


def webm(start: bytes, size: int, read: Reader) -> str | Promise:
    if start[:4] != b"\x1a\x45\xdf\xa3" or b"webm" not in start[:64]:
        return _("This is not a WebM film. Export it in that format and upload that.")
    return ""


def mp3(start: bytes, size: int, read: Reader) -> str | Promise:
    frame = len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0
    return (
        ""
        if start[:3] == b"ID3" or frame
        else _("This is not an MP3 recording. Export it in that format and upload that.")
    )


def vtt(start: bytes, size: int, read: Reader) -> str | Promise:
    text = start.removeprefix(b"\xef\xbb\xbf")
    if not text.startswith(b"WEBVTT") or text[6:7] not in (b"", b" ", b"\t", b"\n", b"\r"):
        return _("Captions must be a WebVTT file, whose first line is WEBVTT. Save them as .vtt and upload that.")
    if size > 5 * MIB:
        return _("These captions are larger than 5 MiB. Captions are text: is this the right file?")
    return ""


CHECKS: dict[str, Callable[[bytes, int, Reader], str | Promise]] = {
    "application/pdf": pdf,
    "application/epub+zip": epub,
    "application/zip": packed,
    "video/mp4": mp4,
    "audio/mp4": mp4,
    "video/webm": webm,
    "audio/mpeg": mp3,
    "text/vtt": vtt,
}


class RangeFile(io.RawIOBase):
    """A remote object as a seekable file, so that zipfile can read a directory of entries without the entries."""

    def __init__(self, size: int, read: Reader) -> None:
        self.size, self.fetch, self.place, self.left = size, read, 0, 64 * MIB

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        self.place = max(0, origin + offset)
        return self.place

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self.size - self.place)
        if length <= 0:
            return 0
        self.left -= length
        if self.left < 0:
            raise ValueError("the directory of this archive is larger than any honest one")
        data = self.fetch(self.place, length)
        buffer[: len(data)] = data
        self.place += len(data)
        return len(data)
