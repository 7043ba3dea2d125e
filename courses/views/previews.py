"""What somebody with a preview link sees: one title as its reader will, published or not, until the link is switched off."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from courses import looking
from courses.access import Reason
from courses.looking import GUEST, Bar, Look, Wanted
from courses.models import PreviewLink


def preview(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """Answer a page or file of the title that the token opens; a token that opens nothing is not found, whatever the reason."""
    link = PreviewLink.find(token)
    if link is None:
        raise Http404
    title = link.publication
    mount = reverse("courses:preview", args=[token]).rstrip("/")
    if not rest:
        return redirect(f"{mount}{title.get_absolute_url()}")
    note = _("Please do not pass the link on.")
    bar = Bar(_("You were given a preview of “%(title)s”.") % {"title": title.title}, note, leave="")
    now = timezone.now()
    seen = Look(title, GUEST, mount, bar, frozenset(looking.TITLE_PAGES))
    if not within(f"/{rest}", title.get_absolute_url()):
        words = _("This link opens “%(title)s”, and nothing else.") % {"title": title.title}
        return looking.stopped(request, seen, words, status=404)
    answer = looking.look(request, f"/{rest}", seen, now=now)
    if not isinstance(answer, Wanted):
        return answer
    if link.with_files or answer.decision.reason is Reason.OPEN_TO_ALL:
        return looking.handed_over(request, answer, now=now)
    words = _("This link opens the pages to read. The files come with the real thing.")
    if answer.plays:
        return JsonResponse({"error": words, "next": ""}, status=403)
    return looking.stopped(request, seen, words, status=403)


def within(path: str, title: str) -> bool:
    """Tell whether a path is the title's own page, one below it, or a file; which title a file belongs to is asked later."""
    return path.startswith((title, "/files/"))
