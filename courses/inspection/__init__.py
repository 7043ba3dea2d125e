"""Is a file what it says it is? Told by its first bytes and its structure, read in small ranges, never by its name.

Each check returns a sentence that says what to do, or an empty string. It does not prove that a file is harmless to whoever opens it;
it holds that a file is of the one kind it will be served as, whole, and bounded when unpacked.
"""

from collections.abc import Callable
from pathlib import PurePosixPath

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.inspection import archives, documents, media
from courses.inspection.lengths import seconds
from courses.inspection.openings import OPENINGS
from courses.inspection.reading import GIB, KIB, MIB, Reader

__all__ = ["LARGEST", "TYPES", "Reader", "content_type_of", "opening", "problem", "seconds"]

SCRIPTS = (b"<script", b"<html", b"<!doctype html", b"<svg")
# An archive may hold web pages; what it is lies in its directory, and it is never shown.
HOLD_PAGES = {"application/epub+zip", "application/zip", "text/vtt"}

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
# In bytes; what is not named may be as large as the bucket takes it.
LARGEST = {
    "application/pdf": 4 * GIB,
    "application/epub+zip": 4 * GIB,
    "audio/mpeg": 8 * GIB,
    "audio/mp4": 8 * GIB,
    "text/vtt": 5 * MIB,
}
CHECKS: dict[str, Callable[[bytes, int, Reader], str | Promise]] = {
    "application/pdf": documents.pdf,
    "application/epub+zip": archives.epub,
    "application/zip": archives.packed,
    "video/mp4": media.mp4,
    "audio/mp4": media.mp4,
    "video/webm": media.webm,
    "audio/mpeg": media.mp3,
    "text/vtt": documents.captions,
}


def content_type_of(name: str) -> str:
    """Return the type that a file name declares, or an empty string for one that is not taken."""
    return TYPES.get(PurePosixPath(name.lower()).suffix, "")


def opening(content_type: str, start: bytes) -> str | Promise:
    """Return what is wrong with a file that begins like this, as a sentence, or an empty string. A kilobyte is enough."""
    if content_type not in HOLD_PAGES and any(mark in start[:KIB].lower() for mark in SCRIPTS):
        return _("This file begins like a web page or a picture with scripts in it. Upload the real document.")
    begins_right, sentence = OPENINGS[content_type]
    return "" if begins_right(start) else sentence


def problem(content_type: str, size: int, read: Reader) -> str | Promise:
    """Return what is wrong with these bytes as a sentence that says what to do, or an empty string.

    `read(start, length)` gives a range of the object; small ones are read, whatever its size.
    """
    start = read(0, min(size, 4 * KIB))
    return opening(content_type, start) or CHECKS[content_type](start, size, read)
