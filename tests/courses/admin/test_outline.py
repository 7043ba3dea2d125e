"""The address to which every act upon an outline is sent: in JSON from the module, in a form without JavaScript."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.models import AuditEntry
from courses import outline
from courses.models import Course, Lesson, Section
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_for: type[Client], owner: User) -> Client:
    return client_for(owner)


@pytest.fixture
def lessons() -> list[Lesson]:
    course = build.course()
    return [build.lesson(course, title=title) for title in "abc"]


def act(desk: Client, course_id: int, body: Any) -> Any:
    address = reverse("admin:courses_course_outline", args=[course_id])
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return desk.post(address, content, content_type="application/json")


def order() -> str:
    return "".join(Lesson.objects.order_by("section__position", "position").values_list("title", flat=True))


def test_26_a_move_is_saved_said_recorded_and_undone(desk: Client, lessons: list[Lesson], owner: User) -> None:
    first, _second, third = lessons
    asked = {"do": "move", "kind": "lesson", "id": third.pk, "section": third.section_id, "after": None}
    answer = act(desk, third.course_id, asked).json()
    assert order() == "cab"
    assert answer["said"] == "“c” is now lesson 1 of 3 in “Beginnings”."
    assert answer["html"].index(f'data-lesson="{third.pk}"') < answer["html"].index(f'data-lesson="{first.pk}"')
    entry = AuditEntry.objects.get(act="outline.move")
    assert (entry.actor, entry.target_model, entry.target_pk) == (owner, "courses.lesson", str(third.pk))
    act(desk, third.course_id, answer["undo"])
    assert order() == "abc"


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ({"do": "rename", "title": " New  name "}, ("title", "New name")),
        ({"do": "preview", "on": True}, ("preview", True)),
    ],
)
def test_words_and_previews_are_saved_and_undone(
    desk: Client, lessons: list[Lesson], asked: dict[str, Any], then: tuple[str, Any]
) -> None:
    row = lessons[0]
    old = getattr(row, then[0])
    answer = act(desk, row.course_id, asked | {"kind": "lesson", "id": row.pk}).json()
    row.refresh_from_db()
    assert getattr(row, then[0]) == then[1]
    act(desk, row.course_id, answer["undo"])
    row.refresh_from_db()
    assert getattr(row, then[0]) == old


def test_a_section_is_added_taken_away_and_brought_back(desk: Client, lessons: list[Lesson]) -> None:
    course = lessons[0].course_id
    added = act(desk, course, {"do": "add", "kind": "section", "title": "Moon"}).json()
    taken = act(desk, course, added["undo"]).json()
    assert not Section.objects.filter(title="Moon").exists()
    act(desk, course, taken["undo"])
    assert [each.title for each in Section.objects.all()] == ["Beginnings", "Moon"]


def test_without_javascript_a_button_leads_back_to_the_page(desk: Client, lessons: list[Lesson]) -> None:
    address = reverse("admin:courses_course_outline", args=[lessons[0].course_id])
    form = {"kind": "lesson", "id": lessons[2].pk, "title": "c", "on": "1", "do": "up"}
    response = desk.post(address, form, follow=True)
    assert response.redirect_chain[0][0].endswith("/change/#outline")
    assert order() == "acb"
    assert "“c” is now lesson 2 of 3" in response.content.decode()


BAD = [
    (b"{", 400),
    (b"[]", 400),
    (b"[" * 50_000, 400),
    ({"do": "explode"}, 400),
    ({"do": ["up"]}, 400),
    ({"do": "up", "kind": "course", "id": 1}, 400),
    ({"do": "up", "kind": [], "id": 1}, 400),
    ({"do": "up", "kind": "lesson", "id": "x"}, 400),
    ({"do": "up", "kind": "lesson", "id": 10**30}, 400),
    ({"do": "up", "kind": "lesson", "id": True}, 400),
    ({"do": "up", "kind": "lesson", "id": None}, 400),
    ({"do": "up", "kind": "lesson", "id": 10**6}, 404),
    ({"do": "rename", "kind": "lesson", "id": 0, "title": 7}, 404),
    ({"do": "add", "kind": "lesson", "title": None}, 400),
    ({"do": "add", "kind": "lesson", "title": "a\x00b"}, 400),
    ({"do": "add", "kind": "lesson", "title": "a", "section": 10**6}, 404),
]


@pytest.mark.parametrize(("body", "status"), BAD, ids=str)
def test_nonsense_is_answered_in_words_and_changes_nothing(
    desk: Client, lessons: list[Lesson], body: Any, status: int
) -> None:
    response = act(desk, lessons[0].course_id, body)
    assert (response.status_code, bool(response.json()["error"])) == (status, True)
    assert order() == "abc"
    assert not AuditEntry.objects.filter(act__startswith="outline").exists()


def test_nobody_reaches_into_another_course(desk: Client, lessons: list[Lesson]) -> None:
    other = build.lesson(build.course(), title="x")
    mine = lessons[0].course_id
    assert act(desk, mine, {"do": "rename", "kind": "lesson", "id": other.pk, "title": "taken"}).status_code == 404
    into = {"do": "move", "kind": "lesson", "id": lessons[0].pk, "section": other.section_id, "after": None}
    assert act(desk, mine, into).status_code == 404
    other.refresh_from_db()
    assert other.title == "x"


def test_a_title_is_shown_and_never_run(desk: Client, lessons: list[Lesson]) -> None:
    asked = {"do": "rename", "kind": "lesson", "id": lessons[0].pk, "title": '"><script>alert(1)</script>'}
    assert "<script>" not in act(desk, lessons[0].course_id, asked).json()["html"]


def test_no_csrf_token_no_act(owner: User, lessons: list[Lesson], settings: Any) -> None:
    settings.STAFF_MFA = "optional"
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    asked = {"do": "up", "kind": "lesson", "id": lessons[2].pk}
    assert act(browser, lessons[0].course_id, asked).status_code == 403
    assert order() == "abc"


def test_the_outline_tells_of_each_lesson_what_is_in_it(desk: Client, lessons: list[Lesson]) -> None:
    build.file(lessons[0], role="media").versions.update(content_type="video/mp4", size=24_000_000)
    file = build.file(lessons[1], role="media")
    build.version(file, ready=False, state="rejected", content_type="video/mp4")
    page = desk.get(reverse("admin:courses_course_change", args=[lessons[0].course_id])).content.decode()
    for words in ("video 22.9", "video: refused", "nothing in it yet"):
        assert words in page


def test_the_page_asks_no_more_for_a_longer_course(desk: Client, django_assert_max_num_queries: Any) -> None:
    course: Course = build.course()
    for _ in range(30):
        build.file(build.lesson(course), role="media")
    with django_assert_max_num_queries(45):
        desk.get(reverse("admin:courses_course_change", args=[course.pk]))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["lesson", "course"])
def test_act_upon_what_is_deleted_meanwhile_is_not_found(client_for: type[Client], what: str) -> None:
    """The one who deletes holds the course's lock; the one who moves has asked, waits for it, and then finds nothing."""
    desk = client_for(build.person(is_staff=True, is_superuser=True))
    course = build.course()
    row = build.lesson(course)
    with ThreadPoolExecutor(1) as pool:
        with outline.held(course.pk):
            asked = pool.submit(
                on_own_connection, lambda: act(desk, course.pk, {"do": "down", "kind": "lesson", "id": row.pk})
            )
            time.sleep(0.5)
            (row if what == "lesson" else course).delete()
        answer = asked.result(20)
    assert answer.status_code == 404
    assert "not there any more" in answer.json()["error"]


def on_own_connection(do: Callable[[], Any]) -> Any:
    try:
        return do()
    finally:
        connection.close()
