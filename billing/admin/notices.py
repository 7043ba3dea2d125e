"""Mail about money: what waits, what went out, what was dropped and why, and sending again what did not go."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing import outbox
from billing.admin.mirrored import MirroredAdmin
from billing.models import Notice
from config import audit

STATES = {
    "waiting": _("waiting"),
    "failing": _("failing"),
    "sent": _("sent"),
    "dropped": _("dropped"),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        waiting = queryset.filter(sent_at=None, dropped_at=None)
        found = {
            "waiting": waiting.filter(error=""),
            "failing": waiting.exclude(error=""),
            "sent": queryset.filter(sent_at__isnull=False),
            "dropped": queryset.filter(dropped_at__isnull=False),
        }
        return found.get(self.value() or "", queryset)


@admin.register(Notice)
class NoticeAdmin(MirroredAdmin):
    list_display = ("kind", "to", "state", "occurred_at", "sent_at", "tries", "not_before", "error")
    list_filter = (StateFilter, "kind", "occurred_at")
    search_fields = ("key", "about", "user__email", "customer__email", "customer__stripe_id")
    list_select_related = ("user", "customer__user")
    date_hierarchy = "occurred_at"
    actions = ("send_again",)

    @admin.display(description=_("to"))
    def to(self, notice: Notice) -> str:
        person = notice.user or (notice.customer.user if notice.customer else None)
        return str(person or (notice.customer.email if notice.customer else ""))

    @admin.display(description=_("state"))
    def state(self, notice: Notice) -> Any:
        if notice.sent_at or notice.dropped_at:
            return STATES["sent" if notice.sent_at else "dropped"]
        return STATES["failing" if notice.error else "waiting"]

    @admin.action(description=_("Send again"), permissions=["ask"])
    def send_again(self, request: HttpRequest, notices: QuerySet[Notice]) -> None:
        again = left = 0
        for notice in notices.select_related("user", "customer__user"):
            with transaction.atomic():
                if outbox.send_again(notice, now=timezone.now()):
                    person = notice.user or (notice.customer.user if notice.customer else None)
                    audit.record("notice.sent_again", request=request, target=notice, person=person)
                    again += 1
                else:
                    left += 1
        if again:
            text = ngettext("%(count)d mail is on its way.", "%(count)d mails are on their way.", again)
            messages.success(request, text % {"count": again})
        if left:
            text = ngettext(
                "%(count)d was left alone: it has been sent, or is about to be.",
                "%(count)d were left alone: they have been sent, or are about to be.",
                left,
            )
            messages.info(request, text % {"count": left})
