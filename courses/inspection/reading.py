"""Ranges of a remote object, and an object as a file."""

import io
from collections.abc import Callable
from typing import Any

Reader = Callable[[int, int], bytes]
KIB, MIB, GIB = 1024, 1024**2, 1024**3


def tail(size: int, length: int, read: Reader) -> bytes:
    """Return the last bytes of an object, at most `length` of them."""
    kept = min(size, length)
    return read(size - kept, kept)


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
