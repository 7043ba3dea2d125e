"""Build every asset, or those of the titles named: `python -m sandbox.library.build [slug ...]`.

Needs what no visitor of the demo needs: Chromium, FFmpeg, qpdf, Cairo and Pango with their Python bindings, markdown-it-py, Pillow, and the
fonts EB Garamond, Inter, BIZ UDMincho and Noto CJK. On Debian 12, with the system's own Python:

    apt-get install chromium ffmpeg qpdf python3-cairo python3-gi-cairo gir1.2-pango-1.0 python3-markdown-it python3-pil \
        fonts-ebgaramond-extra fonts-ebgaramond fonts-inter fonts-noto-cjk \
        fonts-morisawa-bizud-mincho
"""

import sys
import tempfile
from pathlib import Path

from sandbox.library.build.chromium import print_pdf
from sandbox.library.build.covers import PALETTES, draw_cover, small_cover
from sandbox.library.build.epub import write_epub
from sandbox.library.build.films import write_film
from sandbox.library.build.pages import book_html, chapters, worksheet_html
from sandbox.library.catalogue import BOOKS, COURSES
from sandbox.library.shapes import ASSETS, SOURCES, Book, CourseSample

ACCENTS = {
    "keeping-a-starter": "#8a5a10",
    "a-field-guide-to-fog": "#a8481c",
    "drawing-the-stars": "#333c8a",
    "the-hour-before-birds": "#9c4a3a",
}
RIGHTS = "Written and drawn for Slow Harbour. For the reader's own use."
SAMPLE = "One chapter of the book, to be read and passed on freely."


def build_book(book: Book) -> None:
    draw_cover(book, book.cover)
    parts = chapters(book)
    accent = ACCENTS.get(book.slug, PALETTES[book.slug].ground)
    shelf = ASSETS / "books"
    with tempfile.TemporaryDirectory() as folder:
        cover = Path(folder) / "cover.jpg"
        small_cover(book, cover)
        write_epub(book, parts, shelf / f"{book.slug}.epub", cover=cover)
        print_pdf(book_html(book, parts, note=RIGHTS, accent=accent, cover=cover), shelf / f"{book.slug}.pdf")
        if book.with_sample:
            html = book_html(book, parts[:1], note=SAMPLE, accent=accent, cover=cover)
            print_pdf(html, shelf / f"{book.slug}-sample.pdf")


def build_course(course: CourseSample) -> None:
    draw_cover(course, course.cover)
    accent = "#a3402a" if course.slug in ("the-quiet-page", "the-long-dough") else PALETTES[course.slug].ground
    for lesson in course.lessons:
        if lesson.worksheet:
            source = SOURCES / "courses" / course.slug / "worksheet.md"
            print_pdf(
                worksheet_html(source, title=lesson.worksheet, accent=accent),
                ASSETS / "courses" / course.slug / "worksheet.pdf",
            )
        if lesson.film:
            write_film(
                lesson.slug, seconds=lesson.seconds, target=ASSETS / "courses" / course.slug / f"{lesson.slug}.mp4"
            )


def main(wanted: list[str]) -> None:
    for book in BOOKS:
        if not wanted or book.slug in wanted:
            build_book(book)
    for course in COURSES:
        if not wanted or course.slug in wanted:
            build_course(course)


main(sys.argv[1:])
