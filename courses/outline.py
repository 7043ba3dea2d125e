"""The order of a course: sections and lessons, moved, named and added one act at a time.

Every act takes the course's lock first, so that two people who move at once end in one whole order: each place is taken once, and the
database refuses anything else. An act says where a thing goes relative to its neighbours ("after lesson 7"), never a whole order, so
that what another person did a second ago is kept. Each returns what undoes it, in the same words.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils.text import slugify
from django.utils.translation import gettext as _

from courses.models import Course, Lesson, Publication, Section

# Rows that are being moved wait beyond every real place, for each place may be taken once at any moment.
FAR, PARKED = 1_000_000, 1_000_000_000
LONGEST_TITLE, LONGEST_SLUG = 200, 120


class Refused(Exception):
    """What stands in the way of an act, as a sentence for the person who asked for it."""


@dataclass(frozen=True)
class Done:
    """What an act came to: a sentence to announce, what undoes it (None: nothing changed), and the row it was about."""

    said: str
    undo: dict[str, Any] | None = None
    row: Section | Lesson | None = field(default=None, compare=False)


@contextmanager
def held(course_id: int) -> Iterator[Course]:
    """Hold the course's lock in a transaction; whoever comes second waits, and then sees what the first one did."""
    with transaction.atomic():
        Publication.objects.select_for_update().get(pk=course_id)
        yield Course.objects.get(pk=course_id)


def move_section(section: Section, *, after: int | None) -> Done:
    """Put a section behind the section with the pk `after`, or first; last when that one is gone."""
    with held(section.course_id):
        order = list(Section.objects.filter(course=section.course_id).values_list("pk", flat=True))
        before = neighbour(order, section.pk)
        placed = inserted([pk for pk in order if pk != section.pk], section.pk, after)
        if placed == order:
            return Done(_("“%(title)s” stays where it is.") % {"title": section.title}, row=section)
        renumber(Section.objects.filter(course=section.course_id), placed)
    said = _("“%(title)s” is now section %(number)d of %(all)d.")
    words = {"title": section.title, "number": placed.index(section.pk) + 1, "all": len(placed)}
    return Done(said % words, {"do": "move", "kind": "section", "id": section.pk, "after": before}, section)


def move_lesson(lesson: Lesson, *, section: Section, after: int | None) -> Done:
    """Put a lesson into a section of the same course, behind the lesson with the pk `after`, or first; last when that one is not there."""
    with held(lesson.course_id):
        lesson.refresh_from_db()
        old = list(Lesson.objects.filter(section=lesson.section_id).order_by("position").values_list("pk", flat=True))
        undo = {
            "do": "move",
            "kind": "lesson",
            "id": lesson.pk,
            "section": lesson.section_id,
            "after": neighbour(old, lesson.pk),
        }
        new = list(Lesson.objects.filter(section=section.pk).order_by("position").values_list("pk", flat=True))
        placed = inserted([pk for pk in new if pk != lesson.pk], lesson.pk, after)
        if placed == new:
            return Done(_("“%(title)s” stays where it is.") % {"title": lesson.title}, row=lesson)
        Lesson.objects.filter(pk=lesson.pk).update(section=section.pk, position=PARKED)
        renumber(Lesson.objects.filter(section=section.pk), placed)
    said = _("“%(title)s” is now lesson %(number)d of %(all)d in “%(section)s”.")
    words = {"title": lesson.title, "number": placed.index(lesson.pk) + 1, "all": len(placed), "section": section.title}
    return Done(said % words, undo, lesson)


def step(row: Section | Lesson, *, up: bool) -> Done:
    """Move one place up or down. A lesson at the edge of its section goes on into the next one."""
    return _step_section(row, up=up) if isinstance(row, Section) else _step_lesson(row, up=up)


def _step_section(section: Section, *, up: bool) -> Done:
    order = list(Section.objects.filter(course=section.course_id).values_list("pk", flat=True))
    at = order.index(section.pk) + (-1 if up else 1)
    rest = [pk for pk in order if pk != section.pk]
    return move_section(section, after=rest[at - 1] if 0 < at <= len(rest) else (None if at <= 0 else rest[-1]))


def _step_lesson(lesson: Lesson, *, up: bool) -> Done:
    sections = list(Section.objects.filter(course=lesson.course_id).order_by("position"))
    here = next(number for number, each in enumerate(sections) if each.pk == lesson.section_id)
    order = list(Lesson.objects.filter(section=lesson.section_id).order_by("position").values_list("pk", flat=True))
    rest = [pk for pk in order if pk != lesson.pk]
    at = order.index(lesson.pk) + (-1 if up else 1)
    if at < 0 and here > 0:
        above = sections[here - 1]
        last = Lesson.objects.filter(section=above.pk).order_by("-position").values_list("pk", flat=True).first()
        return move_lesson(lesson, section=above, after=last)
    if at > len(rest) and here + 1 < len(sections):
        return move_lesson(lesson, section=sections[here + 1], after=None)
    at = min(max(at, 0), len(rest))
    return move_lesson(lesson, section=sections[here], after=rest[at - 1] if at else None)


