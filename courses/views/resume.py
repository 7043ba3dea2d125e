"""Where a person left off: the lessons they have begun, and saving how far they came."""

import json
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from courses import access
from courses import progress as progress_rule
from courses.access import Person, Verdict
from courses.models import Lesson, Progress
from courses.progress import Kept, Place
from courses.views import continuing

# What a number from the player may be at most, in seconds; a device may have been without a network for a month.
LONGEST = {"position": 1_000_000, "ago": 31 * 24 * 3600, "duration": 1_000_000}
STATUS = {Verdict.NOT_FOUND: 404, Verdict.SIGN_IN: 401, Verdict.OFFER: 403}


def points(person: Person, *, now: datetime, limit: int) -> list[Progress]:
    """Return where this person goes on, latest first, one a course, as far as it is open to them at `now`."""
    if person is None or not person.is_authenticated:
        return []
    begun = Progress.objects.filter(Q(position__gt=0) | Q(completed_at__isnull=False), user=person.pk)
    rows = (
        begun.select_related("lesson__course").prefetch_related("lesson__course__products").order_by("-updated_at")[:50]
    )
    latest = {row.lesson.course_id: row for row in reversed(rows)}
    open_now = access.openable(person, [row.lesson.course for row in latest.values()], now=now) if latest else set()
    kept = continuing.going_on([row for pk, row in latest.items() if pk in open_now])
    return sorted(kept, key=lambda row: row.updated_at, reverse=True)[:limit]


@require_http_methods(["GET", "POST"])
def progress(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """Tell (GET) or keep (POST) where this person is in a lesson.

    POST takes JSON {"position", "ago", "duration"} in seconds from the player, the same in a form where nothing else outlives the page,
    and `done` or `again` from a button; `done=next` goes on to the next lesson.
    """
    now = timezone.now()
    lesson = get_object_or_404(Lesson.objects.select_related("course", "section"), pk=lesson_id)
    verdict = access.decision(request.user, lesson, now=now).verdict
    if verdict is Verdict.ALLOW and not request.user.is_authenticated:
        verdict = Verdict.SIGN_IN
    if verdict is not Verdict.ALLOW:
        return answer({"error": _("This lesson is not open to you.")}, status=STATUS[verdict])
    if request.method == "GET":
        found = progress_rule.known(request.user.pk, lesson)
        return answer({"position": found.position, "completed": found.completed})
    if {"done", "again"} & set(request.POST):
        return marked(request, lesson, now=now)
    try:
        place = place_in(request)
    except ValueError as error:
        return answer({"error": str(error)}, status=400)
    return kept(request, lesson, progress_rule.keep(request.user.pk, lesson, place, now=now))


def answer(data: dict[str, Any], *, status: int = 200) -> JsonResponse:
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store, private"})


def kept(request: HttpRequest, lesson: Lesson, came: Kept) -> JsonResponse:
    """Answer the player. When this made the lesson done, it also hears how far the course is, in words for the page."""
    data: dict[str, Any] = {"position": came.position, "completed": came.completed}
    if came.just_completed:
        done, count = progress_rule.done_of(request.user.pk, lesson.course_id)
        words = _("%(done)s of %(all)s lessons done") % {"done": done, "all": count}
        data |= {"done": done, "of": count, "words": words}
    return answer(data)


def marked(request: HttpRequest, lesson: Lesson, *, now: datetime) -> HttpResponse:
    progress_rule.mark(request.user.pk, lesson, done="done" in request.POST, now=now)
    if request.POST.get("done") != "next":
        return redirect(lesson)
    following = lesson.following()
    return redirect(following or lesson.course)


def place_in(request: HttpRequest) -> Place:
    """Return the place that the player sent, or raise ValueError with a sentence for whoever wrote the player."""
    data: Any = request.POST.dict()
    if request.content_type == "application/json":
        try:
            data = json.loads(request.body)
        except (ValueError, RecursionError):
            raise ValueError(_("Send a JSON object.")) from None
    else:
        data = {name: numeric(value) for name, value in data.items()}
    if not isinstance(data, dict) or "position" not in data:
        raise ValueError(_("Say “position” in seconds, “done” or “again”."))
    return Place(**{name: seconds(name, data[name]) for name in LONGEST if name in data})


def numeric(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST[name]:
        raise ValueError(_("“%(name)s” must be a number of seconds, 0 or more.") % {"name": name})
    return float(value)
