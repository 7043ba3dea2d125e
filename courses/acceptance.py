"""What may be uploaded where, and in what pieces: decided before a byte is sent, from what the browser says about a file."""

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from courses import inspection
from courses.models import File

MIB, GIB = 1024**2, 1024**3
SMALLEST_PART, MAX_PARTS, LARGEST_PART = 8 * MIB, 10_000, 5 * GIB
MAX_SIZE = MAX_PARTS * LARGEST_PART

DOCUMENTS = {"application/pdf", "application/epub+zip"}
MEDIA = {"video/mp4", "video/webm", "audio/mpeg", "audio/mp4"}
ACCEPTED = {
    File.Role.BOOK: DOCUMENTS,
    File.Role.SAMPLE: DOCUMENTS,
    File.Role.MEDIA: MEDIA,
    File.Role.CAPTIONS: {"text/vtt"},
    File.Role.ATTACHMENT: DOCUMENTS | MEDIA | {"application/zip", "text/vtt"},
}


class UploadRefused(Exception):
    """What stands in the way of an upload, as a sentence for the person who uploads."""


@dataclass(frozen=True)
class Announced:
    """What a browser says about a file before it sends it.

    `fingerprint` proves later that it is the same one; `opening` is the file's first kilobyte, or empty; with `sums` the browser will
    give the SHA-256 of every part.
    """

    name: str
    size: int
    fingerprint: str = ""
    opening: bytes = b""
    sums: bool = False


def part_size(size: int) -> int:
    """Return the size of every part but the last, in bytes: 8 MiB, or as much more as 10,000 parts need, in whole MiB."""
    return max(SMALLEST_PART, math.ceil(size / MAX_PARTS / MIB) * MIB)


def check(role: str, announced: Announced) -> str:
    """Return the content type of a file that may be uploaded in this role. Raises UploadRefused for any other."""
    accepted = ACCEPTED[File.Role(role)]
    content_type = inspection.content_type_of(announced.name)
    if content_type not in accepted:
        endings = sorted(ending for ending, kind in inspection.TYPES.items() if kind in accepted)
        raise UploadRefused(
            _("This kind of file is not taken here. Taken are: %(endings)s.") % {"endings": ", ".join(endings)}
        )
    if announced.size < 1:
        raise UploadRefused(_("This file is empty. Choose the right one."))
    if announced.size > inspection.LARGEST.get(content_type, MAX_SIZE):
        raise UploadRefused(_("This file is too large for its kind. Make it smaller, or split it."))
    if announced.opening and (trouble := inspection.opening(content_type, announced.opening)):
        raise UploadRefused(str(trouble))
    return content_type
