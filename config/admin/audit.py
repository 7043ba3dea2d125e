"""The record of who did what: searched, filtered, and nothing else."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from config.admin.readonly import ReadOnlyAdmin
from config.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "act", "by", "about", "reason", "on", "address")
    list_filter = ("act", "at", "target_model")
    search_fields = ("act", "actor__email", "person__email", "person_label", "target_label", "target_pk", "reason")
    list_select_related = ("actor", "person")
    date_hierarchy = "at"
    fields = ("at", "act", "by", "about", "on", "address", "reason", "before", "after")

    def get_readonly_fields(self, request: HttpRequest, obj: AuditEntry | None = None) -> tuple[str, ...]:
        return self.fields

    @admin.display(description=_("by"), ordering="actor_label")
    def by(self, entry: AuditEntry) -> str:
        return str(entry.actor or entry.actor_label)

    @admin.display(description=_("about"), ordering="person_label")
    def about(self, entry: AuditEntry) -> str:
        return str(entry.person or entry.person_label)

    @admin.display(description=_("on"), ordering="target_label")
    def on(self, entry: AuditEntry) -> str:
        """Link the row itself where it has a page; the page says so when the row is gone."""
        app, _dot, model = entry.target_model.partition(".")
        try:
            address = reverse(f"admin:{app}_{model}_change", args=[entry.target_pk])
        except NoReverseMatch:
            return entry.target_label
        return format_html('<a href="{}">{}</a>', address, entry.target_label)
