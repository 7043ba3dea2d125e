"""Reading a PDF in the browser: a page of the site around the browser's own viewer, and the click that hands it the file.

The page holds our own address alone. Its frame, or a phone's new tab, asks that address, and is sent on to a URL minted for this one
opening; loading the page again asks again. Nothing here needs JavaScript. docs/watching.md tells why it is a frame.
"""

from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from courses import access, budgets, fetching, offers
from courses.access import Verdict
from courses.models import Download, File, FileVersion, Publication
from courses.views import downloads, titles
from courses.views.downloads import unkept
from courses.views.shelf import personal

PDF = "application/pdf"


@personal
@csp_update({"frame-src": [SELF, settings.S3_BUCKET_ORIGIN]})
def reader(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Show a PDF in its page. No URL is minted here: that is the frame's request, or the button's."""
    version = readable(file_id)
    if refused := in_the_way(request, version):
        return refused
    (file,) = titles.serving(File.objects.filter(pk=version.file_id).select_related("publication", "lesson__course"))
    title = file.publication
    mine = access.decision(request.user, title, now=timezone.now()).allowed
    context = {"file": file, "publication": title, "lesson": file.lesson, "mine": mine}
    return render(request, "courses/reader.html", context)


@unkept
@require_safe
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})
def opened(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Answer the reader's frame, or a click on “Open”, with a redirect to a URL under which the browser shows the PDF itself."""
    framed = fetching.is_our_frame(request.headers) and not fetching.is_speculative(request.headers)
    if fetching.is_not_a_click(request.headers) and not framed:
        return HttpResponse(_("Open this link yourself to read the file."), status=403, content_type="text/plain")
    now = timezone.now()
    version = readable(file_id)
    if refused := in_the_way(request, version):
        return refused
    if request.method == "HEAD":
        return downloads.described(version)
    try:
        signed = downloads.minted(request, version, Download.Purpose.PLAY, now=now)
    except budgets.Spent as spent:
        return downloads.too_many(request, spent)
    return HttpResponseRedirect(signed.url)


def readable(file_id: UUID) -> FileVersion:
    """Return the version of a PDF that serves, or raise Http404: nothing else can be read in a browser as it is."""
    version = downloads.serving_version(file_id)
    if version.content_type != PDF:
        raise Http404
    return version


def in_the_way(request: HttpRequest, version: FileVersion) -> HttpResponse | None:
    """Return what this person is answered instead of the file, or None where it is open to them. Raises Http404."""
    verdict = access.decision(request.user, version.file, now=timezone.now()).verdict
    if verdict is Verdict.NOT_FOUND:
        raise Http404
    if verdict is Verdict.SIGN_IN:
        return redirect_to_login(request.get_full_path())
    if verdict is Verdict.OFFER:
        return offers.offer(request, Publication.objects.get(pk=version.file.publication_id))
    return None
