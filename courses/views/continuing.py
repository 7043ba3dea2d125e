"""What comes next: a lesson that was begun, or the one after the lesson that was finished."""

from courses.models import Lesson, Progress


def going_on(rows: list[Progress]) -> list[Progress]:
    """Return one row for each of these, one person's and one a course: itself, or where it is done, the one of the next lesson that is not.

    A lesson that was never opened has position 0; a course that is done has no row. Two queries, none where nothing is done.
    """
    finished = {row.lesson.course_id: row for row in rows if row.completed_at is not None}
    if not finished:
        return rows
    person = rows[0].user_id
    known = {row.lesson_id: row for row in Progress.objects.filter(user=person, lesson__course__in=finished)}
    done = {pk for pk, row in known.items() if row.completed_at is not None}
    lessons: dict[int, list[Lesson]] = {}
    for lesson in Lesson.objects.filter(course__in=finished).select_related("section").defer("body"):
        lessons.setdefault(lesson.course_id, []).append(lesson)
    following = {pk: after(lessons[pk], row.lesson_id, done) for pk, row in finished.items()}
    found = []
    for row in rows:
        if row.completed_at is None:
            found.append(row)
        elif waiting := following[row.lesson.course_id]:
            waiting.course = row.lesson.course
            next_row = known.get(waiting.pk) or Progress(user_id=person, updated_at=row.updated_at)
            next_row.lesson = waiting
            found.append(next_row)
    return found


def after(lessons: list[Lesson], current: int, done: set[int]) -> Lesson | None:
    """Return the first lesson after the current one that is not done, or else the first of all that is not."""
    place = next(index for index, lesson in enumerate(lessons) if lesson.pk == current)
    return next((lesson for lesson in lessons[place + 1 :] + lessons[:place] if lesson.pk not in done), None)
