"""One course, one lesson, one ebook."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db.models import Exists, Max, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from courses import access, chapters, offers, progress
from courses.access import Person, Verdict
from courses.chapters import Chapter, ChaptersRefused
from courses.models import Course, Download, Ebook, File, FileVersion, Lesson, Progress, Publication
from courses.views import structured
from courses.views.shelf import personal


@dataclass
class Step:
    """A lesson as the outline shows it; `at` is the second at which somebody left it, and `touched` when."""

    lesson: Lesson
    is_open: bool
    is_done: bool
    done_at: datetime | None = None
    at: float = 0
    touched: datetime | None = None

    @property
    def is_begun(self) -> bool:
        return self.at > 0 and not self.is_done


@personal
def course(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(Course.objects.reachable(at=now).prefetch_related("topics", "products"), slug=slug)
    decided = access.decision(request.user, found, now=now)
    mine = decided.allowed
    if found.is_archived and not mine:
        return put_away(request, found, decided.verdict)
    steps = outline(request.user, found, mine=mine, now=now)
    files = serving(found.files.filter(role=File.Role.ATTACHMENT))
    mark_updated(request.user, files)
    prices = offers.offered(request, found)
    context = {
        "publication": found,
        "mine": mine,
        "steps": steps,
        "total_seconds": sum(step.lesson.seconds for step in steps),
        "previews": [step.lesson for step in steps if step.lesson.preview],
        **far(steps),
        "file_count": len(files),
        "attachments": [file for file in files if file.lesson_id is None],
        "prices": prices,
        "data": structured.course(found, prices, sum(step.lesson.seconds for step in steps)),
    }
    return render(request, "courses/course.html", context)


@personal
def lesson(request: HttpRequest, slug: str, lesson: str) -> HttpResponse:
    now = timezone.now()
    parent = get_object_or_404(Course.objects.reachable(at=now), slug=slug)
    found = get_object_or_404(parent.lessons.select_related("section"), slug=lesson)
    verdict = access.decision(request.user, found, now=now).verdict
    if verdict is Verdict.NOT_FOUND:
        raise Http404
    if verdict is Verdict.SIGN_IN:
        return redirect_to_login(request.get_full_path())
    if verdict is Verdict.OFFER:
        return offers.offer(request, parent)
    mine = not found.preview or access.decision(request.user, parent, now=now).allowed
    context = {"publication": parent, "lesson": found, "mine": mine, "chapters": chapters_of(found)}
    context |= around(outline(request.user, parent, mine=mine, now=now), found) | parts(request.user, found)
    if request.user.is_authenticated:
        context["progress"] = Progress.objects.filter(user=request.user, lesson=found).first()
        context["resumes_at"] = progress.resumes_at(context["progress"], found)
    return render(request, "courses/lesson.html", context)


@personal
def ebook(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(Ebook.objects.reachable(at=now).prefetch_related("topics", "products"), slug=slug)
    decided = access.decision(request.user, found, now=now)
    if found.is_archived and not decided.allowed:
        return put_away(request, found, decided.verdict)
    files = serving(found.files.all())
    prices = offers.offered(request, found)
    mark_updated(request.user, files)
    context = {
        "publication": found,
        "mine": decided.allowed,
        "books": [file for file in files if file.role == File.Role.BOOK],
        "samples": [file for file in files if file.role == File.Role.SAMPLE],
        "attachments": [file for file in files if file.role == File.Role.ATTACHMENT],
        "prices": prices,
        "data": structured.ebook(found, prices),
    }
    return render(request, "courses/ebook.html", context)


def put_away(request: HttpRequest, title: Publication, verdict: Verdict) -> HttpResponse:
    """Answer for an archived title: whoever bought it may have to sign in first, and to all others it is not for sale any more."""
    if verdict is Verdict.SIGN_IN:
        return redirect_to_login(request.get_full_path())
    return offers.offer(request, title)


def outline(person: Person, parent: Course, *, mine: bool, now: datetime) -> list[Step]:
    """Return every lesson of a course in order, marked open and done. What is open to all is asked without a query."""
    played = File.objects.filter(lesson=OuterRef("pk"), role=File.Role.MEDIA)
    lessons = parent.lessons.select_related("section").defer("body", "chapters").annotate(has_media=Exists(played))
    kept: dict[int, Progress] = {}
    if person is not None and person.is_authenticated:
        kept = {row.lesson_id: row for row in Progress.objects.filter(user=person.pk, lesson__course=parent)}
    steps = [Step(each, mine or access.decision(None, each, now=now).allowed, is_done=False) for each in lessons]
    for step in steps:
        if row := kept.get(step.lesson.pk):
            step.done_at, step.at, step.touched = row.completed_at, row.position, row.updated_at
            step.is_done = row.completed_at is not None
    return steps


def far(steps: list[Step]) -> dict[str, Any]:
    """Return how far somebody is in a course: what is done, where to go on (what was left last, else what comes first), and its end."""
    begun = [step for step in steps if step.is_open and step.is_begun]
    left = max(begun, key=lambda step: step.touched, default=None)  # type: ignore[arg-type,return-value]
    done = [step for step in steps if step.is_done]
    finished = bool(steps) and len(done) == len(steps)
    return {
        "done": len(done),
        "next_step": left or next((step for step in steps if step.is_open and not step.is_done), None),
        "finished_at": max(step.done_at for step in done if step.done_at) if finished else None,
    }


def around(steps: list[Step], current: Lesson) -> dict[str, Any]:
    index = next(number for number, step in enumerate(steps) if step.lesson.pk == current.pk)
    return {
        "steps": steps,
        "number": index + 1,
        "previous": steps[index - 1] if index else None,
        "next": steps[index + 1] if index + 1 < len(steps) else None,
        **far(steps),
    }


def chapters_of(found: Lesson) -> list[Chapter]:
    """Return the lesson's chapters; a list that cannot be read is the workshop's to mend, and no reader's trouble."""
    try:
        return chapters.read(found.chapters) if found.chapters else []
    except ChaptersRefused:
        return []


def parts(person: Person, current: Lesson) -> dict[str, Any]:
    """Return what a lesson is made of: the file to play, its captions, and what to take along."""
    files = serving(current.files.all())
    mark_updated(person, files)
    return {
        "media": next((file for file in files if file.role == File.Role.MEDIA), None),
        "captions": [file for file in files if file.role == File.Role.CAPTIONS],
        "attachments": [file for file in files if file.role == File.Role.ATTACHMENT],
    }


def serving(files: "QuerySet[File]") -> list[File]:
    """Return those files that have something to serve, with it as `serves`: the newest READY version, as the click will choose."""
    versions = FileVersion.objects.ready().order_by("-ready_at", "-pk")
    listed = list(files.prefetch_related(Prefetch("versions", versions, to_attr="ready_versions")))
    for file in listed:
        file.serves = next(iter(file.ready_versions), None)  # type: ignore[attr-defined]
        # Counted as they were made, so that an older one that serves again has its old number.
        file.number = sum(one.pk <= file.serves.pk for one in file.ready_versions) if file.serves else 0  # type: ignore[attr-defined]
    return [file for file in listed if file.serves is not None]  # type: ignore[attr-defined]


def mark_updated(person: Person, files: list[File]) -> None:
    """Set `taken_at` and `is_updated` on files that this person downloaded before: is what serves another version than they took last?"""
    if person is None or not person.is_authenticated:
        return
    rows = Download.objects.filter(
        user=person.pk, purpose=Download.Purpose.DOWNLOAD, version__file__in=files
    ).order_by()
    taken = rows.values_list("version__file", "version").annotate(last=Max("created_at"))
    newest = {file: (version, last) for file, version, last in sorted(taken, key=lambda row: row[2])}
    for file in files:
        version, file.taken_at = newest.get(file.pk, (None, None))  # type: ignore[attr-defined]
        file.is_updated = version is not None and version != file.serves.pk  # type: ignore[attr-defined]
