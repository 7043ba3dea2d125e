"""Which mail a person wants: chosen on their account page, and ended by one click from any such mail, signed in or not."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import news
from accounts.models import User

logger = logging.getLogger(__name__)


@require_POST
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("wants_news") == "1"
    User.objects.filter(pk=request.user.pk).update(wants_news=wanted)
    messages.success(
        request, _("You will hear of new titles.") if wanted else _("You will get no more mail about new titles.")
    )
    return redirect("accounts:home")


@csrf_exempt  # A mail program posts this for its reader, without a cookie (RFC 8058); the token alone says for whom.
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button on GET, for mail scanners follow links; end the mail on POST."""
    reader = news.reader_of(token)
    if reader is None:
        raise Http404
    if request.method == "POST":
        User.objects.filter(pk=reader.pk).update(wants_news=False)
        logger.info("news ended person=%d", reader.pk)
    wanted = reader.wants_news and request.method != "POST"
    return render(request, "accounts/stop_news.html", {"wanted": wanted})
