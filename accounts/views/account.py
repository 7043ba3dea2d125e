"""A person's own page: their name, how they sign in, what they pay for, what they downloaded, and the way out."""

import logging

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import personal
from accounts.forms import NameForm
from billing.statement import statement
from courses.models import Download

logger = logging.getLogger(__name__)
RECENT = 10


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def home(request: HttpRequest) -> HttpResponse:
    form = NameForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name is saved."))
        return redirect("accounts:home")
    recent = Download.objects.filter(user=request.user, purpose=Download.Purpose.DOWNLOAD)
    downloads = recent.select_related("version__file__publication")[:RECENT]
    context = {"form": form, "downloads": downloads, "money": statement(request.user.pk, now=timezone.now())}
    return render(request, "accounts/home.html", context)


@require_safe
@login_required
def export(request: HttpRequest) -> HttpResponse:
    """Everything we keep about the person, as a file of JSON."""
    data = personal.export(request.user, now=timezone.now())
    response = JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="lectern-account.json"'
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
