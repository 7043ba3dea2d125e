"""How long a film or recording is, read from the few bytes that say so. An unknown length is 0, and no fault of the file."""

import math
import struct
from collections.abc import Callable, Iterator
from itertools import islice

from courses.inspection import media
from courses.inspection.reading import KIB, Reader

LONGEST = 1_000_000  # seconds; what says that it is longer is not believed
LOOKED_AT = 64 * KIB  # bytes at the beginning of a WebM, in which what it says about itself stands
MOST_BOXES = 64
INFO, SCALE, DURATION, CLUSTER = b"\x15\x49\xa9\x66", b"\x2a\xd7\xb1", b"\x44\x89", b"\x1f\x43\xb6\x75"


def seconds(content_type: str, size: int, read: Reader) -> int:
    """Return the length in whole seconds, at least 1, or 0 where the file does not say it or says nonsense.

    `read(start, length)` gives a range of the object, which has been found to be of this type before (`inspection.problem`).
    """
    measure = MEASURES.get(content_type)
    length = measure(size, read) if measure else 0.0
    return max(1, round(length)) if math.isfinite(length) and 0 < length <= LONGEST else 0


def mp4(size: int, read: Reader) -> float:
    """The movie header counts time in units of its own; a film in fragments may say it in `mehd` only, or nowhere."""
    begins = 0
    for kind, end in media.boxes(size, read):
        if kind == b"moov":
            return of_movie(begins, end, read)
        begins = end
    return 0.0


def of_movie(begins: int, end: int, read: Reader) -> float:
    within = Part(begins + 8, end, read)
    scale = counted = place = 0
    for kind, after in islice(media.boxes(within.size, within), MOST_BOXES):
        if kind == b"mvhd":
            scale, counted = times(within(place + 8, 32))
        elif kind == b"mvex":
            counted = counted or fragments(Part(place + 8, after, within))
        place = after
        if counted:
            break
    return counted / scale if scale else 0.0


def times(header: bytes) -> tuple[int, int]:
    """Return a movie header's units a second, and its length in them; all ones mean that it is not known."""
    wide = header[:1] == b"\x01"
    width, place = (8, 20) if wide else (4, 12)
    counted = int.from_bytes(header[place + 4 : place + 4 + width], "big")
    return int.from_bytes(header[place : place + 4], "big"), 0 if counted == (1 << 8 * width) - 1 else counted


def fragments(within: "Part") -> int:
    place = 0
    for kind, after in islice(media.boxes(within.size, within), MOST_BOXES):
        if kind == b"mehd":
            header = within(place + 8, 12)
            return int.from_bytes(header[4:12] if header[:1] == b"\x01" else header[4:8], "big")
        place = after
    return 0


class Part:
    """A part of an object, read as if it were all of it, and never beyond its end."""

    def __init__(self, begins: int, end: int, read: Reader) -> None:
        self.begins, self.size, self.read = begins, max(0, end - begins), read

    def __call__(self, start: int, length: int) -> bytes:
        length = min(length, self.size - start)
        return self.read(self.begins + start, length) if length > 0 else b""


def webm(size: int, read: Reader) -> float:
    """Duration, in units of so many nanoseconds. A live recording, as browsers make them, does not know it."""
    data = read(0, min(size, LOOKED_AT))
    begins = data.find(media.SEGMENT) + 4
    _length, width = media.number(data, begins)
    scale, counted = 1_000_000, 0.0
    for name, body in elements(data, begins + width):
        if name == INFO:
            said = dict(elements(body, 0))
            scale = int.from_bytes(said[SCALE][:8], "big") if SCALE in said else scale
            counted = floating(said.get(DURATION, b""))
        if name in (INFO, CLUSTER):
            break
    return counted * scale / 1_000_000_000


def elements(data: bytes, place: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each element from here on, as far as these bytes go."""
    while place < len(data):
        _name, wide = media.number(data, place)
        length, width = media.number(data, place + wide)
        if not wide or not width:
            return
        begins = place + wide + width
        yield data[place : place + wide], data[begins : begins + length]
        place = begins + length


def floating(body: bytes) -> float:
    shapes = {4: ">f", 8: ">d"}
    return float(struct.unpack(shapes[len(body)], body)[0]) if len(body) in shapes else 0.0


def mp3(size: int, read: Reader) -> float:
    """Frames that the first one counts, each of the same length in time; else, where all have one rate, the bytes by that rate."""
    place = media.tag_length(read(0, min(size, 10)))
    data = read(place, min(media.SEARCHED, size - place)) if place < size else b""
    first = next((offset for offset in range(len(data)) if media.follow(data, offset)), None)
    if first is None:
        return 0.0
    header = data[first : first + 4]
    samples, hertz = pace(header)
    if frames := frames_counted(data[first:]):
        return frames * samples / hertz
    rates = {kilobits(data[at : at + 4]) for at in each_frame(data, first)}
    return (size - place - first) / (125 * rates.pop()) if len(rates) == 1 else 0.0


def each_frame(data: bytes, place: int) -> Iterator[int]:
    while length := media.frame_length(data[place : place + 4]):
        yield place
        place += length


def pace(header: bytes) -> tuple[int, int]:
    """Return how many samples a frame holds, and how many there are a second."""
    version = header[1] >> 3 & 3
    return 1152 if version == 3 else 576, media.HERTZ[header[2] >> 2 & 3] // {3: 1, 2: 2, 0: 4}[version]


def kilobits(header: bytes) -> int:
    """Return a frame's rate in kilobits a second."""
    return (media.FAST if header[1] >> 3 & 3 == 3 else media.SLOW)[header[2] >> 4]


def frames_counted(frame: bytes) -> int:
    """Return how many frames the recording's first one says there are, in LAME's and Xing's way or in Fraunhofer's; 0 if it does not."""
    place = max(frame.find(b"Xing", 0, 200), frame.find(b"Info", 0, 200))
    if place >= 0 and len(frame) >= place + 12 and frame[place + 7] & 1:
        return int.from_bytes(frame[place + 8 : place + 12], "big")
    return int.from_bytes(frame[50:54], "big") if frame[36:40] == b"VBRI" and len(frame) >= 54 else 0


MEASURES: dict[str, Callable[[int, Reader], float]] = {
    "video/mp4": mp4,
    "audio/mp4": mp4,
    "video/webm": webm,
    "audio/mpeg": mp3,
}
