"""What the manifest is made of. Nothing here imports Django, so that the build program runs without the site."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
SOURCES = HERE / "sources"

PDF = "application/pdf"
EPUB = "application/epub+zip"
MP4 = "video/mp4"
VTT = "text/vtt"


@dataclass(frozen=True)
class Topic:
    slug: str
    name: str
    description: str


@dataclass(frozen=True)
class PriceSample:
    """A price as Stripe is to be given it. `unit_amount` is in the currency's minor unit; `interval` is month, year or once."""

    lookup_key: str
    currency: str
    unit_amount: int
    interval: str


@dataclass(frozen=True)
class ProductSample:
    """A product as Stripe is to be given it. `key` stands in Stripe's metadata under `sample`; `kind` is plan or item."""

    key: str
    kind: str
    name: str
    description: str
    prices: tuple[PriceSample, ...]


@dataclass(frozen=True)
class FileSample:
    """Bytes under assets/. `role` is book, sample, media, captions or attachment, as courses.models.File has it."""

    name: str
    path: str
    content_type: str
    role: str
    language: str = ""

    @property
    def sample(self) -> bool:
        """Whether anybody may open it."""
        return self.role == "sample"

    @property
    def source(self) -> Path:
        return ASSETS / self.path


@dataclass(frozen=True)
class TitleSample:
    """What a course and a book have in common. `published_in` is in days from the first load: negative is past, None a draft."""

    slug: str
    title: str
    subtitle: str
    author: str
    summary: str
    topics: tuple[str, ...]
    level: str
    language: str
    access: str
    published_in: int | None
    products: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        if self.published_in is None:
            return "draft"
        return "scheduled" if self.published_in > 0 else "published"

    @property
    def cover(self) -> Path:
        return ASSETS / "covers" / f"{self.slug}.webp"


@dataclass(frozen=True)
class Book(TitleSample):
    """An ebook. `pages` are those of its PDF."""

    pages: int = 0
    with_sample: bool = False

    @property
    def description(self) -> str:
        return (SOURCES / "books" / f"{self.slug}.about.md").read_text(encoding="utf-8").strip()

    @property
    def files(self) -> tuple[FileSample, ...]:
        whole = (
            FileSample(self.title, f"books/{self.slug}.pdf", PDF, "book", self.language),
            FileSample(self.title, f"books/{self.slug}.epub", EPUB, "book", self.language),
        )
        if not self.with_sample:
            return whole
        return (
            *whole,
            FileSample(f"{self.title}: one chapter", f"books/{self.slug}-sample.pdf", PDF, "sample", self.language),
        )


@dataclass(frozen=True)
class LessonSample:
    """A lesson. `film` names a video with captions; `chapters` are the film's, one a line; `worksheet` is the name of a PDF.

    `seconds` is the film's length, or the reading time.
    """

    course: str
    slug: str
    title: str
    seconds: int
    preview: bool = False
    film: bool = False
    worksheet: str = ""
    chapters: str = ""

    @property
    def body(self) -> str:
        return (SOURCES / "courses" / self.course / f"{self.slug}.md").read_text(encoding="utf-8").strip()

    @property
    def minutes(self) -> int:
        return max(1, round(self.seconds / 60))

    @property
    def files(self) -> tuple[FileSample, ...]:
        stem = f"courses/{self.course}/{self.slug}"
        found = []
        if self.film:
            found.append(FileSample(self.title, f"{stem}.mp4", MP4, "media", "en"))
            found.append(FileSample("English", f"{stem}.en.vtt", VTT, "captions", "en"))
        if self.worksheet:
            found.append(FileSample(self.worksheet, f"courses/{self.course}/worksheet.pdf", PDF, "attachment", "en"))
        return tuple(found)


@dataclass(frozen=True)
class SectionSample:
    title: str
    lessons: tuple[LessonSample, ...]


@dataclass(frozen=True)
class CourseSample(TitleSample):
    sections: tuple[SectionSample, ...] = ()

    @property
    def description(self) -> str:
        return (SOURCES / "courses" / self.slug / "about.md").read_text(encoding="utf-8").strip()

    @property
    def lessons(self) -> tuple[LessonSample, ...]:
        return tuple(lesson for section in self.sections for lesson in section.lessons)

    @property
    def files(self) -> tuple[FileSample, ...]:
        return tuple(file for lesson in self.lessons for file in lesson.files)
