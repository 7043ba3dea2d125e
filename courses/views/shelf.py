"""Titles as lists show them: with their lengths, and marked with what is open to the person who looks."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from courses import access, offers
from courses.access import Person
from courses.models import Lesson, Publication, Topic
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


def topics(*, now: datetime, kind: str | None = None) -> list[Topic]:
    """Return the topics that have something published, of this kind if one is given."""
    titles = Publication.objects.published(at=now)
    titles = titles.filter(kind=kind) if kind else titles
    return list(Topic.objects.filter(Exists(titles.filter(topics=OuterRef("pk")))))


def marked(person: Person, titles: Iterable[Publication], *, now: datetime) -> list[Publication]:
    """Set `mine` on each title: whether its content is open to this person. One query for all of them."""
    listed = list(titles)
    mine = access.openable(person, listed, now=now)
    for title in listed:
        title.mine = title.pk in mine  # type: ignore[attr-defined]
    return listed


def priced(request: HttpRequest, titles: Iterable[Publication]) -> None:
    """Set `way` on each title that is locked to this person: the lowest price of what opens it, or None. One query for all of them."""
    locked = [title for title in titles if not title.mine and title.access != Publication.Access.FREE]  # type: ignore[attr-defined]
    ways = offers.ways_to_open(request, locked)
    for title in locked:
        title.way = ways.get(title.pk)  # type: ignore[attr-defined]


def page_of(request: HttpRequest, titles: "QuerySet[Publication]", *, now: datetime) -> "Page[Publication]":
    """Return the page of these titles that the address asks for, marked and priced; only what is on it is dressed."""
    page: Page[Any] = Paginator(titles.values_list("pk", flat=True), PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = marked(request.user, fetched(list(page.object_list)), now=now)
    priced(request, page.object_list)
    return page


def fetched(pks: list[int]) -> list[Publication]:
    """Return the titles with these pks, in their order, dressed."""
    found = {title.pk: title for title in dressed(Publication.objects.filter(pk__in=pks))} if pks else {}
    return [found[pk] for pk in pks if pk in found]
