"""A field for Markdown, with what it will look like beside it: live by a small module, and by a button where there is no JavaScript."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from courses import markup

LONGEST = 200_000
RIGHTS = ("courses.change_course", "courses.change_ebook", "courses.change_lesson")


class MarkdownWidget(AdminTextareaWidget):
    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        address = reverse("admin:courses_markdown")
        area = super().render(name, value, (attrs or {}) | {"data-markdown": address}, renderer)
        return format_html(
            '<div class="markdown">{}<div class="markdown-side"><button type="submit" class="button" name="preview" value="{}"'
            ' formaction="{}" formtarget="_blank" formnovalidate>{}</button>'
            '<div class="prose markdown-preview" data-preview aria-label="{}" role="region" tabindex="0" hidden></div></div></div>',
            area,
            name,
            address,
            _("Preview"),
            _("Preview of the text"),
        )


def preview(request: HttpRequest) -> HttpResponse:
    """Answer {"html"} to JSON {"text"}, and a page to the button of a form, which names its field. Nothing is kept."""
    if not any(request.user.has_perm(right) for right in RIGHTS):
        raise PermissionDenied
    if request.content_type == "application/json":
        try:
            text = json.loads(request.body)["text"]
        except (ValueError, RecursionError, KeyError, TypeError):
            text = None
        if not isinstance(text, str) or len(text) > LONGEST:
            return JsonResponse({"error": _("This text is too long to show, or none.")}, status=400)
        return JsonResponse({"html": markup.to_html(text)}, headers={"Cache-Control": "no-store"})
    text = request.POST.get(request.POST.get("preview", ""), "")[:LONGEST]
    context = admin.site.each_context(request) | {"title": _("Preview of the text"), "html": markup.to_html(text)}
    return render(request, "admin/courses/markdown_page.html", context)
