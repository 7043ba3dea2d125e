"""The log of bells: what came, what became of it, what is wrong with them, and a button to act on one once more."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing import bells
from billing.admin.mirrored import MirroredAdmin, person_link, stripe_link
from billing.events import replay
from billing.models import Customer, WebhookEvent
from config import audit

STATES: dict[str, tuple[Any, Q]] = {
    "done": (_("done"), Q(handled_at__isnull=False)),
    "failing": (_("failing"), Q(handled_at=None, parked_at=None, tries__gt=0)),
    "parked": (_("parked"), Q(handled_at=None, parked_at__isnull=False)),
    "waiting": (_("waiting"), Q(handled_at=None, parked_at=None, tries=0)),
}
EXPLAINED = {
    "done": _("What it was about has been asked of Stripe and written down."),
    "failing": _("It failed. Stripe will ring again, and the nightly run heals what it was about."),
    "parked": _(
        "It failed five times and waits for you. Replay it once its cause is gone; the nightly run heals it, too."
    ),
    "waiting": _("It was recorded and nothing has been done about it yet."),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(name, words) for name, (words, _rule) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> QuerySet[WebhookEvent]:
        state = self.value() or ""
        return queryset.filter(STATES[state][1]) if state in STATES else queryset


@admin.register(WebhookEvent)
class WebhookEventAdmin(MirroredAdmin):
    change_list_template = "admin/billing/events.html"
    change_form_template = "admin/billing/event.html"
    list_display = ("received_at", "type", "state", "member", "tries", "took", "why")
    list_filter = (StateFilter, "received_at", "type")
    search_fields = ("stripe_id", "customer_id", "object_id", "type")
    date_hierarchy = "received_at"
    show_full_result_count = False
    list_per_page = 50
    actions = ("replay",)
    fields = readonly_fields = (
        "state",
        "error",
        "tries",
        "type",
        "object_id",
        "member",
        "customer",
        "created_at",
        "received_at",
        "took",
        "handled_at",
        "parked_at",
        "event",
        "api_version",
        "livemode",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        customer = Customer.objects.filter(stripe_id=OuterRef("customer_id"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                person_id=Subquery(customer.values("user")[:1]),
                person_email=Subquery(customer.values("user__email")[:1]),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        return [path("<int:pk>/replay/", view, name="billing_webhookevent_replay"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        alarms = list(bells.alarms(now=timezone.now()))
        return super().changelist_view(
            request, {"alarms": alarms, "title": gettext("Events of Stripe"), **(extra_context or {})}
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *how: Any, **options: Any
    ) -> HttpResponse:
        event = context["original"]
        context |= {"may_replay": self.has_ask_permission(request), "explained": EXPLAINED[state_of(event)]}
        return super().render_change_form(request, context, *how, **options)

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Act on one event once more: the button on its page."""
        if request.method != "POST" or not self.has_ask_permission(request):
            raise PermissionDenied
        event = get_object_or_404(WebhookEvent, pk=pk)
        self.run(request, [event])
        return redirect("admin:billing_webhookevent_change", pk)

    @admin.action(description=_("Replay"), permissions=["ask"])
    def replay(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        self.run(request, list(events))

    def run(self, request: HttpRequest, events: list[WebhookEvent]) -> None:
        done = 0
        for event in events:
            worked = replay(event)
            done += worked
            person = Customer.objects.select_related("user").filter(stripe_id=event.customer_id).first()
            after = {"worked": worked, "type": event.type}
            audit.record(
                "event.replayed", request=request, target=event, person=person.user if person else None, after=after
            )
        failed = len(events) - done
        if done:
            text = ngettext("%(count)d event done.", "%(count)d events done.", done)
            messages.success(request, text % {"count": done})
        if failed:
            text = ngettext(
                "%(count)d event failed again; see its error.",
                "%(count)d events failed again; see their errors.",
                failed,
            )
            messages.error(request, text % {"count": failed})

    @admin.display(description=_("state"))
    def state(self, event: WebhookEvent) -> str:
        name = state_of(event)
        return format_html('<span class="tag tag-{}">{}</span>', name, STATES[name][0])

    @admin.display(description=_("member"))
    def member(self, event: WebhookEvent) -> str:
        return person_link(event.person_id, event.person_email)  # type: ignore[attr-defined]

    @admin.display(description=_("customer"))
    def customer(self, event: WebhookEvent) -> str:
        return stripe_link("customers", event.customer_id)

    @admin.display(description=_("event"))
    def event(self, event: WebhookEvent) -> str:
        return stripe_link("events", event.stripe_id)

    @admin.display(description=_("on its way"))
    def took(self, event: WebhookEvent) -> str:
        """How long after Stripe made it the event came here; their clock and ours may differ by a little."""
        seconds = max(0, round((event.received_at - event.created_at).total_seconds()))
        if seconds < 120:
            return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
        minutes = seconds // 60
        if minutes < 120:
            return gettext("%(count)d minutes") % {"count": minutes}
        return gettext("%(count)d hours") % {"count": minutes // 60}

    @admin.display(description=_("why it failed"))
    def why(self, event: WebhookEvent) -> str:
        return event.error[:80] or "-"


def state_of(event: WebhookEvent) -> str:
    if event.handled_at:
        return "done"
    if event.parked_at:
        return "parked"
    return "failing" if event.tries else "waiting"
