"""Markdown texts into HTML, and HTML into the pages of a book or a worksheet."""

import re
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from sandbox.library.shapes import SOURCES, Book

MARKDOWN = MarkdownIt("commonmark", {"xhtmlOut": True}).enable("table")
PICTURE = re.compile(r'<p><img src="([\w-]+)" alt="([^"]*)" /></p>')


@dataclass(frozen=True)
class Chapter:
    number: int
    title: str
    text: str

    @property
    def anchor(self) -> str:
        return f"c{self.number}"

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        return tuple(name for name, _ in PICTURE.findall(MARKDOWN.render(self.text)))

    def html(self, *, inline: bool) -> str:
        """Render the chapter: its pictures drawn into the page, or as files beside it."""

        def figure(found: re.Match[str]) -> str:
            name, caption = found.groups()
            inside = drawing(name) if inline else f'<img src="{name}.svg" alt="{caption}" />'
            return f"<figure>{inside}<figcaption>{caption}</figcaption></figure>"

        return PICTURE.sub(figure, MARKDOWN.render(self.text))


def drawing(name: str) -> str:
    return (SOURCES / "figures" / f"{name}.svg").read_text(encoding="utf-8")


def chapters(book: Book) -> list[Chapter]:
    """Read the book's text: every heading of the first level opens a chapter."""
    text = (SOURCES / "books" / f"{book.slug}.md").read_text(encoding="utf-8")
    parts = [part for part in re.split(r"^# ", text, flags=re.MULTILINE) if part.strip()]
    return [Chapter(number, *_split(part)) for number, part in enumerate(parts, 1)]


def _split(part: str) -> tuple[str, str]:
    title, _, text = part.partition("\n")
    return title.strip(), text.strip()


def book_html(book: Book, parts: list[Chapter], *, note: str, accent: str, cover: Path) -> str:
    """Lay the book out for printing on A5. `note` stands at the foot of the title page."""
    contents = "".join(f'<li><a href="#{part.anchor}">{escape(part.title)}</a></li>' for part in parts)
    body = "".join(
        f'<section class="chapter" id="{part.anchor}"><p class="number">{part.number}</p>'
        f"<h1>{escape(part.title)}</h1>{part.html(inline=True)}</section>"
        for part in parts
    )
    heading = "目次" if book.language == "ja" else "Contents"
    style = (SOURCES / "book.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="{book.language}"><head><meta charset="utf-8"><title>{escape(book.title)}</title>'
        f'<meta name="author" content="{escape(book.author)}"><style>:root{{--accent:{accent}}}{style}</style></head><body>'
        f'<img class="cover" src="{cover.as_uri()}" alt="">'
        f'<section class="title"><p class="author">{escape(book.author)}</p><p class="name">{escape(book.title)}</p>'
        f'<p class="subtitle">{escape(book.subtitle)}</p><p class="house">Slow Harbour</p><p class="note">{escape(note)}</p></section>'
        f'<section class="contents"><h2>{heading}</h2><ol>{contents}</ol></section>{body}</body></html>'
    )


def worksheet_html(source: Path, *, title: str, accent: str) -> str:
    """Lay a worksheet out on A4: its Markdown, in which a table with empty cells is room to write."""
    style = (SOURCES / "worksheet.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>:root{{--accent:{accent}}}{style}</style></head><body>"
        f'<p class="house">Slow Harbour</p>{MARKDOWN.render(source.read_text(encoding="utf-8"))}</body></html>'
    )
