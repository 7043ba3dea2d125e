"""EPUB 3, by hand: a stored mimetype, a package, a navigation page, and one XHTML page a chapter."""

import uuid
import zipfile
from html import escape
from pathlib import Path

from sandbox.library.build.pages import Chapter, drawing
from sandbox.library.shapes import SOURCES, Book

WHEN = (2026, 10, 1, 12, 0, 0)
MODIFIED = "2026-10-01T12:00:00Z"
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def write_epub(book: Book, parts: list[Chapter], target: Path, *, cover: Path) -> None:
    """Write the book to `target`, with `cover` (a JPEG: readers of 2015 know no WebP).

    The same texts give the same bytes: every entry bears one fixed date.
    """
    pictures = list(dict.fromkeys(name for part in parts for name in part.pictures))
    entries: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER,
        "EPUB/package.opf": _package(book, parts, pictures),
    }
    entries["EPUB/nav.xhtml"] = _navigation(book, parts)
    entries["EPUB/style.css"] = (SOURCES / "epub.css").read_text(encoding="utf-8")
    entries["EPUB/cover.jpg"] = cover.read_bytes()
    entries["EPUB/cover.xhtml"] = _page(
        book, book.title, '<figure class="cover"><img src="cover.jpg" alt="Cover" /></figure>', "cover"
    )
    entries["EPUB/title.xhtml"] = _page(book, book.title, _title(book), "titlepage")
    for part in parts:
        inside = f'<p class="number">{part.number}</p><h1>{escape(part.title)}</h1>{part.html(inline=False)}'
        entries[f"EPUB/{part.anchor}.xhtml"] = _page(book, part.title, inside, "chapter")
    for name in pictures:
        entries[f"EPUB/{name}.svg"] = drawing(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", WHEN), "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, zipfile.ZIP_DEFLATED)


def _package(book: Book, parts: list[Chapter], pictures: list[str]) -> str:
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
        '<item id="cover-image" href="cover.jpg" media-type="image/jpeg" properties="cover-image"/>',
    ]
    pages = ["cover", "title", *(part.anchor for part in parts)]
    items += [f'<item id="{page}" href="{page}.xhtml" media-type="application/xhtml+xml"/>' for page in pages]
    items += [f'<item id="{name}" href="{name}.svg" media-type="image/svg+xml"/>' for name in pictures]
    spine = "".join(f'<itemref idref="{page}"/>' for page in pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{book.language}">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, f"{book.slug}.slow-harbour.invalid")}</dc:identifier>'
        f'<dc:title id="main">{escape(book.title)}</dc:title><meta refines="#main" property="title-type">main</meta>'
        f'<dc:title id="sub">{escape(book.subtitle)}</dc:title><meta refines="#sub" property="title-type">subtitle</meta>'
        f"<dc:creator>{escape(book.author)}</dc:creator><dc:publisher>Slow Harbour</dc:publisher>"
        f"<dc:language>{book.language}</dc:language><dc:description>{escape(book.summary)}</dc:description>"
        f'<meta property="dcterms:modified">{MODIFIED}</meta>'
        '<meta property="schema:accessMode">textual</meta><meta property="schema:accessibilityHazard">none</meta>'
        '<meta property="schema:accessibilityFeature">tableOfContents</meta>'
        f"</metadata><manifest>{''.join(items)}</manifest><spine>{spine}</spine></package>"
    )


def _navigation(book: Book, parts: list[Chapter]) -> str:
    heading = "目次" if book.language == "ja" else "Contents"
    links = "".join(f'<li><a href="{part.anchor}.xhtml">{escape(part.title)}</a></li>' for part in parts)
    return _page(
        book, heading, f'<nav epub:type="toc" id="toc"><h1>{heading}</h1><ol>{links}</ol></nav>', "frontmatter"
    )


def _title(book: Book) -> str:
    return (
        f'<p class="author">{escape(book.author)}</p><h1>{escape(book.title)}</h1>'
        f'<p class="subtitle">{escape(book.subtitle)}</p><p class="house">Slow Harbour</p>'
    )


def _page(book: Book, title: str, inside: str, kind: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops" lang="{book.language}" xml:lang="{book.language}">'
        f'<head><meta charset="utf-8"/><title>{escape(title)}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>'
        f'<body><section epub:type="{kind}" class="{kind}">{inside}</section></body></html>'
    )
