"""What holds for every page of the site: its headers, and that there is none but one while it is looked after."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest, MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render

AGAIN_IN = 300  # seconds
GREATEST_ROW = 2**63 - 1
LONGEST_NUMBER = 30  # digits
NUMBER = re.compile(r"[+-]?\d+")
OPEN = ("/healthz/", "/livez/")
COMPRESSED = ("text/html", "text/plain", "application/json", "application/xml")
# What no page of ours asks a browser for, so that nothing that ever got into one could.
DENIED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)


class IsolationMiddleware:
    """Let no other site take our pages into its own process, and ask browsers for nothing that we do not need."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.permissions = ", ".join(f"{feature}=()" for feature in DENIED)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", self.permissions)
        return response


class CompressionMiddleware(GZipMiddleware):
    """Send text compressed where its length can tell nobody a secret (BREACH); static files are compressed before, by WhiteNoise.

    A page that no cache may keep is one that may hold a secret: recovery codes, an app's key, an invoice, the key of a list, a signed
    address. Those go as they are. In all others the only secret is the token of a form, which Django masks anew each time, and its
    GZipMiddleware adds up to a hundred random bytes.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.get("Content-Type", "").split(";")[0]
        if response.streaming or kind not in COMPRESSED or "no-store" in response.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)


class ImpossibleValuesMiddleware:
    """Answer what no row can hold before a database breaks over it, each in its own way.

    404 for a number in an address that no row can have; 400 for a NUL in a query of the admin, whose filters ask with it as it is, and for
    an empty name of the column by which a popup of the admin knows its row.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, named: dict[str, Any]) -> None:
        match = request.resolver_match
        if match and match.app_name == "admin" and "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the query")
        if (
            match
            and match.app_name == "admin"
            and "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR))
        ):
            raise BadRequest("no column is named")
        numbers = [value for value in named.values() if isinstance(value, int)]
        written = str(named.get("object_id", ""))  # The admin's own, which are told from words only later.
        if NUMBER.fullmatch(written):
            numbers.append(int(written[:LONGEST_NUMBER]))
        if any(abs(number) > GREATEST_ROW for number in numbers):
            raise Http404


class LettingGoMiddleware:
    """Let go of a request's body once it is answered. It stands before all others, so that it comes last.

    Django ties a request to itself (its user and its messages know it), and such a ring lives until the garbage collector comes by. With
    bodies of a megabyte, as any stranger may send them to the webhook, that was hundreds of megabytes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name in ("_body", "_stream"):
            request.__dict__.pop(name, None)
        return response


class MaintenanceMiddleware:
    """Answer everything but health with 503 and a page that asks nothing of the database, while MAINTENANCE is set. Stripe rings again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.MAINTENANCE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in OPEN:
            return self.get_response(request)
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(AGAIN_IN)
        response["Cache-Control"] = "no-store"
        return response
