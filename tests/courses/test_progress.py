"""Saving how far somebody came."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from courses.models import Lesson, Progress
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
