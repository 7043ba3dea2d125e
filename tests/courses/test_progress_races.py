"""Places that arrive late, twice or at once: what was seen later stays, and what was done stays done."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from courses import progress
from courses.models import Lesson, Progress
from courses.progress import Place
from tests import build


@pytest.fixture
def lesson(db: None) -> Lesson:
    return build.lesson(seconds=100)


def test_8_a_device_that_comes_back_does_not_undo_what_another_has_seen(
    subscriber: User, lesson: Lesson, now: datetime
) -> None:
    progress.keep(subscriber.pk, lesson, Place(70), now=now)
    kept = progress.keep(subscriber.pk, lesson, Place(20, ago=300), now=now + timedelta(seconds=5))
    assert (kept.position, Progress.objects.get().position) == (70, 70)
    assert progress.keep(subscriber.pk, lesson, Place(30), now=now + timedelta(seconds=6)).position == 30


def test_what_was_seen_without_a_network_is_done_all_the_same(subscriber: User, lesson: Lesson, now: datetime) -> None:
    progress.keep(subscriber.pk, lesson, Place(10), now=now)
    kept = progress.keep(subscriber.pk, lesson, Place(95, ago=60), now=now)
    assert (kept.position, kept.completed, kept.just_completed) == (10, True, True)


def test_a_lesson_is_done_once_and_keeps_its_day(subscriber: User, lesson: Lesson, now: datetime) -> None:
    assert progress.keep(subscriber.pk, lesson, Place(95), now=now).just_completed
    later = now + timedelta(days=3)
    assert not progress.keep(subscriber.pk, lesson, Place(97), now=later).just_completed
    progress.mark(subscriber.pk, lesson, done=True, now=later)
    assert Progress.objects.get().completed_at == now
    progress.mark(subscriber.pk, lesson, done=False, now=later)
    assert Progress.objects.get().completed_at is None
    assert progress.keep(subscriber.pk, lesson, Place(2), now=later + timedelta(seconds=9)).completed is False


def test_the_films_own_length_counts_where_it_is_known(subscriber: User, now: datetime) -> None:
    unmeasured = build.lesson(seconds=0)
    assert not progress.keep(subscriber.pk, unmeasured, Place(89, duration=100), now=now).completed
    assert progress.keep(subscriber.pk, unmeasured, Place(91, duration=100), now=now).completed
    longer = build.lesson(seconds=10)
    assert not progress.keep(subscriber.pk, longer, Place(10, duration=600), now=now).completed


def test_a_lesson_seen_to_its_end_begins_anew_and_a_second_look_is_resumed(
    subscriber: User, lesson: Lesson, now: datetime
) -> None:
    progress.keep(subscriber.pk, lesson, Place(96), now=now)
    assert progress.known(subscriber.pk, lesson).position == 0
    progress.keep(subscriber.pk, lesson, Place(40), now=now + timedelta(hours=1))
    assert progress.known(subscriber.pk, lesson).position == 40


@pytest.mark.django_db(transaction=True)
def test_eight_first_words_at_once_leave_one_row_and_the_last_of_them(subscriber: User, now: datetime) -> None:
    lesson = build.lesson(seconds=1000)
    gate, failed = threading.Barrier(8), []

    def speak(number: int) -> None:
        try:
            gate.wait(10)
            progress.keep(subscriber.pk, lesson, Place(number * 10, ago=8 - number), now=now)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [row.position for row in Progress.objects.all()] == [80]


def test_a_word_from_the_player_costs_the_same_however_large_the_course(
    client_for: type[Client], subscriber: User, lesson: Lesson
) -> None:
    browser = client_for(subscriber)
    address = f"/progress/{lesson.pk}/"

    def cost(position: float) -> int:
        with CaptureQueriesContext(connection) as seen:
            browser.post(address, {"position": position}, content_type="application/json")
        return len(seen)

    cost(1)
    small = cost(2)
    for _ in range(30):
        Progress.objects.create(user=subscriber, lesson=build.lesson(lesson.course))
    assert cost(3) == small <= 6
    assert cost(95) <= small + 3, "once, when it is done"
    assert cost(96) <= small + 1
