"""What stands above a title's form, with its buttons: publish, schedule, withdraw, archive, view as, preview link, copy."""

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config import audit, fresh
from courses import looking, publishing
from courses.admin.looking import look_as
from courses.models import PreviewLink, Publication

State = Publication.State
# From which states a button leads where, in the order in which they stand.
WAYS = {
    State.PUBLISHED: (State.DRAFT, State.SCHEDULED, State.WITHDRAWN, State.ARCHIVED),
    State.DRAFT: (State.SCHEDULED, State.WITHDRAWN),
    State.WITHDRAWN: (State.PUBLISHED,),
    State.ARCHIVED: (State.DRAFT, State.SCHEDULED, State.PUBLISHED, State.WITHDRAWN),
}


class Desk(admin.ModelAdmin):
    """The parts of a title's admin that are no form of Django's: the box above it, and the addresses of its buttons."""

    def get_urls(self) -> list[URLPattern]:
        name = self.opts.model_name
        ours = [
            ("<int:pk>/state/", require_POST(partial(change_state, self)), "state"),
            ("<int:pk>/preview-link/", require_POST(partial(change_link, self)), "link"),
            ("<int:pk>/duplicate/", require_POST(partial(copy, self)), "duplicate"),
            ("<int:pk>/as/<slug:who>/", partial(look_as, self), "look"),
            ("<int:pk>/as/<slug:who>/<path:rest>", partial(look_as, self), "look_page"),
        ]
        wrapped = [
            path(address, self.admin_site.admin_view(view), name=f"courses_{name}_{end}") for address, view, end in ours
        ]
        return [*wrapped, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What people have taken something from is archived, not deleted."""
        return super().has_delete_permission(request, obj) and (obj is None or publishing.is_deletable(obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        context["desk"] = self.desk(request, obj) if obj else None
        context["show_save_and_add_another"] = False
        if obj:
            context |= {"title": str(obj), "subtitle": None}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def desk(self, request: HttpRequest, title: Publication) -> dict[str, Any]:
        """Return what the box's template needs."""
        now, names = timezone.now(), f"admin:courses_{self.opts.model_name}"
        link = PreviewLink.objects.filter(pk=title.pk).first()
        is_live = title.is_published(at=now)
        state = State.PUBLISHED if is_live else title.state
        return {
            "standing": publishing.standing(title, now=now),
            "lacking": "" if is_live else publishing.lacking(title),
            "ways": [str(way) for way, sources in WAYS.items() if state in sources],
            "can_schedule": not is_live,
            "can_change": self.has_change_permission(request, title),
            "can_add": self.has_add_permission(request),
            "kept": not publishing.is_deletable(title),
            "zone": timezone.get_current_timezone_name(),
            "views": [
                (
                    str(looking.NAMES[who]),
                    reverse(f"{names}_look_page", args=[title.pk, who, title.get_absolute_url()[1:]]),
                )
                for who in looking.choices(title)
            ],
            "link": link,
            "link_url": urljoin(settings.SITE_URL, reverse("courses:preview", args=[link.token])) if link else "",
            "urls": {end: reverse(f"{names}_{end}", args=[title.pk]) for end in ("state", "link", "duplicate")},
            "address": title.get_absolute_url() if is_live else "",
        }


def title_for(desk: Desk, request: HttpRequest, pk: int) -> Publication:
    title = get_object_or_404(desk.model, pk=pk)
    if not desk.has_change_permission(request, title):
        raise PermissionDenied
    return title


def change_state(desk: Desk, request: HttpRequest, pk: int) -> HttpResponse:
    title = title_for(desk, request, pk)
    wanted = request.POST.get("state", "")
    if wanted == State.ARCHIVED:
        fresh.ask_again(request)
    try:
        words = become(request, title, wanted, at=moment(request.POST.get("published_at", "")))
    except publishing.Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{title}: {words}")
    return back(desk, title)


def become(request: HttpRequest, title: Publication, wanted: str, *, at: datetime | None = None) -> str:
    """Change a title's state and record it; return the sentence that says so. Raises publishing.Refused."""
    if wanted not in State.values:
        raise publishing.Refused(_("There is no such state."))
    before = title.state
    with transaction.atomic():
        words = publishing.change(title, wanted, now=timezone.now(), at=at)
        shown = {"state": title.state, "published_at": title.published_at}
        audit.record(f"title.{wanted}", request=request, target=title, before={"state": before}, after=shown)
    return words


def moment(text: str) -> datetime | None:
    """Read what a browser's field for date and time sends, in the site's time zone."""
    try:
        read = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(read) if read is not None and timezone.is_naive(read) else read


def change_link(desk: Desk, request: HttpRequest, pk: int) -> HttpResponse:
    """Make the preview link of a title, with or without files; or switch it off, for good: the next one is another."""
    title = title_for(desk, request, pk)
    with transaction.atomic():
        if request.POST.get("do") == "off":
            PreviewLink.objects.filter(pk=title.pk).delete()
            audit.record("preview.off", request=request, target=title)
            messages.success(request, _("The preview link is switched off. It opens nothing any more."))
        else:
            with_files = request.POST.get("with_files") == "1"
            PreviewLink.objects.filter(pk=title.pk).delete()
            PreviewLink.objects.create(pk=title.pk, with_files=with_files, created_by_id=request.user.pk)
            audit.record("preview.on", request=request, target=title, after={"with_files": with_files})
            messages.success(
                request, _("The preview link is made. Whoever has it sees this title; switch it off when you like.")
            )
    return back(desk, title)


def copy(desk: Desk, request: HttpRequest, pk: int) -> HttpResponse:
    title = get_object_or_404(desk.model, pk=pk)
    if not (desk.has_add_permission(request) and desk.has_view_permission(request, title)):
        raise PermissionDenied
    with transaction.atomic():
        made = publishing.duplicate(title)
        audit.record("title.duplicated", request=request, target=made, after={"of": title.pk})
    messages.success(request, _("This is the copy: a draft with texts, outline and files of its own."))
    return back(desk, made)


def back(desk: Desk, title: Publication) -> HttpResponse:
    return redirect(reverse(f"admin:courses_{desk.opts.model_name}_change", args=[title.pk]))
