"""The first bytes of each kind: enough to refuse a wrong file before it is sent."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.inspection import media

LOCAL_HEADER = b"PK\x03\x04"


def pdf(start: bytes) -> bool:
    return start.startswith(b"%PDF-")


def epub(start: bytes) -> bool:
    return start[:4] == LOCAL_HEADER and start[30:58] == b"mimetypeapplication/epub+zip"


def packed(start: bytes) -> bool:
    return start[:4] == LOCAL_HEADER


def mp4(start: bytes) -> bool:
    return start[4:8] == b"ftyp"


def webm(start: bytes) -> bool:
    return start[:4] == media.EBML and media.doc_type(start) == b"webm"


def mp3(start: bytes) -> bool:
    return start[:3] == b"ID3" or bool(media.frame_length(start[:4]))


def captions(start: bytes) -> bool:
    text = start.removeprefix(b"\xef\xbb\xbf")
    return text.startswith(b"WEBVTT") and text[6:7] in (b"", b" ", b"\t", b"\n", b"\r")


OPENINGS: dict[str, tuple[Callable[[bytes], bool], str | Promise]] = {
    "application/pdf": (
        pdf,
        _("This is not a PDF, whatever its name says. Export it as PDF again and upload that."),
    ),
    "application/epub+zip": (
        epub,
        _("This is not an EPUB: its first entry must say that it is one. Export it as EPUB again and upload that."),
    ),
    "application/zip": (packed, _("This is not a ZIP archive. Pack it again and upload that.")),
    "video/mp4": (mp4, _("This is not an MP4 or M4A file. Export it in that format and upload that.")),
    "audio/mp4": (mp4, _("This is not an MP4 or M4A file. Export it in that format and upload that.")),
    "video/webm": (webm, _("This is not a WebM film. Export it in that format and upload that.")),
    "audio/mpeg": (mp3, _("This is not an MP3 recording. Export it in that format and upload that.")),
    "text/vtt": (
        captions,
        _("Captions must be a WebVTT file, whose first line is WEBVTT. Save them as .vtt and upload that."),
    ),
}
