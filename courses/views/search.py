"""Search over titles, their summaries, people and topics, and lessons. What is locked is found as well, and marked."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from courses import access, finding
from courses.views import shelf


@shelf.personal
def search(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    query = " ".join(request.GET.get("q", "").replace("\0", " ").split())[: finding.LONGEST]
    words = finding.words_of(query)
    if not words:
        return render(request, "courses/search.html", {"query": "", "words": []})
    found = finding.find(words, now=now)
    page: Page[Any] = Paginator(found.titles, shelf.PAGE_SIZE).get_page(request.GET.get("page"))
    lessons = found.lessons if page.number == 1 else []
    # One question about access, and one about prices, serve both lists.
    shown = shelf.fetched(list(page.object_list))
    everything = {title.pk: title for title in [*(each.course for each in lessons), *shown]}
    mine = access.openable(request.user, everything.values(), now=now)
    for title in [*(each.course for each in lessons), *shown]:
        title.mine = title.pk in mine  # type: ignore[attr-defined]
    for each in lessons:
        each.is_open = each.course_id in mine or access.decision(None, each, now=now).allowed  # type: ignore[attr-defined]
    shelf.priced(request, [*(each.course for each in lessons), *shown])
    page.object_list = shown
    context = {"query": query, "words": found.words, "instead": found.instead, "page": page, "lessons": lessons}
    return render(request, "courses/search.html", context)
