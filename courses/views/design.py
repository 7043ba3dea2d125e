"""A page of examples: every component of the design language, side by side. The demo shows it; elsewhere it is not there."""

from types import SimpleNamespace

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from courses.models import Lesson, Progress, Publication
from courses.views import shelf

TOKENS = {
    "grounds": ("paper", "sheet", "wash", "line", "edge"),
    "text": ("ink", "quiet", "accent", "accent-deep"),
    "notices": ("good", "good-wash", "warn", "warn-wash", "bad", "bad-wash", "mark"),
}


@shelf.personal
def design(request: HttpRequest) -> HttpResponse:
    if not settings.DESIGN_PAGE:
        raise Http404
    now = timezone.now()
    newest = Publication.objects.published(at=now).order_by("-published_at", "pk").values_list("pk", flat=True)
    pks = [*newest.filter(kind="course")[:3], *newest.filter(kind="ebook")[:5]]
    titles = shelf.marked(request.user, shelf.fetched(pks), now=now)
    shelf.priced(request, titles)
    lesson = Lesson.objects.filter(course__in=pks).select_related("course").first()
    context = {
        "tokens": TOKENS,
        "courses": [title for title in titles if title.kind == "course"],
        "ebooks": [title for title in titles if title.kind == "ebook"],
        "drawn": [SimpleNamespace(kind="ebook", slug=word, title=word.capitalize(), author="Ada") for word in drawn()],
        "point": Progress(lesson=lesson, position=lesson.seconds / 3) if lesson else None,
        "levels": [(name, messages.DEFAULT_TAGS[level]) for level, name in LEVELS],
    }
    return render(request, "courses/design.html", context)


LEVELS = (
    (messages.INFO, "Something to know."),
    (messages.SUCCESS, "It is done."),
    (messages.WARNING, "Look at this before it is too late."),
    (messages.ERROR, "That did not work, and this is what to do."),
)


def drawn() -> list[str]:
    """Return names whose covers stand on grounds of their own."""
    return ["knots", "lichen", "harbour", "sourdough", "margins", "clouds"]
