"""The manifest says what is on the shelf, and there is as much on it as was promised."""

import itertools
import re

import pytest

from courses.models import File, Publication
from sandbox.library.catalogue import BOOKS, COURSES, PRODUCTS, TITLES, TOPICS
from sandbox.library.shapes import ASSETS, SOURCES, TitleSample

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
titles = pytest.mark.parametrize("title", TITLES, ids=lambda title: title.slug)


def test_every_asset_is_named_in_the_manifest_and_every_name_has_its_asset() -> None:
    named = {file.source for title in TITLES for file in title.files} | {title.cover for title in TITLES}
    assert named == {path for path in ASSETS.rglob("*") if path.is_file()}


def test_the_library_is_as_large_as_promised() -> None:
    out = [title for title in TITLES if title.state == "published"]
    assert sum(title in COURSES for title in out) >= 3
    assert sum(title in BOOKS for title in out) >= 6
    assert sorted(title.state for title in TITLES if title not in out) == ["draft", "scheduled"]
    assert {title.access for title in out} == {"free", "members", "restricted"}
    members_only = [file for title in out if title.access == "members" for file in title.files if not file.sample]
    assert len(members_only) >= 6
    assert sum(book.with_sample for book in BOOKS) >= 3


def test_a_title_is_in_another_script_and_carries_an_emoji() -> None:
    assert any(not re.search("[A-Za-z]", book.title) and max(map(ord, book.title)) > 0xFFFF for book in BOOKS)


@titles
def test_the_words_of_a_title_fit_the_site(title: TitleSample) -> None:
    assert SLUG.fullmatch(title.slug)
    assert title.level in Publication.Level.values
    assert title.access in Publication.Access.values
    assert 40 < len(title.summary) <= 400
    assert len(title.description) > 150
    assert set(title.topics) <= {topic.slug for topic in TOPICS}
    assert set(title.products) <= {product.key for product in PRODUCTS if product.kind == "item"}
    assert bool(title.products) or title.access != "restricted"
    assert {file.role for file in title.files} <= set(File.Role.values)


@pytest.mark.parametrize(
    "course", [course for course in COURSES if course.state == "published"], ids=lambda course: course.slug
)
def test_a_course_has_what_a_course_needs(course: TitleSample) -> None:
    assert 2 <= len(course.sections) <= 3
    assert 5 <= len(course.lessons) <= 8
    assert any(lesson.preview for lesson in course.lessons)
    assert sum(lesson.film for lesson in course.lessons) >= 2
    assert sum(bool(lesson.worksheet) for lesson in course.lessons) == 1
    assert len({lesson.slug for lesson in course.lessons}) == len(course.lessons)
    for lesson in course.lessons:
        assert len(lesson.body.split()) >= (100 if lesson.film else 400), lesson.slug


def test_the_texts_are_set_with_proper_quotation_marks_and_mention_no_filler() -> None:
    for path in itertools.chain(SOURCES.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert '"' not in text, path.name
        assert not re.search(r"lorem|ipsum|TODO|XXX", text), path.name


def test_the_prices_are_those_of_the_plans() -> None:
    prices = {(p.key, price.interval, price.currency): price.unit_amount for p in PRODUCTS for price in p.prices}
    assert prices["membership", "month", "usd"] == prices["membership", "month", "eur"] == 1200
    assert prices["membership", "year", "usd"] == prices["membership", "year", "eur"] == 12000
    assert len({price.lookup_key for product in PRODUCTS for price in product.prices}) == len(prices)
    assert all(
        (product.kind == "item") == (price.interval == "once") for product in PRODUCTS for price in product.prices
    )
