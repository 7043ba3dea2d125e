"""What search engines are told."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap as sitemap_of
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from courses.models import Lesson, Publication, Topic

CLOSED = (
    "/account/",
    "/library/",
    "/files/",
    "/search/",
    "/progress/",
    "/checkout/",
    "/preview/",
    "/downloads/",
    "/lists/",
)


class OurSitemap(Sitemap):
    """Addresses begin with SITE_URL, whatever host the robot asked."""

    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class Lists(OurSitemap):
    def items(self) -> list[str]:
        return ["courses:home", "courses:courses", "courses:ebooks", "billing:plans"]

    def location(self, item: str) -> str:
        return reverse(item)


class Titles(OurSitemap):
    def items(self) -> Any:
        return Publication.objects.published(at=timezone.now()).only("kind", "slug", "updated_at").order_by("pk")

    def lastmod(self, item: Publication) -> Any:
        return item.updated_at


class Topics(OurSitemap):
    def items(self) -> Any:
        shown = Publication.objects.published(at=timezone.now()).values("pk")
        return Topic.objects.filter(publications__in=shown).distinct().order_by("pk")


class Previews(OurSitemap):
    def items(self) -> Any:
        shown = Publication.objects.published(at=timezone.now()).values("pk")
        return Lesson.objects.filter(preview=True, course__in=shown).select_related("course").order_by("pk")


SITEMAPS = {"lists": Lists, "titles": Titles, "topics": Topics, "previews": Previews}


@cache_control(public=True, max_age=3600)
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return sitemap_of(request, SITEMAPS)


@cache_control(public=True, max_age=3600)
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in CLOSED),
        f"Sitemap: {urljoin(settings.SITE_URL, '/sitemap.xml')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