def rename(row: Section | Lesson, *, title: str) -> Done:
    """Give a new title. The address of a lesson stays as it is, for people have it."""
    title = title_of(title)
    old = row.title
    if title == old:
        return Done(_("Nothing to save."), row=row)
    row.title = title
    row.save(update_fields=["title"])
    said = _("Saved: “%(title)s”.") % {"title": title}
    return Done(said, {"do": "rename", "kind": kind_of(row), "id": row.pk, "title": old}, row)


def show(lesson: Lesson, *, preview: bool) -> Done:
    """Open a lesson to anybody as a preview, or close it again."""
    if lesson.preview == preview:
        return Done(_("Nothing to save."), row=lesson)
    lesson.preview = preview
    lesson.save(update_fields=["preview"])
    said = _("Anybody may open “%(title)s” now.") if preview else _("“%(title)s” is no preview any more.")
    undo = {"do": "preview", "kind": "lesson", "id": lesson.pk, "on": not preview}
    return Done(said % {"title": lesson.title}, undo, lesson)


def add_section(course_id: int, *, title: str, after: int | None = None) -> Done:
    """Add a section at the end, or behind another."""
    title = title_of(title)
    with held(course_id) as course:
        section = Section(course=course, title=title)
        section.save()
        if after is not None:
            move_section(section, after=after or None)
    said = _("Section “%(title)s” is added.") % {"title": title}
    return Done(said, {"do": "remove", "kind": "section", "id": section.pk}, section)


def add_lesson(course_id: int, *, title: str, section: Section | None = None) -> Done:
    """Add a lesson at the end of a section; without one, of the last, and a course without any gets its first."""
    title = title_of(title)
    with held(course_id) as course:
        holder = section or Section.objects.filter(course=course).order_by("position").last()
        if holder is None:
            holder = Section(course=course, title=_("Lessons"))
            holder.save()
        lesson = Lesson(section=holder, title=title, slug=free_slug(course, title))
        lesson.save()
    said = _("Lesson “%(title)s” is added. Give it a file or a text.") % {"title": title}
    return Done(said, {"do": "remove", "kind": "lesson", "id": lesson.pk}, lesson)


def remove(row: Section | Lesson) -> Done:
    """Take away an empty section, or a lesson that has nothing in it yet. What holds something is deleted on its own page."""
    if isinstance(row, Section):
        if row.lessons.exists():
            raise Refused(_("Move or delete the lessons of this section first."))
        order = list(Section.objects.filter(course=row.course_id).values_list("pk", flat=True))
        after = neighbour(order, row.pk) or 0
        undo: dict[str, Any] = {"do": "add", "kind": "section", "title": row.title, "after": after}
    else:
        if row.body or row.files.exists() or row.progress.exists():
            raise Refused(_("This lesson has something in it. Delete it on its own page."))
        undo = {"do": "add", "kind": "lesson", "title": row.title, "section": row.section_id}
    with held(row.course_id):
        row.delete()
    return Done(_("“%(title)s” is taken away.") % {"title": row.title}, undo)


def renumber(rows: "QuerySet[Any]", order: Sequence[int]) -> None:
    """Write the places 1, 2, 3 … in two statements, the first of which clears the ground."""
    rows.update(position=F("position") + FAR)
    places = Case(*(When(pk=pk, then=Value(place)) for place, pk in enumerate(order, 1)))
    rows.filter(pk__in=order).update(position=places)


def inserted(rest: list[int], pk: int, after: int | None) -> list[int]:
    place = 0 if after is None else rest.index(after) + 1 if after in rest else len(rest)
    return [*rest[:place], pk, *rest[place:]]


def neighbour(order: list[int], pk: int) -> int | None:
    """Return what stands before `pk`, or None for the first."""
    place = order.index(pk)
    return order[place - 1] if place else None


def kind_of(row: Section | Lesson) -> str:
    return "section" if isinstance(row, Section) else "lesson"


def title_of(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise Refused(_("A title cannot be empty."))
    if len(title) > LONGEST_TITLE:
        raise Refused(_("This title is too long: 200 characters at most."))
    return title


def free_slug(course: Course, title: str) -> str:
    """Return an address for a lesson that no other lesson of the course has."""
    wanted = slugify(title)[: LONGEST_SLUG - 6].strip("-") or "lesson"
    taken = set(Lesson.objects.filter(course=course.pk, slug__startswith=wanted).values_list("slug", flat=True))
    number, slug = 1, wanted
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug
