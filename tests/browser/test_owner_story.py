"""The owner's evening, in a real browser: sign in, make an ebook and a course, drop files onto them, publish, and see them on the site."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from courses.models import Course, Ebook, File, FileVersion
from tests.browser.stage import Stage
from tests.courses.uploads.samples import EPUB, MP4, PDF, VTT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("worker")]


@pytest.fixture
def desk(context_for: Callable[..., BrowserContext], owner: User, stage: Stage) -> Page:
    """Olga's browser, signed in; anything the content policy refuses fails the test."""
    page = context_for(owner).new_page()
    page.on("console", lambda message: refuse(message.text))
    return page


def refuse(text: str) -> None:
    assert "Content Security Policy" not in text, text


def drop(page: Page, zone: str, *files: Path) -> None:
    page.locator(f"[data-zone={zone}] input[type=file]").set_input_files([str(file) for file in files])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {"tides.pdf": PDF, "tides.epub": EPUB, "film.mp4": MP4, "film.vtt": VTT, "fake.pdf": b"<html>no</html>"}
    for name, body in made.items():
        (tmp_path / name).write_bytes(body)
    return {name: tmp_path / name for name in made}


def save(page: Page) -> None:
    page.get_by_role("button", name="Save and continue editing").click()


def test_owner_makes_an_ebook_and_publishes_it(desk: Page, files: dict[str, Path]) -> None:
    page = desk
    page.goto("/admin/")
    page.goto("/admin/courses/ebook/add/")
    page.get_by_label("Title:", exact=True).fill("The Tide Book")
    save(page)
    expect(page.locator("#files")).to_be_visible()

    # Publishing without the book is refused in words.
    page.get_by_label("State").select_option("published")
    save(page)
    expect(page.get_by_text("Upload the book, as PDF or EPUB, before you publish it.")).to_be_visible()

    drop(page, "book", files["tides.pdf"], files["tides.epub"])
    expect(page.locator(".run")).to_have_count(2)
    expect(page.locator(".run[data-state=ready]")).to_have_count(2)
    drop(page, "sample", files["fake.pdf"])
    expect(page.locator(".run[data-state=failed]")).to_contain_text("begins like a web page")
    assert FileVersion.objects.filter(state="ready").count() == 2

    page.get_by_label("State").select_option("published")
    save(page)
    assert Ebook.objects.get().is_published(at=Ebook.objects.get().updated_at)
    page.goto("/ebooks/the-tide-book/")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("The Tide Book"))


def test_owner_makes_a_course_with_sections_lessons_and_a_film(desk: Page, files: dict[str, Path]) -> None:
    page = desk
    page.goto("/admin/courses/course/add/")
    page.get_by_label("Title:", exact=True).first.fill("Reading the Tide")
    page.locator("#id_sections-0-title").fill("Water")
    save(page)
    page.locator("#id_lessons-0-section").select_option(label="Water")
    page.locator("#id_lessons-0-title").fill("Why it moves")
    save(page)
    lesson = Course.objects.get().lessons.get()
    assert lesson.slug == "why-it-moves"

    page.goto(f"/admin/courses/lesson/{lesson.pk}/change/")
    drop(page, "media", files["film.mp4"])
    expect(page.locator(".run[data-state=ready]")).to_have_count(1)
    drop(page, "captions", files["film.vtt"])
    expect(page.locator(".run[data-state=ready]")).to_have_count(2)
    assert {file.role for file in File.objects.filter(lesson=lesson)} == {"media", "captions"}

    page.goto(f"/admin/courses/course/{lesson.course_id}/change/")
    page.get_by_label("State").select_option("published")
    save(page)
    page.goto("/courses/reading-the-tide/")
    expect(page.get_by_text("Why it moves").first).to_be_visible()
