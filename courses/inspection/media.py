"""Films and recordings: MP4 and M4A, WebM, MP3."""

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.inspection.reading import KIB, Reader

MAX_BOXES = 20_000
EBML, SEGMENT, DOC_TYPE = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x42\x82"
SEARCHED = 16 * KIB
# Kilobits a second, by the four bits of a frame's header: MPEG-1, then MPEG-2 and 2.5; hertz of MPEG-1.
FAST = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
SLOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
HERTZ = (44_100, 48_000, 32_000)


def broken_off() -> Promise:
    return _("This film or recording breaks off before its end. Export it again, or copy it again, and upload that.")


def mp4(start: bytes, size: int, read: Reader) -> str | Promise:
    """ISO base media (MP4, M4A): an `ftyp` box first, and boxes that end where the file ends."""
    found = list(boxes(size, read))
    whole = bool(found) and found[-1][1] == size
    return "" if whole and b"moov" in {kind for kind, _end in found} else broken_off()


def boxes(size: int, read: Reader) -> Iterator[tuple[bytes, int]]:
    """Yield each top-level box's kind, and where it says that it ends. A length of 0 means: to the end of the file."""
    offset = 0
    for _step in range(MAX_BOXES):
        header = read(offset, min(16, size - offset)) if offset < size else b""
        if len(header) < 8:
            return
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        offset = size if length == 0 else offset + max(length, 8)
        yield header[4:8], offset


def webm(start: bytes, size: int, read: Reader) -> str | Promise:
    """A header that names WebM, then the segment; one that says how long it is must be there to its end."""
    length, width = number(start, 4)
    place = 4 + width + length
    if start[place : place + 4] != SEGMENT:
        return broken_off()
    length, width = number(start, place + 4)
    begins = place + 4 + width
    if width == 0 or begins >= size:
        return broken_off()
    unknown = length == (1 << 7 * width) - 1  # A live recording does not know its own length.
    return "" if unknown or begins + length <= size else broken_off()


def doc_type(start: bytes) -> bytes:
    place = start.find(DOC_TYPE, 4, 64)
    if place < 0:
        return b""
    length, width = number(start, place + 2)
    return start[place + 2 + width :][:length].rstrip(b"\x00")


def number(data: bytes, place: int) -> tuple[int, int]:
    """Read EBML's number of variable length: its value, and its width in bytes (0 where there is none)."""
    first = data[place] if place < len(data) else 0
    width = 9 - first.bit_length() if first else 0
    value = int.from_bytes(data[place : place + width], "big")
    return value & ((1 << 7 * width) - 1), width


def mp3(start: bytes, size: int, read: Reader) -> str | Promise:
    """Frames that follow each other, after a tag or at once; a recording that counts its bytes must have them."""
    place = tag_length(start)
    data = read(place, min(SEARCHED, size - place)) if place < size else b""
    first = next((offset for offset in range(len(data)) if follow(data, offset)), None)
    if first is None:
        return _("This is not an MP3 recording. Export it in that format and upload that.")
    return broken_off() if place + first + counted(data[first:]) > size else ""


def tag_length(start: bytes) -> int:
    """Return the length of the ID3 tag at the start, in bytes: four times seven bits, and its own header."""
    if start[:3] != b"ID3" or len(start) < 10:
        return 0
    length = 0
    for byte in start[6:10]:
        length = length << 7 | byte & 0x7F
    return 10 + length


def follow(data: bytes, offset: int) -> bool:
    """Tell whether a frame begins here, and another after it."""
    length = frame_length(data[offset : offset + 4])
    return bool(length) and bool(frame_length(data[offset + length : offset + length + 4]))


def frame_length(header: bytes) -> int:
    """Return the length in bytes of a frame of MPEG layer III; 0 where this is no such header."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate, pace = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or pace == 3:
        return 0
    full = version == 3
    kilobits = FAST[rate] if full else SLOW[rate]
    hertz = HERTZ[pace] // {3: 1, 2: 2, 0: 4}[version]
    return (144_000 if full else 72_000) * kilobits // hertz + (header[2] >> 1 & 1)


def counted(frame: bytes) -> int:
    """Return how many bytes the recording's first frame says there are from itself on, in LAME's and Xing's way; 0 if it does not."""
    place = max(frame.find(b"Xing", 0, 200), frame.find(b"Info", 0, 200))
    if place < 0 or len(frame) < place + 16:
        return 0
    flags, after = frame[place + 7], place + 8 + 4 * (frame[place + 7] & 1)
    return int.from_bytes(frame[after : after + 4], "big") if flags & 2 else 0
