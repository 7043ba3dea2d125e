"""Every address of the site. `/account/` is allauth's, with our own pages beside it."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from config import views

urlpatterns = [
    path("", include("courses.urls")),
    path("", include("billing.urls")),
    path("account/", include("accounts.urls")),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz/", views.healthz, name="healthz"),
    path("livez/", views.livez, name="livez"),
    path("livez/seen/", views.seen, name="seen"),
    re_path(rf"^{settings.MEDIA_URL.strip('/')}/(?P<path>.+)$", views.media, name="media"),
]
handler400, handler403, handler404, handler500 = (f"config.views.error_{code}" for code in (400, 403, 404, 500))
