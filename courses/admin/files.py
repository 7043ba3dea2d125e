"""Files with their versions, and the downloads that were minted."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from courses.admin import history, links, rekey, uploads
from courses.models import Download, File, SharingSign


class ReadOnly(admin.ModelAdmin):
    """Rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(File)
class FileAdmin(admin.ModelAdmin):
    list_display = ["name", "publication", "role", "lesson", "serving"]
    list_filter = ["role"]
    search_fields = ["name", "publication__title"]
    list_select_related = ["publication", "lesson"]
    fields = ["name", "role", "language", "position", "publication", "lesson"]
    readonly_fields = ["publication", "lesson", "role"]
    change_form_template = "admin/courses/file.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # Files begin where they belong: on the page of their title or lesson.

    def get_urls(self) -> list[URLPattern]:
        ours: list[tuple[str, Any, str]] = [
            ("<uuid:file_id>/versions/<int:pk>/", history.look, "file_look"),
            ("<uuid:file_id>/versions/<int:pk>/restore/", history.restore, "file_restore"),
            ("<uuid:object_id>/end-links/", self.rekey_view, "file_rekey"),
            ("uploads/", uploads.start, "upload_start"),
            ("uploads/<int:pk>/", uploads.progress, "upload_progress"),
            ("uploads/<int:pk>/parts/", uploads.sign, "upload_sign"),
            ("uploads/<int:pk>/finish/", uploads.finish, "upload_finish"),
            ("uploads/<int:pk>/cancel/", uploads.cancel, "upload_cancel"),
        ]
        wrapped = [
            path(address, self.admin_site.admin_view(view), name=f"courses_{name}") for address, view, name in ours
        ]
        return [*wrapped, *super().get_urls()]

    def rekey_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """One of DANGERS: the site asks again before it."""
        return rekey.rekey(request, object_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        found = kwargs.get("obj")
        more = history.history(found) | rekey.context(request, found) if found else {}
        return super().render_change_form(request, context | more, *args, **kwargs)

    @admin.display(description=_("serves"))
    def serving(self, file: File) -> str:
        ready = [version for version in file.versions.all() if version.ready_at is not None]
        return filesizeformat(ready[0].size) if ready else str(_("nothing yet"))


@admin.register(Download)
class DownloadAdmin(ReadOnly):
    change_list_template = "admin/courses/downloads.html"
    list_display = ["id", "user", "purpose", "created_at", "expires_at", "network", "agent"]
    list_filter = ["purpose", "created_at"]
    search_fields = ["id", "user__email"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"

    def get_urls(self) -> list[URLPattern]:
        ours: list[tuple[str, Any, str]] = [
            ("trace/", links.trace, "trace"),
            ("live/", links.live, "live"),
            ("<uuid:object_id>/send/", links.send, "send"),
        ]
        wrapped = [
            path(address, self.admin_site.admin_view(view), name=f"courses_download_{name}")
            for address, view, name in ours
        ]
        return [*wrapped, *super().get_urls()]


@admin.register(SharingSign)
class SharingSignAdmin(ReadOnly):
    """Accounts used as several people would; each leads to its person's page, where something can be done about it."""

    list_display = ["person", "networks", "agents", "sessions", "addresses", "seen_at", "asked_at"]
    list_select_related = ["user"]
    list_display_links = None

    @admin.display(description=_("person"))
    def person(self, sign: SharingSign) -> str:
        return format_html(
            '<a href="{}#links">{}</a>', reverse("admin:accounts_user_member", args=[sign.user_id]), sign.user
        )
