"""The front page and the lists: what there is, by kind, topic, level, length and format."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from courses import offers
from courses.models import Publication, Topic
from courses.views import resume, shelf, sieve


@shelf.personal
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    newest = Publication.objects.published(at=now).order_by("-published_at", "pk").values_list("pk", flat=True)
    pks = [*newest.filter(kind="course")[:3], *newest.filter(kind="ebook")[:6]]
    titles = shelf.marked(request.user, shelf.fetched(pks), now=now)
    shelf.priced(request, titles)
    published = Publication.objects.published(at=now).order_by()
    counts = dict(published.values_list("kind").annotate(count=Count("pk")))
    context = {
        "titles": titles,
        "courses": [title for title in titles if title.kind == "course"],
        "ebooks": [title for title in titles if title.kind == "ebook"],
        "topics": shelf.topics(now=now),
        "price": offers.cheapest_plan(request),
        "points": resume.points(request.user, now=now, limit=2),
        "opens_more": any(title.mine and title.access != Publication.Access.FREE for title in titles),  # type: ignore[attr-defined]
        "course_count": counts.get(Publication.Kind.COURSE, 0),
        "ebook_count": counts.get(Publication.Kind.EBOOK, 0),
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
    topics = shelf.topics(now=now, kind=kind)
    chosen = sieve.chosen(request.GET, kind, topics)
    titles = sieve.sifted(Publication.objects.published(at=now).filter(kind=kind), kind, chosen)
    context = {
        "kind": kind.value,
        "page": shelf.page_of(request, titles, now=now),
        "choices": sieve.choices(kind, topics, chosen),
        "chips": sieve.chips(request.GET, kind, topics, chosen),
        "chosen": chosen,
    }
    return render(request, "courses/catalogue.html", context)


@shelf.personal
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(Topic, slug=slug)
    titles = Publication.objects.published(at=now).filter(topics=found).order_by("kind", "-published_at", "pk")
    context = {"topic": found, "page": shelf.page_of(request, titles, now=now)}
    return render(request, "courses/topic.html", context)
