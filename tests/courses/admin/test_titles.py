"""The workshop's forms: what may be published and when, what a cover may be, and publishing many at once."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from courses.admin import titles
from courses.models import Course, Ebook
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_for: type[Client], owner: User, settings: Any, tmp_path: Any) -> Client:
    settings.MEDIA_ROOT = tmp_path
    return client_for(owner)


@pytest.fixture
def draft() -> Ebook:
    return build.ebook(title="The Tide Book", slug="tides", state="draft", published_at=None)


def form(book: Ebook, **fields: Any) -> dict[str, Any]:
    values = {"title": book.title, "slug": book.slug, "access": "members", "level": "all", "language": "en"}
    return values | fields


def save(desk: Client, book: Ebook, **fields: Any) -> tuple[bool, str]:
    """Save the form; return whether it was taken, and the page that said why not."""
    response = desk.post(reverse("admin:courses_ebook_change", args=[book.pk]), form(book, **fields))
    book.refresh_from_db()
    return response.status_code == 302, response.content.decode()


def become(desk: Client, book: Ebook, state: str, **fields: Any) -> str:
    """Press one of the buttons above the form; return the page that it leads to."""
    address = reverse("admin:courses_ebook_state", args=[book.pk])
    page = desk.post(address, {"state": state} | fields, follow=True).content.decode()
    book.refresh_from_db()
    return page


def picture(kind: str = "PNG", size: tuple[int, int] = (30, 40)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, kind)
    return SimpleUploadedFile(f"cover.{kind.lower()}", out.getvalue())


def test_a_book_without_its_file_is_not_published_and_says_why(desk: Client, draft: Ebook) -> None:
    build.file(draft, ready=False)
    page = become(desk, draft, "published")
    assert "Upload the book, as PDF or EPUB, before you publish it." in page
    assert draft.state == "draft"


def test_a_book_with_its_file_is_published_now(desk: Client, draft: Ebook, now: datetime) -> None:
    build.file(draft)
    assert "everybody finds it." in become(desk, draft, "published")
    assert draft.published_at is not None
    assert now <= draft.published_at <= now + timedelta(minutes=1)
    assert Client().get(draft.get_absolute_url()).status_code == 200


def test_a_course_without_a_lesson_is_not_published(desk: Client) -> None:
    course: Course = build.course(state="draft", published_at=None)
    assert titles.lacking(course) == "Add a lesson before you publish the course."
    build.lesson(course)
    assert titles.lacking(course) == ""


def test_28_a_scheduled_book_needs_its_time_and_appears_at_its_minute(
    desk: Client, draft: Ebook, now: datetime
) -> None:
    build.file(draft)
    assert "Say when it appears." in become(desk, draft, "scheduled")
    assert "That moment has passed." in become(desk, draft, "scheduled", published_at="2020-01-01T10:00")
    assert draft.state == "draft"
    later = (now + timedelta(days=2)).replace(second=0)
    page = become(desk, draft, "scheduled", published_at=f"{later:%Y-%m-%dT%H:%M}")
    assert "it appears by itself." in page
    for moment, status in ((later - timedelta(seconds=1), 404), (later, 200)):
        with time_machine.travel(moment, tick=False):
            assert Client().get(draft.get_absolute_url()).status_code == status
            assert ("The Tide Book" in Client().get("/ebooks/").content.decode()) is (status == 200)


def test_a_new_title_begins_as_a_draft(desk: Client) -> None:
    page = desk.get(reverse("admin:courses_ebook_add")).content.decode()
    assert "published" not in page
    desk.post(reverse("admin:courses_ebook_add"), {"title": "New", "slug": "new", "access": "members"})
    assert Ebook.objects.get(slug="new").state == "draft"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_cover_is_taken_with_its_measures(desk: Client, draft: Ebook, kind: str) -> None:
    assert save(desk, draft, cover=picture(kind))[0]
    assert (draft.cover_width, draft.cover_height) == (30, 40)


@pytest.mark.parametrize(
    ("cover", "said"),
    [
        (picture("GIF"), "Covers are JPEG, PNG or WebP pictures."),
        (picture("BMP"), "Covers are JPEG, PNG or WebP pictures."),
        (SimpleUploadedFile("cover.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "Upload a valid image"),
        (SimpleUploadedFile("cover.png", b"not a picture"), "Upload a valid image"),
        (picture("PNG", (8001, 5001)), "too large"),
    ],
    ids=["gif", "bmp", "svg", "text", "flood"],
)
def test_a_bad_cover_is_refused_in_words_and_not_kept(desk: Client, draft: Ebook, cover: Any, said: str) -> None:
    cover.seek(0)
    taken, page = save(desk, draft, cover=cover)
    assert not taken
    assert said in page
    assert not draft.cover


def test_many_are_published_at_once_but_those_that_lack_something(desk: Client, draft: Ebook) -> None:
    ready: Ebook = build.ebook(state="draft", published_at=None)
    build.file(ready)
    chosen = {"action": "publish", "_selected_action": [draft.pk, ready.pk]}
    page = desk.post(reverse("admin:courses_ebook_changelist"), chosen, follow=True).content.decode()
    assert "1 title is published." in page
    assert "The Tide Book: Upload the book" in page
    assert (Ebook.objects.get(pk=ready.pk).state, Ebook.objects.get(pk=draft.pk).state) == ("published", "draft")


def test_what_is_withdrawn_is_not_found_any_more(desk: Client) -> None:
    book: Ebook = build.ebook()
    desk.post(reverse("admin:courses_ebook_changelist"), {"action": "withdraw", "_selected_action": [book.pk]})
    assert Client().get(book.get_absolute_url()).status_code == 404


def test_the_page_of_a_title_offers_its_zones_and_names_no_key(desk: Client) -> None:
    book: Ebook = build.ebook()
    file = build.file(book)
    page = desk.get(reverse("admin:courses_ebook_change", args=[book.pk])).content.decode()
    assert 'data-zone="book"' in page
    assert 'data-zone="sample"' in page
    assert file.name in page
    assert file.versions.get().key not in page
    assert "X-Amz" not in page
