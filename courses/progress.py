"""How far a person has come: where they are in a lesson, what they have done of a course. What came later stays, whatever arrives later."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from courses.models import Lesson, Progress

DONE_AT = 0.9


@dataclass(frozen=True)
class Place:
    """Where a player was, `ago` seconds ago; `duration` is what it knows of the whole, 0 for nothing. All in seconds."""

    position: float
    ago: float = 0
    duration: float = 0


@dataclass(frozen=True)
class Kept:
    position: float
    completed: bool
    just_completed: bool = False


def keep(user_id: int, lesson: Lesson, place: Place, *, now: datetime) -> Kept:
    """Keep a place, unless a later one is known: a device that comes back from a tunnel does not undo what another has seen since.

    Seen to nine tenths, a lesson is done, and stays so while it is played again. One UPDATE where there is a row.
    """
    at = now - timedelta(seconds=place.ago)
    mine = Progress.objects.filter(user=user_id, lesson=lesson)
    earlier = mine.filter(updated_at__lte=at)
    if not earlier.update(position=place.position, updated_at=at):
        # No row yet, or one that is newer. Of two first ones at once the database takes one, and the later of them stays.
        row = Progress(user_id=user_id, lesson=lesson, position=place.position, updated_at=at)
        Progress.objects.bulk_create([row], ignore_conflicts=True)
        earlier.update(position=place.position, updated_at=at)
    length = place.duration or lesson.seconds
    seen = length > 0 and place.position >= length * DONE_AT
    just = seen and mine.filter(completed_at=None).update(completed_at=now) == 1
    position, completed_at = mine.values_list("position", "completed_at").get()
    return Kept(position, completed_at is not None, just)


def mark(user_id: int, lesson: Lesson, *, done: bool, now: datetime) -> None:
    """Say by hand that a lesson is done, or not done after all. What was done keeps its day."""
    row, made = Progress.objects.get_or_create(
        user_id=user_id, lesson=lesson, defaults={"updated_at": now, "completed_at": now if done else None}
    )
    if made or (row.completed_at is not None) == done:
        return
    Progress.objects.filter(pk=row.pk).update(completed_at=now if done else None, updated_at=now)


def known(user_id: int, lesson: Lesson) -> Kept:
    """Return where this person is in a lesson: at its beginning, where nothing is known, and when they have been through it."""
    row = Progress.objects.filter(user=user_id, lesson=lesson).first()
    return Kept(resumes_at(row, lesson), row is not None and row.completed_at is not None)


def resumes_at(row: Progress | None, lesson: Lesson) -> float:
    """Return the second at which to go on: a lesson that was seen to its end begins anew."""
    if row is None or (row.completed_at and row.position >= lesson.seconds * DONE_AT):
        return 0.0
    return row.position


def done_of(user_id: int, course_id: int) -> tuple[int, int]:
    """Return how many lessons of a course this person has done, and how many there are. Two queries."""
    done = Progress.objects.filter(user=user_id, lesson__course=course_id, completed_at__isnull=False).count()
    return done, Lesson.objects.filter(course=course_id).count()
