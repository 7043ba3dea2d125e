"""The outline on a course's page: what it shows, and the one address to which every act upon it is sent.

JSON in, JSON out: {"html": the outline anew, "said": sentence, "undo": what undoes it}; a refusal is {"error": sentence, "html"} with 400
or 404. A form's button without JavaScript sends the same words, and is led back to the page.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config import audit
from courses import outline
from courses.models import Course, File, FileVersion, Lesson, Publication, Section
from courses.outline import Done, Refused

State = FileVersion.State
MARKS = {
    State.UPLOADING: gettext_lazy("uploading"),
    State.VERIFYING: gettext_lazy("being checked"),
    State.REJECTED: gettext_lazy("refused"),
}
GONE = (Publication.DoesNotExist, Section.DoesNotExist, Lesson.DoesNotExist)


@dataclass(frozen=True)
class Mark:
    """What a lesson holds, in a word or two, and whether that is good, waiting or bad."""

    words: str
    tone: str


def context_of(course: Course, *, can_change: bool) -> dict[str, Any]:
    """Return what the outline's template needs, in four queries."""
    lessons = Lesson.objects.filter(course=course.pk).order_by("position").prefetch_related("files__versions")
    by_section: dict[int, list[tuple[Lesson, list[Mark]]]] = {}
    for lesson in lessons:
        by_section.setdefault(lesson.section_id, []).append((lesson, marks(lesson)))
    sections = [(each, by_section.get(each.pk, [])) for each in Section.objects.filter(course=course.pk)]
    return {
        "course": course,
        "sections": sections,
        "can_change": can_change,
        "act_url": reverse("admin:courses_course_outline", args=[course.pk]),
    }


def marks(lesson: Lesson) -> list[Mark]:
    found = [mark for file in lesson.files.all() for mark in marks_of(file)]
    if lesson.body:
        found.append(Mark(_("text"), "good"))
    return found or [Mark(_("nothing in it yet"), "waiting")]


def marks_of(file: File) -> list[Mark]:
    """Tell what serves, and what is under way or was refused since."""
    versions = sorted(file.versions.all(), key=lambda version: version.pk)
    ready = [version for version in versions if version.state == State.READY]
    serving = max(ready, key=lambda version: (version.ready_at, version.pk), default=None)
    told = []
    if serving is not None:
        told.append(Mark(f"{kind_of(file, serving)} {filesizeformat(serving.size)}", "good"))
    newest = versions[-1] if versions else None
    if newest is not None and newest != serving and newest.state in MARKS:
        tone = "bad" if newest.state == State.REJECTED else "waiting"
        told.append(Mark(f"{kind_of(file, newest)}: {MARKS[State(newest.state)]}", tone))
    return told


def kind_of(file: File, version: FileVersion) -> str:
    if file.role == File.Role.CAPTIONS:
        return _("captions")
    families = {"video": _("video"), "audio": _("audio")}
    return families.get(version.content_type.split("/")[0], _("file"))


def act(admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Do one thing to the outline of a course, write it into the record, and answer with the outline as it is now."""
    course = get_object_or_404(Course, pk=pk)
    if not admin.has_change_permission(request, course):
        raise PermissionDenied
    is_form = request.content_type != "application/json"
    if request.method != "POST":
        return redirect(page_of(course))
    try:
        asked = dict(request.POST.items()) if is_form else read(request.body)
        done = perform(request, course, asked)
        answer, status = {"said": done.said, "undo": done.undo, "row": row_key(done)}, 200
    except Refused as error:
        answer, status = {"error": str(error)}, 400
    except GONE:
        answer, status = {"error": _("This is not there any more. Somebody else may have moved or deleted it.")}, 404
    if is_form:
        level = messages.SUCCESS if status == 200 else messages.ERROR
        messages.add_message(request, level, str(answer.get("said") or answer.get("error")))
        return redirect(page_of(course))
    html = render_to_string("admin/courses/outline_rows.html", context_of(course, can_change=True), request)
    return JsonResponse(answer | {"html": html}, status=status, headers={"Cache-Control": "no-store"})


def page_of(course: Course) -> str:
    return reverse("admin:courses_course_change", args=[course.pk]) + "#outline"


def row_key(done: Done) -> str:
    return f"{outline.kind_of(done.row)}-{done.row.pk}" if done.row is not None and done.row.pk else ""


def read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise Refused(_("Send a JSON object."))
    return asked


def perform(request: HttpRequest, course: Course, asked: dict[str, Any]) -> Done:
    """Do what is asked, and record it in the same transaction. Raises Refused, or DoesNotExist for a row of no such course, or a course
    that is gone."""
    what = asked.get("do")
    if not isinstance(what, str) or what not in ACTS:
        raise Refused(_("There is no such act."))
    # The rows are read behind the course's lock: a row that somebody moved or deleted just before is found where it is now, or not at all.
    with outline.held(course.pk):
        done = ACTS[what](course, asked)
        if done.undo is not None:
            target = done.row if done.row is not None and done.row.pk else course
            audit.record(f"outline.{what}", request=request, target=target, after={"said": done.said})
    return done


def row_of(course: Course, asked: dict[str, Any]) -> Section | Lesson:
    models: dict[Any, Any] = {"section": Section.objects, "lesson": Lesson.objects}
    kind = asked.get("kind")
    if not isinstance(kind, str) or kind not in models:
        raise Refused(_("Say whether it is a section or a lesson."))
    row: Section | Lesson = models[kind].get(pk=number(asked.get("id")), course=course.pk)
    return row


def section_of(course: Course, value: Any) -> Section:
    return Section.objects.get(pk=number(value), course=course.pk)


def number(value: Any) -> int:
    """Return a pk. Raises Refused for anything else."""
    try:
        whole = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else -1
    except ValueError:
        whole = -1
    if not 0 <= whole < 2**63:
        raise Refused(_("Send whole numbers for what is meant."))
    return whole


def text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise Refused(_("A title is text."))
    return value


def move(course: Course, asked: dict[str, Any]) -> Done:
    row, after = row_of(course, asked), asked.get("after")
    behind = None if after is None else number(after)
    if isinstance(row, Section):
        return outline.move_section(row, after=behind)
    return outline.move_lesson(row, section=section_of(course, asked.get("section")), after=behind)


def add(course: Course, asked: dict[str, Any]) -> Done:
    title, section = text(asked.get("title")), asked.get("section")
    if asked.get("kind") == "section":
        after = asked.get("after")
        return outline.add_section(course.pk, title=title, after=None if after is None else number(after))
    return outline.add_lesson(course.pk, title=title, section=section_of(course, section) if section else None)


def preview(course: Course, asked: dict[str, Any]) -> Done:
    row = row_of(course, asked)
    if not isinstance(row, Lesson):
        raise Refused(_("Only a lesson can be a preview."))
    return outline.show(row, preview=asked.get("on") in (True, "1"))


ACTS = {
    "move": move,
    "up": lambda course, asked: outline.step(row_of(course, asked), up=True),
    "down": lambda course, asked: outline.step(row_of(course, asked), up=False),
    "rename": lambda course, asked: outline.rename(row_of(course, asked), title=text(asked.get("title"))),
    "preview": preview,
    "add": add,
    "remove": lambda course, asked: outline.remove(row_of(course, asked)),
}
