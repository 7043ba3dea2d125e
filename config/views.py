"""Pages that belong to no app: health, public media, errors."""

import errno
import sys

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.static import serve

from config import audit, health
from config.doctor import public

AGAIN_IN = 30  # seconds


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """200 whenever the process answers; asks nothing else."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def seen(request: HttpRequest) -> JsonResponse:
    """Tell our own `manage.py doctor`, which signs its question, and nobody else, how it arrived here and whether it has our cache."""
    try:
        key = signing.loads(request.GET.get("token", ""), salt=public.SALT, max_age=public.TOKEN_LIVES)
    except signing.BadSignature:
        raise Http404 from None
    hops = [hop for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    found = {"address": audit.address_of(request), "hops": len(hops), "secure": request.is_secure()}
    return JsonResponse(found | {"cache": bool(key and cache.get(key))})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database and the bucket answer, else 503; the body says which does not."""
    database = health.database_answers()
    # What is known of the bucket is kept in the shared cache, which may be the database.
    parts = {"database": database, "bucket": health.bucket_answers() if database else None}
    ok = all(parts.values())
    return JsonResponse({"ok": ok} | parts, status=200 if ok else 503)


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Covers on disk. A changed cover gets a new name, so browsers may keep what they have for good."""
    try:
        response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise Http404 from error  # no cover has a name no disk can hold
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Disposition"] = "inline"
    # A cover is shown by whoever links to a title.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def error_400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def error_403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def error_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def error_500(request: HttpRequest) -> HttpResponse:
    """Say that something broke; or, where it is the database or the cache that does not answer, that it is worth to come again soon.

    What has to count tries stays closed without its cache, and a visitor and Stripe learn from 503 that nothing was done.
    """
    if health.is_away(sys.exception()):
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(AGAIN_IN)
        response["Cache-Control"] = "no-store"
        return response
    return render(request, "500.html", status=500)
