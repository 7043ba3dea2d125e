"""The owner's evening, in a real browser: sign in, make an ebook and a course, drop files onto them, publish, and see them on the site."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from courses.models import Course, Ebook, File, FileVersion
from tests import build
from tests.accounts import authenticator
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


class Hand:
    """Counts what a person does: clicks, fields filled, files chosen."""

    def __init__(self, page: Page) -> None:
        self.page, self.acts = page, 0

    def click(self, role: str, name: str | re.Pattern[str]) -> None:
        self.acts += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def fill(self, label: str, text: str) -> None:
        self.acts += 1
        self.page.get_by_label(label).first.fill(text)


def test_21_owner_signs_in_and_publishes_a_course_with_a_film_in_under_three_minutes(
    context_for: Callable[..., BrowserContext],
    owner: User,
    stage: Stage,
    files: dict[str, Path],
    record_property: Callable[..., None],
) -> None:
    """Nothing is read and nothing is known but what the pages show. A person is given five seconds for each thing they do."""
    secret = authenticator.enrol(owner)
    page = context_for().new_page()
    page.on("console", lambda message: refuse(message.text))
    hand, began = Hand(page), time.monotonic()
    page.goto("/admin/")
    hand.fill("E-mail", owner.email)
    hand.fill("Password", build.PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.locator("input[name=code]").first.fill(authenticator.code(secret))
    page.locator("main form button[type=submit]").first.click()
    hand.acts += 3

    page.locator(".model-course a.addlink").first.click()
    hand.acts += 1
    hand.fill("Title", "Reading the Tide")
    hand.click("button", "Save")
    hand.fill("Title of the first lesson", "Why it moves")
    hand.click("button", "Add lesson")
    expect(page.locator("[data-said]").first).to_have_text("Lesson “Why it moves” is added. Give it a file or a text.")
    hand.click("link", re.compile("^Files and text"))
    drop(page, "media", files["film.mp4"])
    hand.acts += 1
    expect(page.locator(".run[data-state=ready]")).to_have_count(1)
    hand.click("link", re.compile("Back to Reading the Tide"))
    hand.click("button", "Publish now")
    hand.click("link", "See it on the site")
    expect(page.get_by_text("Why it moves").first).to_be_visible()
    took = time.monotonic() - began

    record_property("seconds", round(took, 1))
    record_property("acts", hand.acts)
    print(f"published after {took:.1f} s and {hand.acts} acts")
    assert Course.objects.get().is_published(at=Course.objects.get().updated_at)
    assert hand.acts <= 16
    assert took + 5 * hand.acts < 180


def test_owner_makes_an_ebook_and_publishes_it(desk: Page, files: dict[str, Path]) -> None:
    page = desk
    page.goto("/admin/")
    page.goto("/admin/courses/ebook/add/")
    page.get_by_label("Title:", exact=True).fill("The Tide Book")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#files")).to_be_visible()

    # Publishing without the book is refused in words.
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("Upload the book, as PDF or EPUB, before you publish it.").first).to_be_visible()

    drop(page, "book", files["tides.pdf"], files["tides.epub"])
    expect(page.locator(".run")).to_have_count(2)
    expect(page.locator(".run[data-state=ready]")).to_have_count(2)
    drop(page, "sample", files["fake.pdf"])
    expect(page.locator(".run[data-state=failed]")).to_contain_text("begins like a web page")
    assert FileVersion.objects.filter(state="ready").count() == 2

    page.get_by_role("button", name="Publish now").click()
    expect(page.locator(".title-desk-state")).to_contain_text("Published")
    assert Ebook.objects.get().is_published(at=Ebook.objects.get().updated_at)
    page.goto("/ebooks/the-tide-book/")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("The Tide Book"))


def test_owner_gives_a_lesson_its_film_and_captions(desk: Page, files: dict[str, Path]) -> None:
    page = desk
    lesson = build.lesson(title="Why it moves")
    page.goto(f"/admin/courses/lesson/{lesson.pk}/change/")
    drop(page, "media", files["film.mp4"])
    expect(page.locator(".run[data-state=ready]")).to_have_count(1)
    drop(page, "captions", files["film.vtt"])
    expect(page.locator(".run[data-state=ready]")).to_have_count(2)
    assert {file.role for file in File.objects.filter(lesson=lesson)} == {"media", "captions"}
    page.goto(f"/admin/courses/course/{lesson.course_id}/change/")
    expect(page.locator(".o-mark-good")).to_have_text([re.compile("video|captions")] * 2)
