"""Saving how far somebody came."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from courses.models import Lesson, Progress, Section
from tests import build

pytestmark = pytest.mark.django_db
POSITIONS = ['"1"', "true", "null", "-1", "NaN", "1e400", "1000001", "9" * 400, "1" + "0" * 5000]
NONSENSE: list[str | bytes] = ["", "{", "[]", '"a"', "{}", "[" * 100_000, b"\xff\xfe"]
NONSENSE += [f'{{"position": {each}}}' for each in POSITIONS]


@pytest.fixture
def lesson() -> Lesson:
    return build.lesson(seconds=100)


def post(browser: Client, lesson: Lesson, body: object, content_type: str = "application/json") -> int:
    return browser.post(f"/progress/{lesson.pk}/", body, content_type=content_type).status_code


def test_a_member_is_kept_at_the_second(client_for: type[Client], subscriber: User, lesson: Lesson) -> None:
    browser = client_for(subscriber)
    assert post(browser, lesson, {"position": 42.5}) == 200
    assert post(browser, lesson, {"position": 61}) == 200
    row = Progress.objects.get()
    assert (row.user, row.lesson, row.position, row.completed_at) == (subscriber, lesson, 61.0, None)


def test_nine_tenths_are_all_and_going_back_undoes_nothing(
    client_for: type[Client], subscriber: User, lesson: Lesson
) -> None:
    browser = client_for(subscriber)
    post(browser, lesson, {"position": 89.9})
    assert Progress.objects.get().completed_at is None
    post(browser, lesson, {"position": 90})
    assert Progress.objects.get().completed_at is not None
    post(browser, lesson, {"position": 3})
    assert Progress.objects.get().completed_at is not None


def test_a_button_marks_a_lesson_done_and_not_done(client_for: type[Client], subscriber: User, lesson: Lesson) -> None:
    browser = client_for(subscriber)
    done = browser.post(f"/progress/{lesson.pk}/", {"done": "1"})
    assert (done.status_code, done.headers["Location"]) == (302, lesson.get_absolute_url())
    assert Progress.objects.get().completed_at is not None
    browser.post(f"/progress/{lesson.pk}/", {"again": "1"})
    assert Progress.objects.get().completed_at is None


def test_only_who_may_watch_is_kept(client_for: type[Client], newcomer: User, lapsed: User, lesson: Lesson) -> None:
    assert post(Client(), lesson, {"position": 1}) == 401
    assert post(client_for(newcomer), lesson, {"position": 1}) == 403
    assert post(client_for(lapsed), lesson, {"position": 1}) == 403
    lesson.course.published_at += timedelta(days=30)
    lesson.course.save()
    assert post(client_for(newcomer), lesson, {"position": 1}) == 404
    assert not Progress.objects.exists()


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: repr(body)[:20])
def test_nonsense_is_refused_in_words(
    client_for: type[Client], subscriber: User, lesson: Lesson, body: str | bytes
) -> None:
    browser = client_for(subscriber)
    response = browser.post(f"/progress/{lesson.pk}/", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]
    assert not Progress.objects.exists()


def test_other_sites_cannot_save_for_anybody(subscriber: User, lesson: Lesson) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(subscriber)
    assert post(browser, lesson, {"position": 1}) == 403
    assert not Progress.objects.exists()


@pytest.mark.parametrize("name", ["ago", "duration"])
@pytest.mark.parametrize("value", ['"1"', "true", "null", "-1", "NaN", "1e400", "1000001e3"])
def test_nonsense_beside_a_position_is_refused_too(
    client_for: type[Client], subscriber: User, lesson: Lesson, name: str, value: str
) -> None:
    assert post(client_for(subscriber), lesson, f'{{"position": 1, "{name}": {value}}}') == 400
    assert not Progress.objects.exists()


def test_a_page_that_is_left_sends_a_form(client_for: type[Client], subscriber: User, lesson: Lesson) -> None:
    browser = client_for(subscriber)
    form = {"position": "42.5", "ago": "0.3", "duration": "100", "csrfmiddlewaretoken": "x"}
    assert browser.post(f"/progress/{lesson.pk}/", form).json() == {"position": 42.5, "completed": False}
    for bad in ({"position": "4 2"}, {"position": ""}, {"position": "nan"}, {"ago": "1"}, {}):
        assert browser.post(f"/progress/{lesson.pk}/", bad).status_code == 400
    assert Progress.objects.get().position == 42.5


def test_other_peoples_places_are_never_told_or_moved(
    client_for: type[Client], subscriber: User, newcomer: User, lesson: Lesson, now: datetime
) -> None:
    Progress.objects.create(user=newcomer, lesson=lesson, position=77)
    browser = client_for(subscriber)
    assert browser.get(f"/progress/{lesson.pk}/").json() == {"position": 0.0, "completed": False}
    post(browser, lesson, {"position": 5})
    assert browser.get(f"/progress/{lesson.pk}/").json()["position"] == 5
    assert Progress.objects.get(user=newcomer).position == 77
    assert client_for(newcomer).get(f"/progress/{lesson.pk}/").status_code == 403
    assert Client().get(f"/progress/{lesson.pk}/").status_code == 401
    assert browser.get("/progress/999999/").status_code == 404
    assert "no-store" in browser.get(f"/progress/{lesson.pk}/").headers["Cache-Control"]


def test_a_preview_is_open_to_nobody_and_keeps_nothing_for_them(lesson: Lesson) -> None:
    Lesson.objects.filter(pk=lesson.pk).update(preview=True)
    assert post(Client(), lesson, {"position": 1}) == 401
    assert not Progress.objects.exists()


def test_done_leads_on_to_the_next_lesson_and_at_the_end_to_the_course(
    client_for: type[Client], subscriber: User, lesson: Lesson
) -> None:
    second = build.lesson(lesson.course)
    last = build.lesson(lesson.course)
    last.section = Section.objects.create(course=lesson.course, title="Later")
    last.position = None  # type: ignore[assignment]
    last.save()
    browser = client_for(subscriber)

    def leads(each: Lesson) -> str:
        return browser.post(f"/progress/{each.pk}/", {"done": "next"}).headers["Location"]

    assert leads(lesson) == second.get_absolute_url()
    assert leads(second) == last.get_absolute_url()
    assert leads(last) == lesson.course.get_absolute_url()
    assert "You have finished" in browser.get(lesson.course.get_absolute_url()).content.decode()


def test_a_course_goes_on_where_it_was_left_last(client_for: type[Client], subscriber: User, lesson: Lesson) -> None:
    second, third = build.lesson(lesson.course, seconds=600), build.lesson(lesson.course, seconds=600)
    browser = client_for(subscriber)
    assert "Begin<" in browser.get(lesson.course.get_absolute_url()).content.decode()
    post(browser, second, {"position": 65})
    post(browser, third, {"position": 125})
    page = browser.get(lesson.course.get_absolute_url()).content.decode()
    assert "Go on at 2:05" in page
    assert "left at 1:05" in page
