"""The member's own shelf: what they can open now, and where they left off."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from billing.standing import standing
from courses.models import Progress, Publication
from courses.views import resume, shelf

SHOWN = 12


@shelf.personal
@login_required
def library(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    titles = shelf.marked(request.user, shelf.reachable(now=now).order_by("-published_at", "pk"), now=now)
    mine = [title for title in titles if title.mine]  # type: ignore[attr-defined]
    kind = request.GET.get("kind", "")
    if kind in Publication.Kind.values:
        page = Paginator([title for title in mine if title.kind == kind], shelf.PAGE_SIZE).get_page(
            request.GET.get("page")
        )
        with_progress(request, list(page.object_list))
        return render(request, "courses/library_kind.html", {"kind": kind, "page": page})
    shelves = {each: [title for title in mine if title.kind == each] for each in Publication.Kind.values}
    with_progress(request, shelves["course"][:SHOWN])
    context: dict[str, Any] = {
        "points": resume.points(request.user, now=now, limit=3),
        "newest": mine[:3],
        "courses": shelves["course"][:SHOWN],
        "course_count": len(shelves["course"]),
        "ebooks": shelves["ebook"][:SHOWN],
        "ebook_count": len(shelves["ebook"]),
        "standing": standing(request.user.pk, now=now),
        "opens_more": any(title.access != Publication.Access.FREE for title in mine),
    }
    return render(request, "courses/library.html", context)


def with_progress(request: HttpRequest, courses: list[Publication]) -> None:
    """Set `done_count` on each course: how many of its lessons this person has finished. One query for all."""
    rows = Progress.objects.filter(
        user=request.user.pk, completed_at__isnull=False, lesson__course__in=[each.pk for each in courses]
    )
    done = dict(rows.order_by().values_list("lesson__course").annotate(count=Count("pk")))
    for each in courses:
        each.done_count = done.get(each.pk, 0)  # type: ignore[attr-defined]
