"""Where an uploaded file belongs: to a title or lesson that is there, to the file it replaces, or to a lesson made for it."""

import re
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from courses import inspection
from courses.acceptance import MEDIA
from courses.admin.asking import BadRequest, text, whole
from courses.models import Course, File, FileVersion, Lesson, Publication, Section

# "01 - Why it moves", "2. Water", "03_shaping": the number gives the order, and the place in the outline shows it again.
NUMBERED = re.compile(r"^\d{1,4}\s*[-–—._)]+\s*(?=\S)")


def known_file(body: dict[str, Any]) -> File:
    try:
        return File.objects.get(pk=text(body["file"], "file"))
    except ValidationError as error:
        raise BadRequest(_("“file” must be the id of a file.")) from error


def new_file(body: dict[str, Any], name: str) -> File:
    """Return a file for the title, or the lesson of it, that the body names; it is not saved yet."""
    role = text(body.get("role"), "role")
    if role not in File.Role.values:
        raise BadRequest(_("“role” must be one of %s.") % ", ".join(File.Role.values))
    publication = Publication.objects.get(pk=whole(body.get("publication"), "publication"))
    lesson = None
    if body.get("lesson") is not None:
        lesson = Lesson.objects.get(pk=whole(body["lesson"], "lesson"), course=publication.pk)
    return File(publication=publication, lesson=lesson, role=role, name=name_for(publication, lesson, role, name))


def name_for(publication: Publication, lesson: Lesson | None, role: str, name: str) -> str:
    """Return the name that people will see: a book and its film carry the title, all else the file's own name made readable."""
    if role in (File.Role.BOOK, File.Role.MEDIA):
        return (lesson or publication).title
    return readable(name)[:255] or publication.title


def readable(name: str) -> str:
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return stem.replace("_", " ").replace("-", " ").strip()


def lesson_title(name: str) -> str:
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return (readable(NUMBERED.sub("", stem)) or readable(name) or _("Lesson"))[:200]


def role_of(name: str) -> str:
    """Return what a file is to the lesson that is made for it: its film or recording, or something to take along."""
    return File.Role.MEDIA if inspection.content_type_of(name) in MEDIA else File.Role.ATTACHMENT


def new_lesson(body: dict[str, Any], name: str) -> File:
    """Make a lesson for a file that was dropped on its course, after all the others; return its file, which is not saved yet."""
    title = lesson_title(name)
    with transaction.atomic():
        course = Course.objects.select_for_update().get(pk=whole(body.get("publication"), "publication"))
        section = course.sections.order_by("position", "pk").last()
        section = section or Section.objects.create(course=course, title=_("Lessons"), position=1)
        places = section.lessons.values_list("position", flat=True)
        lesson = Lesson.objects.create(
            section=section, title=title, slug=free_slug(course, title), position=max(places, default=0) + 1
        )
    return File(publication=course, lesson=lesson, role=role_of(name), name=title)


def free_slug(course: Course, title: str) -> str:
    stem = slugify(title)[:100] or "lesson"
    taken = set(course.lessons.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for number in range(1, len(taken) + 2) if (slug := numbered(stem, number)) not in taken)


def numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def forget_lesson(lesson: Lesson | None, version: FileVersion) -> None:
    """Remove the lesson that was made for a cancelled upload, unless somebody has begun to fill it."""
    if lesson is None or lesson.body or lesson.title != lesson_title(version.original_name):
        return
    if not lesson.files.exists():
        lesson.delete()
