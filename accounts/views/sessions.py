"""Signing one other browser out."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of this person's sessions; the one they are in is ended by signing out."""
    found = get_object_or_404(UserSession.objects.filter(user=request.user.pk), pk=pk)
    if not found.is_current():
        found.end()
        messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")
