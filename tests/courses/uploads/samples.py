"""Small real files of every kind, and broken ones."""

import io
import zipfile

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + b"x" * 3000 + b"\ntrailer<<>>\n%%EOF\n"


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


MP4 = box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2") + box(b"moov", b"m" * 64) + box(b"mdat", b"d" * 500)
M4A = box(b"ftyp", b"M4A \x00\x00\x02\x00") + box(b"moov", b"m" * 64) + box(b"mdat", b"d" * 500)


def webm(kind: bytes = b"webm", *, length: int | None = None) -> bytes:
    """A header, and a segment that says how long it is; without `length` it says that it does not know."""
    named = b"B\x86\x81\x01" + b"B\x82" + bytes([0x80 | len(kind)]) + kind
    said = b"\x01" + (2**56 - 1 if length is None else length).to_bytes(7, "big")
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(named)]) + named + b"\x18\x53\x80\x67" + said + b"w" * 500


def mp3(frames: int, *, says: int | None = None) -> bytes:
    """A tag, then frames of 128 kbit/s at 44.1 kHz; the first counts `says` of them in bytes, where there is one."""
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + b"t" * 10
    body = [b"\xff\xfb\x90\x00" + b"a" * 413 for _ in range(frames)]
    if says is not None:
        count = b"Xing\x00\x00\x00\x02" + (417 * says).to_bytes(4, "big")
        body[0] = (b"\xff\xfb\x90\x00" + bytes(32) + count).ljust(417, b"\x00")
    return tag + b"".join(body)


WEBM = webm(length=500)
MP3 = mp3(5, says=5)
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nThe tide turns.\n"


MIMETYPE = b"application/epub+zip"
CONTAINER = {"META-INF/container.xml": b"<container/>"}


