"""The member's own shelf: what they can open now, and where they left off."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from billing.standing import standing
from courses import access
from courses.models import Progress, Publication
from courses.models.publications import PublicationQuerySet
from courses.views import resume, shelf

# How many of each kind, and of the latest of both.
SHOWN, NEWEST = 12, 3


@shelf.personal
@login_required
def library(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    mine = access.opened(request.user, Publication.objects.order_by("-published_at", "pk"), now=now)
    kind = request.GET.get("kind", "")
    if kind in Publication.Kind.values:
        page: Page[Any] = Paginator(keys(mine, kind), shelf.PAGE_SIZE).get_page(request.GET.get("page"))
        page.object_list = owned(request, list(page.object_list))
        return render(request, "courses/library_kind.html", {"kind": kind, "page": page})
    counts = dict(mine.order_by().values_list("kind").annotate(count=Count("pk")))
    # Only what is shown is fetched, however much there is.
    shown = owned(request, [pk for each in Publication.Kind.values for pk in keys(mine, each)[:SHOWN]])
    context: dict[str, Any] = {
        "points": resume.points(request.user, now=now, limit=3),
        "newest": sorted(shown, key=lambda title: title.published_at or title.created_at, reverse=True)[:NEWEST],
        "courses": [title for title in shown if title.kind == Publication.Kind.COURSE],
        "course_count": counts.get(Publication.Kind.COURSE, 0),
        "ebooks": [title for title in shown if title.kind == Publication.Kind.EBOOK],
        "ebook_count": counts.get(Publication.Kind.EBOOK, 0),
        "standing": standing(request.user.pk, now=now),
        "opens_more": mine.exclude(access=Publication.Access.FREE).exists(),
    }
    return render(request, "courses/library.html", context)


def keys(mine: "PublicationQuerySet", kind: str) -> "QuerySet[Publication, int]":
    return mine.filter(kind=kind).values_list("pk", flat=True)


def owned(request: HttpRequest, pks: list[int]) -> list[Publication]:
    """Return the titles with these pks as a library shows them."""
    titles = shelf.fetched(pks)
    with_progress(request, titles)
    return titles


def with_progress(request: HttpRequest, courses: list[Publication]) -> None:
    """Set `done_count` on each course: how many of its lessons this person has finished. One query for all."""
    rows = Progress.objects.filter(
        user=request.user.pk, completed_at__isnull=False, lesson__course__in=[each.pk for each in courses]
    )
    done = dict(rows.order_by().values_list("lesson__course").annotate(count=Count("pk")))
    for each in courses:
        each.done_count = done.get(each.pk, 0)  # type: ignore[attr-defined]
