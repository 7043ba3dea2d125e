"""The order of a course: places that the database keeps, acts that undo each other, and two people who move at once."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from courses import outline
from courses.models import Course, Lesson, Section
from courses.outline import Refused
from tests import build


@pytest.fixture
def course(db: None) -> Course:
    """Two sections of three lessons, A: a b c, and B: d e f."""
    made: Course = build.course()
    for name, titles in (("A", "abc"), ("B", "def")):
        section = Section.objects.create(course=made, title=name)
        for title in titles:
            Lesson.objects.create(section=section, title=title, slug=title)
    return made


def shown(course: Course) -> str:
    """The whole order in short: "A:abc B:def"."""
    lessons = Lesson.objects.filter(course=course.pk)
    sections = Section.objects.filter(course=course.pk)
    return " ".join(
        f"{each.title}:{''.join(one.title for one in lessons if one.section_id == each.pk)}" for each in sections
    )


def lesson(title: str) -> Lesson:
    return Lesson.objects.get(title=title)


def section(title: str) -> Section:
    return Section.objects.get(title=title)


def undo(done: outline.Done) -> None:
    asked = done.undo or {}
    if asked["kind"] == "section":
        outline.move_section(Section.objects.get(pk=asked["id"]), after=asked["after"])
    else:
        where = Section.objects.get(pk=asked["section"])
        outline.move_lesson(Lesson.objects.get(pk=asked["id"]), section=where, after=asked["after"])


@pytest.mark.parametrize(
    ("title", "into", "after", "then"),
    [
        ("a", "A", "b", "A:bac B:def"),
        ("c", "A", None, "A:cab B:def"),
        ("a", "B", "e", "A:bc B:deaf"),
        ("f", "A", None, "A:fabc B:de"),
        ("b", "A", "a", "A:abc B:def"),
        ("a", "B", "c", "A:bc B:defa"),
    ],
)
def test_26_a_lesson_moves_and_comes_back(course: Course, title: str, into: str, after: str | None, then: str) -> None:
    done = outline.move_lesson(lesson(title), section=section(into), after=lesson(after).pk if after else None)
    assert shown(course) == then
    if done.undo:
        undo(done)
    assert shown(course) == "A:abc B:def"


def test_26_a_section_moves_and_comes_back(course: Course) -> None:
    done = outline.move_section(section("B"), after=None)
    assert shown(course) == "B:def A:abc"
    undo(done)
    assert shown(course) == "A:abc B:def"


def test_26_steps_go_over_the_edge_of_a_section_and_stop_at_the_ends(course: Course) -> None:
    for up, then in (
        (False, "A:ab B:cdef"),
        (True, "A:abc B:def"),
        (True, "A:acb B:def"),
        (True, "A:cab B:def"),
        (True, "A:cab B:def"),
    ):
        outline.step(lesson("c"), up=up)
        assert shown(course) == then
    outline.step(section("A"), up=True)
    outline.step(section("A"), up=False)
    outline.step(section("A"), up=False)
    assert shown(course) == "B:def A:cab"


def test_the_database_gives_a_place_to_one_lesson_only(course: Course) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Lesson.objects.filter(title="a").update(position=lesson("b").position)
    with pytest.raises(IntegrityError), transaction.atomic():
        Section.objects.filter(title="A").update(position=section("B").position)


def test_a_lesson_is_added_last_with_an_address_of_its_own(course: Course) -> None:
    first = outline.add_lesson(course.pk, title="  Über  die Flut ", section=section("A")).row
    second = outline.add_lesson(course.pk, title="Über die Flut").row
    assert isinstance(first, Lesson)
    assert isinstance(second, Lesson)
    assert (first.title, first.slug, second.slug) == ("Über die Flut", "uber-die-flut", "uber-die-flut-2")
    assert (first.section.title, second.section.title) == ("A", "B")
    assert Lesson.objects.filter(section=first.section).last() == first


@pytest.mark.django_db
def test_an_empty_course_gets_its_section_with_its_first_lesson() -> None:
    course: Course = build.course()
    outline.add_lesson(course.pk, title="潮")
    assert [each.title for each in course.sections.all()] == ["Lessons"]
    assert course.lessons.get().slug == "lesson"


def test_what_holds_something_is_not_taken_away_in_passing(course: Course) -> None:
    Lesson.objects.filter(title="a").update(body="Text")
    build.file(lesson("b"))
    for row in (lesson("a"), lesson("b"), section("A")):
        with pytest.raises(Refused):
            outline.remove(row)
    outline.remove(lesson("c"))
    assert shown(course) == "A:ab B:def"


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_title_that_is_none_is_refused_in_words(course: Course, title: str) -> None:
    with pytest.raises(Refused, match="title"):
        outline.rename(lesson("a"), title=title)


def together(*acts: Callable[[], object]) -> None:
    """Let every act run at once, on a thread and a connection of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait(10)
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result(60)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_move_at_once_end_in_one_whole_order() -> None:
    """On PostgreSQL this races for row locks; on SQLite for the one write lock."""
    course: Course = build.course()
    sections = [Section.objects.create(course=course, title=name) for name in "AB"]
    for number in range(8):
        Lesson.objects.create(section=sections[number % 2], title=str(number), slug=str(number))
    pks = list(Lesson.objects.values_list("pk", flat=True))

    def shuffle(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(12):
            row, after = Lesson.objects.get(pk=dice.choice(pks)), dice.choice([None, *pks])
            outline.move_lesson(row, section=dice.choice(sections), after=after)

    together(*(lambda seed=seed: shuffle(seed) for seed in range(3)))  # type: ignore[misc]
    assert sorted(Lesson.objects.values_list("pk", flat=True)) == sorted(pks)
    for each in sections:
        places = list(Lesson.objects.filter(section=each).values_list("position", flat=True))
        assert len(places) == len(set(places))
        assert max(places, default=0) <= len(pks)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_add_at_once_get_two_places() -> None:
    course: Course = build.course()
    together(*[lambda: outline.add_lesson(course.pk, title="Tide")] * 6)
    assert sorted(Lesson.objects.values_list("slug", flat=True)) == [
        "tide",
        *(f"tide-{number}" for number in range(2, 7)),
    ]
    assert sorted(Lesson.objects.values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Section.objects.count() == 1
