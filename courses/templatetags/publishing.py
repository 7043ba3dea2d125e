"""What the pages need beyond Django's own filters: text from Markdown, lengths of time, marked hits, addresses."""

import json
import zlib
from typing import Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from courses import markup

register = template.Library()
IN_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.filter
def markdown(text: str) -> SafeString:
    return markup.to_html(text)


@register.filter
def highlight(text: str, words: list[str]) -> SafeString:
    return markup.highlight(text, words)


@register.filter
def duration(seconds: int | None) -> str:
    """Return "2 h 5 min", "12 min" or "40 s"."""
    seconds = int(seconds or 0)
    if seconds < 60:
        return _("%(count)d s") % {"count": seconds}
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    if not minutes:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


@register.filter
def clock(seconds: float | None) -> str:
    """Return "12:34", or "1:02:03" past the hour."""
    minutes, rest = divmod(int(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def kind_of_file(content_type: str) -> str:
    """Return the short name that people know a type by: "PDF", "EPUB", "video"."""
    known = {
        "application/pdf": "PDF",
        "application/epub+zip": "EPUB",
        "application/zip": "ZIP",
        "text/vtt": _("captions"),
    }
    families = {"video": _("video"), "audio": _("audio"), "image": _("image"), "text": _("text")}
    return known.get(content_type) or families.get(content_type.split("/", maxsplit=1)[0]) or content_type


@register.filter
def hue(slug: str) -> int:
    """Return which of the stylesheet's eight grounds a title without a cover stands on: always the same one."""
    return zlib.crc32(slug.encode()) % 8


@register.simple_tag
def absolute(path: str) -> str:
    return urljoin(settings.SITE_URL, path)


@register.simple_tag(takes_context=True)
def canonical(context: template.Context) -> SafeString | str:
    """Return the link to this page's one address: no query but the page number. Error pages made without a request have none."""
    request = context.get("request")
    if request is None:
        return ""
    page = request.GET.get("page", "")
    query = f"?page={page}" if page.isdecimal() and page != "1" else ""
    return format_html('<link rel="canonical" href="{}">', urljoin(settings.SITE_URL, request.path) + query)


@register.simple_tag
def json_ld(data: dict[str, Any]) -> SafeString:
    """Return schema.org data as a script element, which browsers never run; nothing in it can close the element."""
    body = json.dumps({"@context": "https://schema.org"} | data, ensure_ascii=False).translate(IN_SCRIPT)
    return mark_safe(f'<script type="application/ld+json">{body}</script>')  # noqa: S308
