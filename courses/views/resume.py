"""Where a person left off: the lessons they have begun, and saving how far they came."""

import json
import logging
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from courses import access
from courses.access import Person, Verdict
from courses.models import Lesson, Progress

logger = logging.getLogger(__name__)
LONGEST = 1_000_000
DONE_AT = 0.9
STATUS = {Verdict.NOT_FOUND: 404, Verdict.SIGN_IN: 401, Verdict.OFFER: 403}


def points(person: Person, *, now: datetime, limit: int) -> list[Progress]:
    """Return what this person began and did not finish, latest first, one a course, as far as it is open to them at `now`."""
    if person is None or not person.is_authenticated:
        return []
    begun = Progress.objects.filter(user=person.pk, completed_at__isnull=True, position__gt=0)
    rows = (
        begun.select_related("lesson__course").prefetch_related("lesson__course__products").order_by("-updated_at")[:50]
    )
    latest = {row.lesson.course_id: row for row in reversed(rows)}
    open_now = access.openable(person, [row.lesson.course for row in latest.values()], now=now) if latest else set()
    kept = [row for pk, row in latest.items() if pk in open_now]
    return sorted(kept, key=lambda row: row.updated_at, reverse=True)[:limit]


@require_POST
def progress(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """Save how far this person came. Takes JSON {"position": seconds} from the player, or `done` or `again` from a form's button."""
    now = timezone.now()
    lesson = get_object_or_404(Lesson.objects.select_related("course"), pk=lesson_id)
    verdict = access.decision(request.user, lesson, now=now).verdict
    if verdict is Verdict.ALLOW and not request.user.is_authenticated:
        verdict = Verdict.SIGN_IN
    if verdict is not Verdict.ALLOW:
        return JsonResponse({"error": _("This lesson is not open to you.")}, status=STATUS[verdict])
    if request.content_type != "application/json":
        if not {"done", "again"} & set(request.POST):
            return JsonResponse({"error": _("Say “done” or “again”.")}, status=400)
        save(request.user.pk, lesson, done="done" in request.POST, now=now)
        return redirect(lesson)
    try:
        position = position_in(request.body)
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=400)
    row = save(request.user.pk, lesson, position=position, now=now)
    return JsonResponse({"position": row.position, "completed": row.completed_at is not None})


def position_in(body: bytes) -> float:
    """Return the seconds that the player sent, or raise ValueError with a sentence for whoever wrote the player."""
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(_("Send a JSON object.")) from None
    position = data.get("position") if isinstance(data, dict) else None
    if isinstance(position, bool) or not isinstance(position, int | float) or not 0 <= position <= LONGEST:
        raise ValueError(_("“position” must be a number of seconds, 0 or more."))
    return float(position)


def save(
    user_id: int, lesson: Lesson, *, now: datetime, position: float | None = None, done: bool | None = None
) -> Progress:
    """Keep the position, and whether the lesson is done: seen to nine tenths, or said so. What was done stays done while playing."""
    if done is None and lesson.seconds and position is not None:
        done = position >= lesson.seconds * DONE_AT or None
    changes: dict[str, Any] = {"updated_at": now}
    if position is not None:
        changes["position"] = position
    if done is not None:
        changes["completed_at"] = now if done else None
    return Progress.objects.update_or_create(user_id=user_id, lesson=lesson, defaults=changes)[0]
