"""The manifest of the sample library: what a small house for craft and attention would publish, and what it asks for it."""

from sandbox.library.books import BOOKS
from sandbox.library.courses import COURSES
from sandbox.library.products import PRODUCTS
from sandbox.library.shapes import (
    Book,
    CourseSample,
    FileSample,
    LessonSample,
    PriceSample,
    ProductSample,
    SectionSample,
    TitleSample,
    Topic,
)

__all__ = [
    "BOOKS",
    "COURSES",
    "PRODUCTS",
    "TITLES",
    "TOPICS",
    "Book",
    "CourseSample",
    "FileSample",
    "LessonSample",
    "PriceSample",
    "ProductSample",
    "SectionSample",
    "TitleSample",
    "Topic",
]

HOUSE = "Slow Harbour"
TOPICS = (
    Topic("bread-and-table", "Bread & table", "Flour, heat and time."),
    Topic("coast-and-sky", "Coast & sky", "Tides, fog and the stars that are left."),
    Topic("sound-and-field", "Sound & field", "Listening, and bringing some of it home."),
    Topic("type-and-print", "Type & print", "Pages, and the things that hold them together."),
)
TITLES: tuple[TitleSample, ...] = (*COURSES, *BOOKS)
