"""Every asset is what its name says, opens in a plain reader, and is small enough to be cloned without a thought."""

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader

from sandbox.library.catalogue import BOOKS, COURSES, TITLES
from sandbox.library.shapes import ASSETS, EPUB, MP4, PDF, VTT, Book, FileSample, LessonSample, TitleSample

FILES = [file for title in TITLES for file in title.files]
CUE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})( line:\d+%)?")
OPF = "{http://www.idpf.org/2007/opf}"


def of_type(content_type: str) -> pytest.MarkDecorator:
    chosen = [file for file in FILES if file.content_type == content_type]
    return pytest.mark.parametrize("file", chosen, ids=lambda file: file.path)


def test_the_assets_are_small() -> None:
    sizes = [path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()]
    assert sum(sizes) < 6_000_000
    assert max(sizes) < 900_000


@pytest.mark.parametrize("title", TITLES, ids=lambda title: title.slug)
def test_a_cover_has_its_size_and_shape(title: TitleSample) -> None:
    assert title.cover.stat().st_size <= 90_000
    with Image.open(title.cover) as picture:
        assert picture.format == "WEBP"
        assert picture.size == ((1200, 1600) if isinstance(title, Book) else (1600, 900))
        picture.load()


@of_type(PDF)
def test_a_pdf_opens_and_has_a_title_words_and_its_own_fonts(file: FileSample) -> None:
    reader = PdfReader(file.source)
    assert reader.metadata is not None
    assert reader.metadata.title
    assert "/StructTreeRoot" in reader.trailer["/Root"], "not tagged"
    assert len(reader.outline) > 0
    assert len("".join(page.extract_text() for page in reader.pages)) > 300
    assert "chrom" not in str(reader.metadata).lower()
    for page in reader.pages:
        for named in page["/Resources"].get("/Font", {}).values():
            font = named.get_object()
            assert font["/Subtype"] == "/Type3" or "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"]


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.slug)
def test_a_book_has_the_pages_it_says(book: Book) -> None:
    whole = PdfReader(ASSETS / "books" / f"{book.slug}.pdf")
    assert len(whole.pages) == book.pages
    assert 8 <= book.pages <= 20
    assert whole.metadata is not None
    assert whole.metadata.title == book.title
    if book.with_sample:
        assert len(PdfReader(ASSETS / "books" / f"{book.slug}-sample.pdf").pages) < book.pages


@of_type(EPUB)
def test_an_epub_is_built_as_readers_expect(file: FileSample) -> None:
    with zipfile.ZipFile(file.source) as archive:
        assert archive.testzip() is None
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert archive.read("mimetype") == b"application/epub+zip"
        container = ElementTree.fromstring(archive.read("META-INF/container.xml"))  # noqa: S314
        package_path = container.find(".//{*}rootfile").attrib["full-path"]  # type: ignore[union-attr]
        package = ElementTree.fromstring(archive.read(package_path))  # noqa: S314
        assert package.attrib["version"] == "3.0"
        for needed in ("identifier", "title", "language"):
            assert package.findtext(f".//{{http://purl.org/dc/elements/1.1/}}{needed}")
        items = {item.attrib["id"]: item.attrib for item in package.iter(f"{OPF}item")}
        names = {posixpath.join(posixpath.dirname(package_path), item["href"]) for item in items.values()}
        assert names | {"mimetype", "META-INF/container.xml", package_path} == set(archive.namelist())
        assert [item["properties"] for item in items.values() if "properties" in item] == ["nav", "cover-image"]
        assert all(ref.attrib["idref"] in items for ref in package.iter(f"{OPF}itemref"))
        for name in names:
            if name.endswith((".xhtml", ".svg")):
                ElementTree.fromstring(archive.read(name))  # noqa: S314
        with Image.open(io.BytesIO(archive.read("EPUB/cover.jpg"))) as cover:
            cover.load()


def boxes(data: bytes) -> list[tuple[str, int]]:
    """List the top boxes of an MP4: name and size."""
    found, at = [], 0
    while at < len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8].decode("latin-1")
        assert size >= 8
        found.append((name, size))
        at += size
    assert at == len(data)
    return found


@of_type(MP4)
def test_a_film_starts_before_it_has_all_arrived(file: FileSample) -> None:
    data = file.source.read_bytes()
    names = [name for name, _ in boxes(data)]
    assert names[0] == "ftyp"
    assert names.index("moov") < names.index("mdat")
    assert b"avc1" in data
    assert b"mp4a" in data
    assert 150_000 < len(data) < 500_000


@pytest.mark.parametrize(
    "lesson", [lesson for c in COURSES for lesson in c.lessons if lesson.film], ids=lambda lesson: lesson.slug
)
def test_a_film_lasts_as_long_as_its_lesson_says(lesson: LessonSample) -> None:
    film = next(file for file in lesson.files if file.content_type == MP4)
    data = film.source.read_bytes()
    header = data.index(b"mvhd") + 4
    scale, length = (int.from_bytes(data[header + at : header + at + 4], "big") for at in (12, 16))
    assert length / scale == pytest.approx(lesson.seconds, abs=0.5)
    assert 20 <= lesson.seconds <= 45


@of_type(VTT)
def test_captions_follow_each_other_and_end_with_the_film(file: FileSample) -> None:
    head, *cues = file.source.read_text(encoding="utf-8").strip().split("\n\n")
    assert head == "WEBVTT"
    assert len(cues) >= 5
    last = 0.0
    for cue in cues:
        times, words = cue.split("\n", 1)
        found = CUE.fullmatch(times)
        assert found, times
        start, end = (60 * float(found[at + 1]) + float(found[at + 2]) for at in (1, 4))
        assert last <= start < end
        assert len(words) / (end - start) <= 25, f"nobody reads so fast: {words}"
        last = end
