"""Search over titles, their summaries and people, and lessons. What is locked is found as well, and marked."""

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from courses import access
from courses.models import Lesson, Publication
from courses.views import shelf

LONGEST, MOST_WORDS, LESSONS_SHOWN = 100, 6, 20
FIELDS = ("title", "subtitle", "author", "summary", "topics__name")


@shelf.personal
def search(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    query = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST]
    words = query.split()[:MOST_WORDS]
    if not words:
        return render(request, "courses/search.html", {"query": "", "words": []})
    found = Publication.objects.published(at=now).filter(all_of(words, FIELDS)).values("pk")
    titles = (
        shelf.published(now=now)
        .filter(pk__in=found)
        .annotate(rank=rank(words))
        .order_by("-rank", "-published_at", "pk")
    )
    page = Paginator(titles, shelf.PAGE_SIZE).get_page(request.GET.get("page"))
    lessons = lessons_found(words, now=now) if page.number == 1 else []
    # One question about access serves both lists.
    shown = list(page.object_list)
    everything = {title.pk: title for title in [*(each.course for each in lessons), *shown]}
    mine = access.openable(request.user, everything.values(), now=now)
    for title in shown:
        title.mine = title.pk in mine  # type: ignore[attr-defined]
    for each in lessons:
        each.is_open = each.course_id in mine or access.decision(None, each, now=now).allowed  # type: ignore[attr-defined]
    page.object_list = shown
    return render(request, "courses/search.html", {"query": query, "words": words, "page": page, "lessons": lessons})


def all_of(words: list[str], fields: tuple[str, ...]) -> Q:
    """Every word stands in one of the fields."""
    condition = Q()
    for word in words:
        condition &= any_of(word, fields)
    return condition


def any_of(word: str, fields: tuple[str, ...]) -> Q:
    # SQLite folds the case of ASCII alone, so other letters are asked for in the ways that people write them.
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    condition = Q()
    for field in fields:
        for spelling in spellings:
            condition |= Q(**{f"{field}__icontains": spelling})
    return condition


def rank(words: list[str]) -> Case:
    """Order hits: a title that begins so, then one that holds all words, then one that holds some, then the rest."""
    some = Q()
    for word in words:
        some |= any_of(word, ("title",))
    return Case(
        When(title__istartswith=" ".join(words), then=Value(4)),
        When(all_of(words, ("title",)), then=Value(3)),
        When(some, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )


def lessons_found(words: list[str], *, now: object) -> list[Lesson]:
    """Return the first lessons whose titles hold every word. Their text is not searched, for a hit would tell what stands in it."""
    visible = Publication.objects.published(at=now).filter(kind=Publication.Kind.COURSE)  # type: ignore[arg-type]
    lessons = Lesson.objects.filter(all_of(words, ("title",)), course__in=visible.values("pk")).defer(
        "body", "course__description"
    )
    ordered = (
        lessons.select_related("course")
        .prefetch_related("course__products")
        .order_by("course__title", "position", "pk")
    )
    return list(ordered[:LESSONS_SHOWN])
