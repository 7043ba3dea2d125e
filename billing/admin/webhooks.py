"""The log of bells: what came, what became of it, and a button to act on it once more."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing.admin.mirrored import MirroredAdmin
from billing.events import replay
from billing.models import WebhookEvent


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("done", _("done")), ("failing", _("failing")), ("parked", _("parked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> QuerySet[WebhookEvent]:
        if self.value() == "done":
            return queryset.filter(handled_at__isnull=False)
        if self.value() == "failing":
            return queryset.filter(handled_at=None, parked_at=None)
        if self.value() == "parked":
            return queryset.filter(parked_at__isnull=False)
        return queryset


@admin.register(WebhookEvent)
class WebhookEventAdmin(MirroredAdmin):
    list_display = ("type", "stripe_id", "customer_id", "received_at", "tries", "handled_at", "parked_at", "error")
    list_filter = (StateFilter, "type", "received_at")
    search_fields = ("stripe_id", "customer_id", "object_id", "type")
    date_hierarchy = "received_at"
    actions = ("replay",)

    @admin.action(description=_("Replay"), permissions=["ask"])
    def replay(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        done = sum(replay(event) for event in events)
        failed = events.count() - done
        if done:
            messages.success(
                request, ngettext("%(count)d event done.", "%(count)d events done.", done) % {"count": done}
            )
        if failed:
            text = ngettext(
                "%(count)d event failed again; see its error.",
                "%(count)d events failed again; see their errors.",
                failed,
            )
            messages.error(request, text % {"count": failed})
