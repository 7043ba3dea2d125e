"""Two pages about links: whose is this one, and what is out just now; and the button that sends somebody the way to a fresh one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config import audit
from courses import access, exposure, fetched, tasks, tracing
from courses.models import Download, Fetch, File

RIGHT = "courses.view_download"
MONTH = timedelta(days=30)


def allowed(request: HttpRequest) -> None:
    """Links are about people, so both rights are needed. Raises PermissionDenied."""
    if not request.user.has_perms([RIGHT, "accounts.view_user"]):
        raise PermissionDenied


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def trace(request: HttpRequest) -> HttpResponse:
    """Answer what was pasted. It comes by POST and is not shown again, so that no signature stands in a log, a history or a page."""
    allowed(request)
    text, now = request.POST.get("text", ""), timezone.now()
    finding = tracing.trace(text, now=now) if text.strip() else None
    if finding and finding.download:
        audit.record("link.traced", request=request, target=finding.download, person=finding.person)
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": _("Whose link is this?"),
        "finding": finding,
        "asked": request.method == "POST",
        "may_send": bool(finding and finding.download and finding.person and finding.person.is_active),
        "may_rekey": request.user.has_perm("courses.change_file"),
        "opts": Download._meta,
    }
    return render(request, "admin/courses/trace.html", context)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Show every link that still works, and what was really fetched in 30 days."""
    allowed(request)
    now = timezone.now()
    volume = fetched.volume_by_person(since=now - MONTH)
    people = get_user_model()._default_manager.in_bulk([row[0] for row in volume])
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": _("Links that work now"),
        "now": now,
        "out": exposure.exposure(now=now),
        "by_title": fetched.volume_by_title(since=now - MONTH),
        "by_person": [(people[pk], sent, count) for pk, sent, count in volume if pk in people],
        "log_read": Fetch.objects.order_by("-at").first(),
        "may_rekey": request.user.has_perm("courses.change_file"),
        "opts": Download._meta,
    }
    return render(request, "admin/courses/live.html", context)


@require_POST
def send(request: HttpRequest, object_id: UUID) -> HttpResponse:
    """Mail the person whose link it was the address that mints a fresh one, when they are let in now."""
    allowed(request)
    row = get_object_or_404(Download.objects.select_related("user"), pk=object_id)
    file = get_object_or_404(File.objects.select_related("publication", "lesson"), versions=row.version_id)
    if row.user is None or not access.decision(row.user, file, now=timezone.now()).allowed:
        messages.error(
            request,
            _("Not sent: this person would not be let in now. “Why can they open this?” on their page says more."),
        )
        return redirect("admin:courses_download_trace")
    with transaction.atomic():
        tasks.send_fresh_link.enqueue(row.user.pk, str(file.pk))
        audit.record("link.sent", request=request, target=file, person=row.user)
    messages.success(
        request, _("A mail is on its way. Its address asks them to sign in and mints a fresh link; it never runs out.")
    )
    return redirect("admin:courses_download_trace")
