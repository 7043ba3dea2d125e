"""The front page and the lists: what there is, by kind, topic and level."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses import offers
from courses.models import Publication, Topic
from courses.views import resume, shelf

SORTS = {"newest": ("-published_at", "pk"), "title": ("title", "pk")}
SORT_NAMES = [("newest", _("Newest first")), ("title", _("By title"))]


@shelf.personal
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    newest = shelf.published(now=now).order_by("-published_at", "pk")
    titles = [*newest.filter(kind="course")[:3], *newest.filter(kind="ebook")[:6]]
    titles = shelf.marked(request.user, titles, now=now)
    context = {
        "courses": [title for title in titles if title.kind == "course"],
        "ebooks": [title for title in titles if title.kind == "ebook"],
        "topics": Topic.objects.filter(publications__in=Publication.objects.published(at=now)).distinct(),
        "price": offers.cheapest_plan(request),
        "points": resume.points(request.user, now=now, limit=1),
    }
    return render(request, "courses/home.html", context)


@shelf.personal
def courses(request: HttpRequest) -> HttpResponse:
    return catalogue(request, Publication.Kind.COURSE)


@shelf.personal
def ebooks(request: HttpRequest) -> HttpResponse:
    return catalogue(request, Publication.Kind.EBOOK)


def catalogue(request: HttpRequest, kind: Publication.Kind) -> HttpResponse:
    now = timezone.now()
    titles = shelf.published(now=now).filter(kind=kind)
    topics = Topic.objects.filter(publications__in=Publication.objects.published(at=now).filter(kind=kind)).distinct()
    chosen = chosen_filters(request)
    context = {
        "kind": kind.value,
        "page": shelf.page_of(request, filtered(titles, chosen), now=now),
        "topics": topics,
        "levels": Publication.Level.choices,
        "sorts": SORT_NAMES,
        "chosen": chosen,
        "filtering": any(chosen[name] for name in ("topic", "level", "free")),
    }
    return render(request, "courses/catalogue.html", context)


@shelf.personal
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(Topic, slug=slug)
    titles = shelf.published(now=now).filter(topics=found).order_by("kind", "-published_at", "pk")
    context = {"topic": found, "page": shelf.page_of(request, titles, now=now)}
    return render(request, "courses/topic.html", context)


def chosen_filters(request: HttpRequest) -> dict[str, Any]:
    """Read the address's filters; words that mean nothing here are dropped."""
    level, sort = request.GET.get("level", ""), request.GET.get("sort", "")
    return {
        "topic": request.GET.get("topic", "").replace("\0", "")[:100],
        "level": level if level in Publication.Level.values else "",
        "free": request.GET.get("free") == "1",
        "sort": sort if sort in SORTS else "newest",
    }


def filtered(titles: "QuerySet[Publication]", chosen: dict[str, Any]) -> "QuerySet[Publication]":
    conditions = Q()
    if chosen["topic"]:
        conditions &= Q(topics__slug=chosen["topic"])
    if chosen["level"]:
        conditions &= Q(level=chosen["level"])
    if chosen["free"]:
        conditions &= Q(access=Publication.Access.FREE)
    return titles.filter(conditions).order_by(*SORTS[chosen["sort"]])
