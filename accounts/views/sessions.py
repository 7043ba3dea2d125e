"""Where somebody is signed in, and signing out there. Their lists for download managers go too: whoever has one downloads in their name."""

import logging
from typing import Any

from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from courses.models import DownloadList

logger = logging.getLogger(__name__)


class Sessions(ListUserSessionsView):
    """Show every browser and every list that still works; on POST end all but this browser."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lists = DownloadList.objects.filter(user=self.request.user.pk, expires_at__gt=timezone.now())
        found = super().get_context_data(**kwargs) | {"lists": lists.select_related("publication")}
        return found | {"others": found["session_count"] > 1 or bool(found["lists"])}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        with transaction.atomic():
            end_lists(self.request)
            return super().form_valid(form)


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of this person's sessions; the one they are in is ended by signing out.

    It is not kept which browser made a list, so all lists end: a new one is made in a moment, and a lost browser keeps none.
    """
    found = get_object_or_404(UserSession.objects.filter(user=request.user.pk), pk=pk)
    if not found.is_current():
        with transaction.atomic():
            end_lists(request)
            found.end()
        messages.success(request, _("That browser is signed out, and your lists for download managers have ended."))
    return redirect("usersessions_list")


def end_lists(request: HttpRequest) -> None:
    count, _rows = DownloadList.objects.filter(user=request.user.pk).delete()
    logger.info("lists ended user=%s count=%s", request.user.pk, count)
