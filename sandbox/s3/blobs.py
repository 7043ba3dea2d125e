"""The bytes on disk: one file a part, named by us, visible under data/ only once it is whole."""

import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO


class Blobs:
    """Files under `root`; names are random, so no key of a client ever becomes a path."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        self.temporary = root / "tmp"
        for folder in (self.data, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)

    def write(self, pieces: Iterable[bytes | memoryview]) -> str:
        """Store a stream and return its blob's name; nothing stays where the stream raises."""
        name = uuid.uuid4().hex
        temporary = self.temporary / name
        try:
            with temporary.open("wb", buffering=0) as file:
                for piece in pieces:
                    write_all(file, memoryview(piece))
            temporary.replace(self.place(name))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return name

    def link(self, name: str) -> str:
        """A second name for the same bytes: a copy that costs no space."""
        copy = uuid.uuid4().hex
        os.link(self.path(name), self.place(copy))
        return copy

    def path(self, name: str) -> Path:
        return self.data / name[:2] / name

    def place(self, name: str) -> Path:
        path = self.path(name)
        path.parent.mkdir(exist_ok=True)
        return path

    def discard(self, names: Iterable[str]) -> None:
        for name in names:
            self.path(name).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> int:
        """Remove what a kill left behind: files that no row names. Returns how many."""
        strays = [path for path in self.data.glob("*/*") if path.name not in known]
        for path in [*strays, *self.temporary.iterdir()]:
            path.unlink()
        return len(strays)


def write_all(file: BinaryIO, piece: memoryview) -> None:
    while len(piece):
        piece = piece[file.write(piece) :]
