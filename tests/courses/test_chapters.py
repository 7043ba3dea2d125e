"""Chapters as owners write them, and as their programs do."""

import pytest

from accounts.models import User
from courses import chapters
from courses.chapters import Chapter, ChaptersRefused
from courses.models import Lesson
from tests import build

WEBVTT = """WEBVTT - made elsewhere

NOTE not a chapter

1
00:00:00.000 --> 00:00:10.000
The <b>moon</b>

second
00:10.500 --> 01:00:00.000
The far
side
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("0:00 The moon\n\n1:02:03 – The far side\n", [(0, "The moon"), (3723, "The far side")]),
        ("2:00 Second\n0:30 First", [(30, "First"), (120, "Second")]),
        ("90:00 An hour and a half", [(5400, "An hour and a half")]),
        ("0:05.500 - Half seconds", [(5, "Half seconds")]),
        ("0:05 1990: a year", [(5, "1990: a year")]),
        (WEBVTT, [(0, "The moon"), (10, "The far side")]),
        ("\ufeff" + WEBVTT.replace("\n", "\r\n"), [(0, "The moon"), (10, "The far side")]),
    ],
)
def test_both_forms_are_read(text: str, expected: list[tuple[int, str]]) -> None:
    found = chapters.read(text)
    assert found == [Chapter(at, title) for at, title in expected]
    assert chapters.read("\n".join(map(str, found))) == found


@pytest.mark.parametrize(
    "text", ["The moon", "0:00", "1 The moon", "0:00 One\n0:00 Two", "WEBVTT\n\nnothing here", "0:00 a\n" * 201]
)
def test_what_is_no_list_is_refused_in_words(text: str) -> None:
    with pytest.raises(ChaptersRefused) as refused:
        chapters.read(text)
    assert str(refused.value).endswith((".", "”."))


@pytest.mark.django_db
def test_an_owner_pastes_a_webvtt_file_and_hears_of_a_slip(client_for: type, owner: User) -> None:
    lesson = build.lesson(title="Two bulges", slug="bulges")
    browser, address = client_for(owner), f"/admin/courses/lesson/{lesson.pk}/change/"
    form = {"title": "Two bulges", "slug": "bulges", "section": lesson.section_id, "body": "", "seconds": 32}
    assert browser.post(address, form | {"chapters": WEBVTT}).status_code == 302
    assert Lesson.objects.get().chapters == "0:00 The moon\n0:10 The far side"
    page = browser.post(address, form | {"chapters": "The moon"}).content.decode()
    assert "Write the moment and the title" in page
    assert Lesson.objects.get().chapters.startswith("0:00")


@pytest.mark.django_db
def test_a_list_that_cannot_be_read_is_no_readers_trouble(client_for: type, subscriber: User) -> None:
    lesson = build.lesson(chapters="no chapters at all")
    build.file(lesson, role="media").versions.update(content_type="video/mp4")
    page = client_for(subscriber).get(lesson.get_absolute_url())
    assert page.status_code == 200
    assert 'class="chapters"' not in page.content.decode()
