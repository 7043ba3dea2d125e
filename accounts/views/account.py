"""A person's own page: their name, how they sign in, what they pay for, what they downloaded, and the way out."""

import logging

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import personal, takeout
from accounts.forms import NameForm
from billing.statement import statement
from courses.models import Download

logger = logging.getLogger(__name__)
RECENT, PAGE_SIZE = 10, 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def home(request: HttpRequest) -> HttpResponse:
    form = NameForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name is saved."))
        return redirect("accounts:home")
    recent = list(downloads_of(request)[: RECENT + 1])
    context = {
        "form": form,
        "downloads": recent[:RECENT],
        "more": len(recent) > RECENT,
        "money": statement(request.user.pk, now=timezone.now()),
    }
    return render(request, "accounts/home.html", context)


@require_safe
@login_required
def downloads(request: HttpRequest) -> HttpResponse:
    """Everything the person downloaded, the latest first."""
    page = Paginator(downloads_of(request), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "accounts/downloads.html", {"page": page})


def downloads_of(request: HttpRequest) -> "QuerySet[Download]":
    mine = Download.objects.filter(user=request.user.pk, purpose=Download.Purpose.DOWNLOAD)
    return mine.select_related("version__file__publication")


@require_safe
@login_required
def export(request: HttpRequest) -> HttpResponse:
    """Everything we keep about the person, as a ZIP of a file of JSON and one that explains it."""
    response = HttpResponse(takeout.packed(request.user, now=timezone.now()), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{takeout.NAME}.zip"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, and delete on POST; while a plan is running, say why not and offer the portal."""
    person = request.user
    try:
        if request.method != "POST":
            personal.check_deletable(person)
            return render(request, "accounts/delete.html")
        number = person.pk
        personal.delete(person)
    except personal.CannotDeleteError as refusal:
        return render(
            request, "accounts/delete.html", {"refusal": refusal}, status=409 if request.method == "POST" else 200
        )
    logger.info("person %d deleted their account", number)
    logout(request)
    messages.success(request, _("Your account is deleted. Goodbye, and thank you for having been here."))
    return redirect("courses:home")
