"""What stands before every page while the site is being looked after."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

AGAIN_IN = 300  # seconds
OPEN = ("/healthz/", "/livez/")


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
