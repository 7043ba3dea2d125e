"""Why this person can or cannot open something: choose it, and read the decision that their click would get."""

import contextlib
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.views.member import may_see_why
from courses import why
from courses.access import Item
from courses.models import File, Lesson, Publication


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    if not may_see_why(request):
        raise PermissionDenied
    person = get_object_or_404(User, pk=pk)
    item = chosen(request.GET.get("item", ""))
    title = why.title_of(item) if item else None
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": _("Why can %(person)s open this, or not?") % {"person": person.get_full_name()},
        "person": person,
        "item": item,
        "named": request.GET.get("item", ""),
        "titles": Publication.objects.only("pk", "kind", "title").order_by("kind", "title"),
        "chosen_title": title,
        "parts": parts_of(title) if title else [],
        "chain": why.chain(person, item, now=timezone.now()) if item else None,
        "may_give": request.user.has_perm("billing.add_grant"),
        "opts": User._meta,
    }
    return render(request, "admin/accounts/why.html", context)


def chosen(name: str) -> Item | None:
    """Return the item that "title:1", "lesson:2" or "file:<uuid>" means, or None."""
    kind, _colon, key = name.partition(":")
    with contextlib.suppress(ValueError):
        if kind == "file":
            return File.objects.select_related("publication", "lesson").filter(pk=UUID(key)).first()
        if kind == "lesson":
            return Lesson.objects.select_related("course").filter(pk=number(key)).first()
        if kind == "title":
            return Publication.objects.filter(pk=number(key)).first()
    return None


def number(text: str) -> int:
    """Return a key as both databases hold it. Raises ValueError for anything else."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(text)
    return int(text)


def parts_of(title: Publication) -> list[tuple[str, str]]:
    """Return what of a title can be asked about, as (name, words): the whole, its lessons, its files."""
    lessons = Lesson.objects.filter(course=title.pk).only("pk", "title", "preview")
    files = File.objects.filter(publication=title.pk).select_related("lesson")
    return [
        (f"title:{title.pk}", _("The whole title")),
        *((f"lesson:{one.pk}", _("Lesson: %(name)s") % {"name": one.title}) for one in lessons),
        *((f"file:{one.pk}", words_of(one)) for one in files),
    ]


def words_of(file: File) -> str:
    named = _("File: %(name)s") % {"name": file.name}
    return f"{named} · {file.lesson.title}" if file.lesson else named
