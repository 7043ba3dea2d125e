"""The click on Download, and the player's and reader's request for a URL: decide now, sign now, keep nothing but the Download row."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found

from courses import access, budgets, closed, fetching, offers, parcels, resuming, serving, storage
from courses.access import Verdict
from courses.models import Download, File, FileVersion, Publication
from courses.sources import source_of

logger = logging.getLogger(__name__)


# Names the version to hand over, of a file's newest one and the moment, or answers in its place.
Choice = Callable[[FileVersion, datetime], FileVersion | HttpResponse]


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse: ...


def unkept(view: View) -> View:
    """Forbid anybody to keep, index or pass on what this view answers, refusals included."""

    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404 as error:
            response = page_not_found(request, error)
        except storage.StorageError as error:
            # Signing asks nobody; only temporary keys that nobody renews can be missing, and a dead link would help no one.
            logger.error("nothing can be signed: %s", error.code)
            response = render(request, "503.html", status=503)
            response["Retry-After"] = "30"
        response["Cache-Control"] = "no-store, private"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return wrapped


@unkept
@require_safe
def download(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Answer with the file, or with the page that stays while it comes where somebody clicked in a browser."""

    def choose(newest: FileVersion, now: datetime) -> FileVersion | HttpResponse:
        if request.method == "GET" and fetching.is_own_click(request.headers):
            return started(request, newest)
        return resuming.meant(request.user, newest, request.headers, now=now) or replaced(request, newest)

    return delivered(request, file_id, choose)


@unkept
@require_safe
def pinned(request: HttpRequest, file_id: UUID, version_id: int) -> HttpResponse:
    """Answer with one version of a file, so that whoever goes on later is given the rest of the same bytes."""
    return delivered(request, file_id, pinning(request, version_id))


def pinning(request: HttpRequest, version_id: int) -> Choice:
    def choose(newest: FileVersion, now: datetime) -> FileVersion | HttpResponse:
        try:
            version = resuming.pinned(request.user, newest, version_id, request.headers, now=now)
        except KeyError:
            raise Http404 from None
        return version or replaced(request, newest)

    return choose


def delivered(request: HttpRequest, file_id: UUID, choose: Choice) -> HttpResponse:
    """Answer with a redirect to a URL minted for this request, or with what stands in the way; HEAD mints and counts nothing.

    Whether the person may is decided first; then `choose` names the version, or the answer to give in its place.
    """
    if fetching.is_not_a_click(request.headers):
        return HttpResponse(_("Open this link yourself to download the file."), status=403, content_type="text/plain")
    now = timezone.now()
    newest = serving_version(file_id)
    verdict = access.decision(request.user, newest.file, now=now).verdict
    if verdict is Verdict.NOT_FOUND:
        raise Http404
    if verdict is Verdict.SIGN_IN:
        return redirect_to_login(request.get_full_path())
    if verdict is Verdict.OFFER:
        return offers.offer(request, Publication.objects.get(pk=newest.file.publication_id))
    version = choose(newest, now)
    if isinstance(version, HttpResponse):
        return version
    if request.method == "HEAD":
        return described(version)
    if fetching.has_it_whole(request.headers, version.size):
        # Without a Content-Range, for with one `curl --fail` takes it for a failure instead of "you have it all".
        return HttpResponse(status=416)
    try:
        signed = minted(request, version, Download.Purpose.DOWNLOAD, now=now)
    except budgets.Spent as spent:
        return too_many(request, spent)
    return HttpResponseRedirect(signed.url)


