"""Titles as lists show them: with their lengths, and marked with what is open to the person who looks."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from courses import access
from courses.access import Person
from courses.models import Lesson, Publication
from courses.models.publications import PublicationQuerySet

PAGE_SIZE = 24


def personal(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer GET and HEAD alone, and keep the page out of shared caches: its header and its marks are this person's."""
    return cache_control(private=True)(require_safe(view))


def published(*, now: datetime) -> "QuerySet[Publication]":
    """Return published titles, dressed for a shelf."""
    return dressed(Publication.objects.published(at=now))


def reachable(*, now: datetime) -> "QuerySet[Publication]":
    """Return published and archived titles, dressed for a shelf: a library holds both."""
    return dressed(Publication.objects.reachable(at=now))


def dressed(titles: "PublicationQuerySet") -> "QuerySet[Publication]":
    """Return titles, each with `lesson_count` and `total_seconds` (empty for an ebook) and its products at hand."""
    lessons = Lesson.objects.filter(course=OuterRef("pk")).order_by().values("course")
    return (
        titles.with_products()
        .defer("description")
        .annotate(
            lesson_count=Subquery(lessons.annotate(count=Count("pk")).values("count")),
            total_seconds=Subquery(lessons.annotate(total=Sum("seconds")).values("total")),
        )
    )


def marked(person: Person, titles: Iterable[Publication], *, now: datetime) -> list[Publication]:
    """Set `mine` on each title: whether its content is open to this person. One query for all of them."""
    listed = list(titles)
    mine = access.openable(person, listed, now=now)
    for title in listed:
        title.mine = title.pk in mine  # type: ignore[attr-defined]
    return listed


def page_of(request: HttpRequest, titles: "QuerySet[Publication]", *, now: datetime) -> "Page[Publication]":
    page = Paginator(titles, PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = marked(request.user, page.object_list, now=now)
    return page
