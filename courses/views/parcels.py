"""All files of a title at once: the page, the sums, the lists for download managers, and the addresses that stand in such a list."""

import logging
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import date as formatted
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from courses import access, offers, parcels, storage
from courses.access import Verdict
from courses.models import DownloadList, FileVersion, Publication
from courses.parcels import SUMS, Item
from courses.views.downloads import Choice, View, delivered, pinning, unkept
from courses.views.shelf import personal
from courses.views.titles import mark_updated

logger = logging.getLogger(__name__)
KINDS = {"curl": (parcels.curl_list, "curl --config"), "aria2": (parcels.aria2_list, "aria2c --input-file")}


def unlogged(view: View) -> View:
    """Keep Django from writing the address of a refusal into its log: it holds a key. What matters is logged by id where it happens."""

    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code >= 400:
            logger.info("list refused user=%s status=%s", request.user.pk, response.status_code)
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - django.utils.log asks for it
        return response

    return wrapped


@personal
def parcel(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Show every file of a title with its size and sum, to whoever the title is open to."""
    now = timezone.now()
    title = opened(request, kind, slug, now=now)
    if isinstance(title, HttpResponse):
        return title
    items = parcels.items(title)
    for item in items:
        item.file.serves = item.version  # type: ignore[attr-defined]
    mark_updated(request.user, [item.file for item in items])
    context = {
        "publication": title,
        "items": items,
        "total": sum(item.version.size for item in items),
        "folder": parcels.folder_of(title),
        "sums": reverse("courses:sums", args=[kind, slug]),
        "lists": request.user.download_lists.filter(publication=title, expires_at__gt=now),  # type: ignore[union-attr]
    }
    return render(request, "courses/parcel.html", context)


@personal
def sums(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    title = opened(request, kind, slug, now=timezone.now())
    return title if isinstance(title, HttpResponse) else as_file(parcels.sums(parcels.items(title)), SUMS)


@unkept
@require_POST
@login_required
def make_list(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Make a list for a download manager, with a key of its own, and hand it over as a file; it is shown nowhere and kept nowhere."""
    now = timezone.now()
    title = opened(request, kind, slug, now=now)
    if isinstance(title, HttpResponse):
        return title
    form = request.POST.get("for", "")
    if form not in KINDS:
        raise Http404
    made, key = DownloadList.make(request.user, title, now=now)
    logger.info("list made id=%s user=%s title=%s for=%s", made.pk, request.user.pk, title.pk, form)
    items = parcels.items(title)
    write, command = KINDS[form]
    name = f"{title.slug}.{form}.txt"
    head = list_head(title, items, command=f"{command} {name}", until=made.expires_at)
    address = partial(listed_address, key)
    sums_at = urljoin(settings.SITE_URL, reverse("courses:listed_sums", args=[key]))
    text = write(items, parcels.folder_of(title), sums_at=sums_at, address=address, head=head)
    return as_file(text, name)


@require_POST
@login_required
def end_list(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own lists at once; what is being transferred goes on, and nothing new begins."""
    found = get_object_or_404(DownloadList.objects.select_related("publication"), pk=pk, user=request.user)
    found.delete()
    logger.info("list ended id=%s user=%s", pk, request.user.pk)
    return redirect("courses:parcel", found.publication.kind, found.publication.slug)


@unlogged
@unkept
@require_safe
def listed(request: HttpRequest, key: str, file_id: UUID, version_id: int) -> HttpResponse:
    """Answer a download manager as the list's person would be answered, in plain words where it is refused.

    Whoever has the key is that person for the files of one title and for nothing else. A budget that is used up is 503 here: unlike
    429, every download manager knows that one and waits.
    """
    found = DownloadList.find(key, now=timezone.now())
    if found is None:
        return ended()
    request.user = found.user
    try:
        response = delivered(request, file_id, of_title(found, pinning(request, version_id)))
    except Http404:
        return plain(404, _("There is no such file in this list any more."))
    if response.status_code == 403:
        return plain(403, _("Your membership does not open this, or has ended."))
    if response.status_code == 429:
        answer = plain(503, _("Too many at once. Try again in a minute."))
        answer["Retry-After"] = response["Retry-After"]
        return answer
    return response


@unlogged
@unkept
@require_safe
def listed_sums(request: HttpRequest, key: str) -> HttpResponse:
    now = timezone.now()
    found = DownloadList.find(key, now=now)
    if found is None:
        return ended()
    if not access.decision(found.user, found.publication, now=now).allowed:
        return plain(403, _("Your membership does not open this, or has ended."))
    return as_file(parcels.sums(parcels.items(found.publication)), SUMS)


@unlogged
@unkept
def no_list(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer for an address that is no list's, yet may hold a key: a list that was cut off or copied by hand."""
    return plain(404, _("There is no such file in this list any more."))


def of_title(found: DownloadList, choose: Choice) -> Choice:
    """Choose as `choose` does, of files that belong to the list's title."""

    def chosen(newest: FileVersion, now: datetime) -> FileVersion | HttpResponse:
        if newest.file.publication_id != found.publication_id:
            raise Http404
        return choose(newest, now)

    return chosen


def opened(request: HttpRequest, kind: str, slug: str, *, now: datetime) -> Publication | HttpResponse:
    """Return the title whose content is open to this person, or what they are answered instead. Raises Http404."""
    if kind not in Publication.Kind.values:
        raise Http404
    title = get_object_or_404(Publication.objects.reachable(at=now), kind=kind, slug=slug)
    verdict = access.decision(request.user, title, now=now).verdict
    if verdict is Verdict.NOT_FOUND:
        raise Http404
    if verdict is Verdict.SIGN_IN:
        return redirect_to_login(reverse("courses:parcel", args=[kind, slug]))
    return offers.offer(request, title) if verdict is Verdict.OFFER else title


def listed_address(key: str, item: Item) -> str:
    return urljoin(settings.SITE_URL, reverse("courses:listed", args=[key, item.file.pk, item.version.pk]))


def list_head(title: Publication, items: list[Item], *, command: str, until: datetime) -> list[str]:
    """Return what stands above a list, line by line: what it is, how to use it, and that it is one person's own."""
    size = filesizeformat(sum(item.version.size for item in items)).replace("\xa0", " ")
    count = ngettext("%(count)d file", "%(count)d files", len(items)) % {"count": len(items)}
    name = " ".join(title.title.split())
    when = formatted(timezone.localtime(until), "DATETIME_FORMAT")
    return [
        f"{name}: {count}, {size}",
        _("Run:  %(command)s") % {"command": command},
        _("Run it again to go on where it stopped. Then, in the new folder:  sha256sum -c SHA256SUMS"),
        _("It works until %(when)s (%(zone)s), and only for what you may open.")
        % {"when": when, "zone": timezone.get_current_timezone_name()},
        _("It is yours alone: whoever has it downloads in your name. You can end it on the page it came from."),
    ]


def as_file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = storage.content_disposition(name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def ended() -> HttpResponse:
    return plain(410, _("This list has ended. Make a new one on the page it came from."))


def plain(status: int, words: str) -> HttpResponse:
    return HttpResponse(words + "\n", status=status, content_type="text/plain; charset=utf-8")
