"""File names as people read them, and as HTTP carries them (RFC 6266, RFC 5987)."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

MAX_BYTES = 150
PLAIN_ENDING = re.compile(r"\.[A-Za-z0-9]+")
# Names that Windows keeps for devices: a download under one of them cannot be saved there.
DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
ENDINGS = {
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "text/vtt": ".vtt",
}


def download_name(title: str, content_type: str) -> str:
    """Return a file name for `title`: any script kept, at most 150 bytes of UTF-8, with the type's own ending.

    Control and bidirectional characters, path separators and what file systems refuse are taken out, so that a name can neither break
    a header nor lie about its ending.
    """
    ending = ENDINGS.get(content_type, ".bin")
    stem = _cleaned(unicodedata.normalize("NFC", title))
    if PurePosixPath(stem.lower()).suffix == ending:
        stem = stem[: -len(ending)].rstrip(". ")
    stem = stem.encode()[: MAX_BYTES - len(ending)].decode(errors="ignore").rstrip(". ")
    return _named(stem) + ending


def content_disposition(filename: str, *, inline: bool = False) -> str:
    """Return the header's value: an ASCII fallback, and the true name by RFC 5987. Always ASCII, because S3 refuses anything else."""
    kind = "inline" if inline else "attachment"
    ending = PurePosixPath(filename).suffix
    if not PLAIN_ENDING.fullmatch(ending):
        ending = ""
    # What is plain may have become a separator, a device or nothing at all: it is held to the same as the true name.
    plain = unicodedata.normalize("NFKD", filename.removesuffix(ending)).encode("ascii", "ignore").decode()
    plain = _named(_cleaned(plain.translate({ord("%"): "_", ord(";"): "_"}))) + ending
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _cleaned(text: str) -> str:
    return " ".join("".join(_kept(character) for character in text).split()).strip(". ")


def _named(stem: str) -> str:
    if not stem or stem.partition(".")[0].lower() in DEVICES:
        return f"download-{stem}".rstrip("-")
    return stem


def _kept(character: str) -> str:
    if character in '/\\:*?"<>|':
        return " "
    return " " if unicodedata.category(character)[0] == "C" and character != "\u200d" else character