@unkept
@require_safe
def play(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Answer our own player or reader with {"url", "expires_at"}; a refusal is {"error", "next"} with 401, 403, 404 or 429."""
    if fetching.is_not_a_click(request.headers):
        return refusal(403, _("Open the page yourself to play this."))
    now = timezone.now()
    version = serving_version(file_id)
    verdict = access.decision(request.user, version.file, now=now).verdict
    if verdict is Verdict.NOT_FOUND:
        raise Http404
    if verdict is Verdict.SIGN_IN:
        return refusal(401, _("Sign in to go on."), reverse("account_login"))
    if verdict is Verdict.OFFER:
        words = closed.why(request.user.pk, version.file.publication, now=now)
        return refusal(403, words, version.file.publication.get_absolute_url())
    if request.method == "HEAD":
        return HttpResponse(content_type="application/json")
    try:
        signed = minted(request, version, Download.Purpose.PLAY, now=now)
    except budgets.Spent as spent:
        return refusal(429, words_of(spent), headers={"Retry-After": str(spent.seconds)})
    return JsonResponse({"url": signed.url, "expires_at": signed.expires_at.isoformat()})


def serving_version(file_id: UUID) -> FileVersion:
    """Return the newest READY version of a file, with its file, title and lesson, or raise Http404."""
    version = serving.newest_ready(file_id)
    if version is None:
        raise Http404
    return version


def minted(
    request: HttpRequest, version: FileVersion, purpose: Download.Purpose, *, now: datetime
) -> storage.SignedURL:
    """Mint a URL for whoever asks, within their budgets. Raises budgets.Spent."""
    return serving.mint(request.user, version, purpose, now=now, source=source_of(request), limited=True)


def described(version: FileVersion) -> HttpResponse:
    """Answer HEAD as the bucket would answer the GET, so that a download manager learns name, type and size without a mint."""
    name = storage.download_name(version.file.name, version.content_type)
    headers = {
        "Content-Disposition": storage.content_disposition(name),
        "Content-Length": str(version.size),
        "Accept-Ranges": "bytes",
    }
    return HttpResponse(content_type=version.content_type, headers=headers)


def started(request: HttpRequest, newest: FileVersion) -> HttpResponse:
    """Answer with the page that stays: it fetches the file by itself, and says how to try again and how to check what came.

    An object that the bucket will not give is noticed here, so that nobody is led on to the bucket's own words for it.
    """
    version = serving.ready_versions(newest.file)[newest.pk]
    publication = Publication.objects.get(pk=newest.file.publication_id)
    context: dict[str, Any] = {"file": newest.file, "version": version, "publication": publication}
    name = storage.download_name(version.file.name, version.content_type)
    context |= {"name": name, "commands": parcels.check_commands(name), "back": publication.get_absolute_url()}
    if request.user.is_authenticated and version.file.role != File.Role.SAMPLE:
        context["parcel"] = reverse("courses:parcel", args=[publication.kind, publication.slug])
    try:
        storage.look(version.key)
    except storage.StorageError as error:
        if error.code in storage.HIDDEN:
            logger.error("object refused version=%s code=%s", version.pk, error.code)
            return render(request, "courses/unreachable.html", context, status=503)
        logger.warning("object not looked at version=%s code=%s", version.pk, error.code)
    return render(request, "courses/started.html", context)


def replaced(request: HttpRequest, newest: FileVersion) -> HttpResponse:
    """Refuse a part that would be put to other bytes than it belongs to. Not 416, which clients take for "you have it all"."""
    logger.info("part refused user=%s file=%s", request.user.pk, newest.file_id)
    words = _("This file was replaced since you began. Delete what you have of it, and download it again.")
    return HttpResponse(words, status=409, content_type="text/plain; charset=utf-8")


def too_many(request: HttpRequest, spent: budgets.Spent) -> HttpResponse:
    """Say how many, until when, and whom to ask. What was taken today can be taken again all the same."""
    context = {"words": words_of(spent), "spent": spent, "seconds": spent.seconds, "support": settings.SUPPORT_EMAIL}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(spent.seconds)
    return response


def words_of(spent: budgets.Spent) -> str:
    if spent.limit == "LINKS_PER_MINUTE":
        return _("That was a lot at once. Wait a minute, then go on where you were.")
    told = {
        "LINKS_PER_DAY": _("You have asked for %(count)s links within a day, which is as many as one person gets."),
        "FILES_PER_TEN_MINUTES": _(
            "You have opened %(count)s files within ten minutes, which is as many as one person gets."
        ),
        "FILES_PER_DAY": _(
            "You have opened %(count)s different files within a day, which is as many as one person gets."
        ),
        "TITLES_PER_DAY": _(
            "You have opened %(count)s different titles within a day, which is as many as one person gets."
        ),
    }
    when = date_format(timezone.localtime(spent.resets_at), "j F, H:i")
    again = _("The next one is yours from %(when)s on.") % {
        "when": f"{when} {timezone.localtime(spent.resets_at).tzname()}"
    }
    return f"{told[spent.limit] % {'count': spent.allowed}} {again}"


def refusal(status: int, error: str, next_url: str = "", headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"error": error, "next": next_url}, status=status, headers=headers)
