"""Small real files of every kind, and broken ones."""

import io
import zipfile

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + b"x" * 3000 + b"\ntrailer<<>>\n%%EOF\n"


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


MP4 = box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2") + box(b"moov", b"m" * 64) + box(b"mdat", b"d" * 500)
M4A = box(b"ftyp", b"M4A \x00\x00\x02\x00") + box(b"moov", b"m" * 64) + box(b"mdat", b"d" * 500)
WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + b"w" * 500
MP3 = b"ID3\x04\x00" + b"a" * 500
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nThe tide turns.\n"


def archive(entries: dict[str, bytes], *, first: bytes | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        if first is not None:
            packed.writestr(zipfile.ZipInfo("mimetype"), first)
        for name, body in entries.items():
            packed.writestr(name, body)
    return out.getvalue()


def bomb() -> bytes:
    """An archive that says it unpacks to 10 GB."""
    body = bytearray(archive({"page.xhtml": b"p" * 100}, first=b"application/epub+zip"))
    directory = body.rindex(b"PK\x01\x02")
    body[directory + 24 : directory + 28] = (4_294_967_290).to_bytes(4, "little")
    place = body.index(b"PK\x01\x02")
    body[place + 24 : place + 28] = (4_294_967_290).to_bytes(4, "little")
    return bytes(body)


EPUB = archive(
    {"META-INF/container.xml": b"<container/>", "page.xhtml": b"<p>Tides</p>"}, first=b"application/epub+zip"
)
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
}
BAD = {
    "html as pdf": ("book.pdf", b"<!doctype html><script>alert(1)</script>" + b" " * 500),
    "html after a pdf's header": ("book.pdf", b"%PDF-1.7\n<html><script>alert(1)</script></html>\n%%EOF"),
    "text as pdf": ("book.pdf", b"Just words"),
    "pdf cut short": ("book.pdf", PDF[:1500]),
    "gif as pdf": ("book.pdf", b"GIF89a/*" + b"x" * 100 + b"*/=1;alert(1)"),
    "one byte as pdf": ("book.pdf", b"%"),
    "pdf as epub": ("book.epub", PDF),
    "zip as epub": ("book.epub", ZIP),
    "epub with another first entry": ("book.epub", archive({"a": b"b"}, first=b"application/zip+epub")),
    "epub cut short": ("book.epub", EPUB[:-30]),
    "epub that leads out": ("book.epub", archive({"../../evil": b"x"}, first=b"application/epub+zip")),
    "epub with an absolute name": ("book.epub", archive({"/etc/passwd": b"x"}, first=b"application/epub+zip")),
    "epub that is a bomb": ("book.epub", bomb()),
    "text as zip": ("sheets.zip", b"PK is not enough"),
    "zip that leads out": ("sheets.zip", archive({"a/../../evil": b"x"})),
    "zip with a drive letter": ("sheets.zip", archive({"C:\\evil": b"x"})),
    "text as mp4": ("film.mp4", b"Just words, no film"),
    "mp4 cut short": ("film.mp4", MP4[:-100]),
    "mp4 without a moov": ("film.mp4", box(b"ftyp", b"isom") + box(b"mdat", b"d" * 100)),
    "svg as mp4": ("film.mp4", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
    "text as m4a": ("talk.m4a", b"Just words"),
    "text as webm": ("film.webm", b"Just words"),
    "matroska as webm": ("film.webm", b"\x1a\x45\xdf\xa3\x9fmatroska" + b"x" * 100),
    "text as mp3": ("talk.mp3", b"Just words"),
    "text as captions": ("film.vtt", b"1\n00:00:00,000 --> 00:00:02,000\nSubRip\n"),
    "captions that only begin like captions": ("film.vtt", b"WEBVTTX\n"),
}
