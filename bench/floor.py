"""The floor of the download click: a bare Django view that loads session and user, and redirects. Served as `bench.floor`."""

from django import setup
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

setup()
# Changed after set-up, because allauth refuses to start without its middleware, which is none of the floor's business.
settings.MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
settings.ROOT_URLCONF = "bench.floor"


def redirect(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("https://bucket.example/object" if request.user.is_authenticated else "/")


urlpatterns = [path("floor/", redirect), path("livez/", redirect)]
application = WSGIHandler()