def archive(entries: dict[str, bytes], *, first: bytes | None = None, link: str = "") -> bytes:
    """A ZIP of these entries, deflated; `first` is an EPUB's mimetype, stored, and `link` an entry that is a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        if first is not None:
            packed.writestr(zipfile.ZipInfo("mimetype"), first)
        for name, body in entries.items():
            packed.writestr(name, body)
        if link:
            entry = zipfile.ZipInfo(link)
            entry.external_attr = 0o120777 << 16
            packed.writestr(entry, "/etc/passwd")
    return out.getvalue()


def bomb() -> bytes:
    """An archive that says it unpacks to 10 GB."""
    body = bytearray(archive(CONTAINER | {"a.xhtml": b"p" * 100, "b.xhtml": b"p" * 100}, first=MIMETYPE))
    place = body.index(b"PK\x01\x02")
    while place >= 0:
        body[place + 24 : place + 28] = (4_294_967_290).to_bytes(4, "little")
        place = body.find(b"PK\x01\x02", place + 4)
    return bytes(body)


def overlapping() -> bytes:
    """Two entries that share their bytes, as in the bombs that no sum of sizes gives away."""
    body = bytearray(archive({"a.txt": b"a" * 100, "b.txt": b"b" * 100}))
    second = body.rindex(b"PK\x01\x02")
    body[second + 42 : second + 46] = (0).to_bytes(4, "little")
    return bytes(body)


EPUB = archive(CONTAINER | {"page.xhtml": b"<html><p>Tides</p></html>"}, first=MIMETYPE)
ZIP = archive({"notes.txt": b"Notes"})

GOOD = {
    "book.pdf": PDF,
    "book.epub": EPUB,
    "sheets.zip": ZIP,
    "film.mp4": MP4,
    "talk.m4a": M4A,
    "film.webm": WEBM,
    "talk.mp3": MP3,
    "film.vtt": VTT,
    "Capitals.PDF": PDF,
    "pages.zip": archive({"index.html": b"<!doctype html><script src=a.js></script>"}),
    "live.webm": webm(),
    "uncounted.mp3": mp3(3),
    "padded.pdf": PDF + b"\r\n\x00\x00",
    "fragments.mp4": box(b"ftyp", b"isom") + box(b"moov", b"m" * 64) + box(b"moof", b"f") * 40 + box(b"mdat", b"d"),
}
HTML = b"<!doctype html><script>alert(1)</script>" + b" " * 500
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
# Those with a number are inputs of the threat list.
BAD = {
    "u62 html as pdf": ("book.pdf", HTML),
    "u62 html after a pdf's header": ("book.pdf", b"%PDF-1.7\n<html><script>alert(1)</script></html>\n%%EOF"),
    "u62 html as mp3": ("talk.mp3", HTML),
    "u63 svg with a script as mp4": ("film.mp4", SVG),
    "u63 svg with a script as pdf": ("book.pdf", SVG),
    "u64 gif that is a script as pdf": ("book.pdf", b"GIF89a/*" + b"x" * 100 + b"*/=1;alert(1)"),
    "u64 pdf that is a zip as well": ("book.pdf", PDF + ZIP),
    "u64 pdf with a long tail": ("book.pdf", PDF + b"t" * 5000),
    "u64 zip with a program before it": ("sheets.zip", b"#!/bin/sh\nexit\n" + ZIP),
    "u65 epub that is a bomb": ("book.epub", bomb()),
    "u65 zip whose entries share their bytes": ("sheets.zip", overlapping()),
    "u66 epub that leads out": ("book.epub", archive(CONTAINER | {"../../evil": b"x"}, first=MIMETYPE)),
    "u66 epub with an absolute name": ("book.epub", archive(CONTAINER | {"/etc/passwd": b"x"}, first=MIMETYPE)),
    "u66 zip that leads out": ("sheets.zip", archive({"a/../../evil": b"x"})),
    "u66 zip with a drive letter": ("sheets.zip", archive({"C:\\evil": b"x"})),
    "u66 zip with a link": ("sheets.zip", archive({"a": b"b"}, link="evil")),
    "text as pdf": ("book.pdf", b"Just words"),
    "pdf cut short": ("book.pdf", PDF[:1500]),
    "one byte as pdf": ("book.pdf", b"%"),
    "pdf as epub": ("book.epub", PDF),
    "zip as epub": ("book.epub", ZIP),
    "epub with another first entry": ("book.epub", archive({"a": b"b"}, first=b"application/zip+epub")),
    "epub without a table": ("book.epub", archive({"page.xhtml": b"<p>"}, first=MIMETYPE)),
    "epub cut short": ("book.epub", EPUB[:-30]),
    "text as zip": ("sheets.zip", b"PK is not enough"),
    "zip cut short": ("sheets.zip", archive({"a": bytes(range(256)) * 20})[:-300]),
    "text as mp4": ("film.mp4", b"Just words, no film"),
    "mp4 cut short": ("film.mp4", MP4[:-100]),
    "mp4 without a moov": ("film.mp4", box(b"ftyp", b"isom") + box(b"mdat", b"d" * 100)),
    "text as m4a": ("talk.m4a", b"Just words"),
    "text as webm": ("film.webm", b"Just words"),
    "matroska as webm": ("film.webm", webm(b"matroska", length=500)),
    "webm cut short": ("film.webm", webm(length=501)),
    "webm that is a header alone": ("film.webm", webm()[:20]),
    "text as mp3": ("talk.mp3", b"Just words"),
    "mp3 that is a tag alone": ("talk.mp3", MP3[:20] + b"a" * 500),
    "mp3 cut short": ("talk.mp3", mp3(3, says=4)),
    "text as captions": ("film.vtt", b"1\n00:00:00,000 --> 00:00:02,000\nSubRip\n"),
    "captions that only begin like captions": ("film.vtt", b"WEBVTTX\n"),
    "captions without a time": ("film.vtt", b"WEBVTT\n\nOnly words.\n"),
    "captions of another alphabet": ("film.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\n\xe4\xf6\xfc\n"),
}
