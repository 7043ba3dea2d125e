"""EPUB and ZIP: told by their directory, of which nothing is unpacked."""

import stat
import zipfile

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.inspection.reading import GIB, RangeFile, Reader

MAX_ENTRIES, MAX_UNPACKED = 20_000, 4 * GIB
# Deflate cannot do better than 1,032 to 1; an entry that claims more is no deflated one, or lies.
MOST_PACKED = 1032


def epub(start: bytes, size: int, read: Reader) -> str | Promise:
    entries = directory(size, read)
    if entries is not None and "META-INF/container.xml" not in {entry.filename for entry in entries}:
        return _("This EPUB lacks its table of what is inside. Export it as EPUB again and upload that.")
    return unsafe(entries, size)


def packed(start: bytes, size: int, read: Reader) -> str | Promise:
    return unsafe(directory(size, read), size)


def directory(size: int, read: Reader) -> list[zipfile.ZipInfo] | None:
    """Return the entries, or None where the directory cannot be read."""
    try:
        with zipfile.ZipFile(RangeFile(size, read)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return None


def unsafe(entries: list[zipfile.ZipInfo] | None, size: int) -> str | Promise:
    if entries is None:
        return _("This archive is damaged or breaks off before its end. Export it again and upload that.")
    if any(name_escapes(entry.filename) or is_link(entry) for entry in entries):
        return _("This archive holds names that lead out of its own folder. Pack it again without them.")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        return _("This archive would unpack to more than 4 GiB or 20,000 files. Split it and upload the parts.")
    if overlaps(entries, size) or any(is_bomb(entry) for entry in entries):
        return _("This archive would unpack to something else than it says. Pack it again and upload that.")
    return ""


def name_escapes(name: str) -> bool:
    steps = name.replace("\\", "/").split("/")
    return ".." in steps or name.startswith(("/", "\\")) or ":" in steps[0]


def is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def is_bomb(entry: zipfile.ZipInfo) -> bool:
    deflated = entry.compress_type == zipfile.ZIP_DEFLATED
    return deflated and entry.file_size > max(entry.compress_size, 1) * MOST_PACKED


def overlaps(entries: list[zipfile.ZipInfo], size: int) -> bool:
    """Tell whether entries share their bytes, or something stands before them: both make one file out of two."""
    places = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    end = 0
    for offset, length in places:
        if offset < end:
            return True
        end = offset + length
    return end > size or (bool(places) and places[0][0] != 0)
