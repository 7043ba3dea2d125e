"""The admin site: its log-in is the site's own, so that rate limits, codes, passkeys and second factors hold there too.

Every change made through it goes into the record (config/audit.py), beside Django's own log, which knows no address: whatever admin is
registered here is given `Attributed`, so that none can forget it.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from accounts import dashboard
from config import audit

# The sections of the first page and what stands in each, in the order of how often an owner needs it.
NAMES = {"auth": _("Rights of helpers")}
ORDER = {
    "accounts": ("User",),
    "courses": ("Course", "Ebook", "Topic", "Lesson", "File"),
    "billing": (
        "Subscription",
        "Invoice",
        "Purchase",
        "Refund",
        "Dispute",
        "Grant",
        "Customer",
        "Claim",
        "Product",
        "Price",
        "Notice",
        "WebhookEvent",
    ),
    "config": ("AuditEntry", "BackgroundTask"),
}


class Attributed(admin.ModelAdmin):
    """Writes who added, changed or deleted a row, and from where. Of a change it keeps the names of the fields, not what was in them."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "admin.added", obj, message)
        logged = super().log_addition(request, obj, message)
        hide_address(obj)
        return logged

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "admin.changed", obj, message)
        logged = super().log_change(request, obj, message)
        hide_address(obj)
        return logged

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        logged = super().log_deletions(request, queryset)
        for obj in queryset:
            note(request, "admin.deleted", obj)
            hide_address(obj)
        return logged


def note(request: HttpRequest, act: str, obj: Model, message: Any = None) -> None:
    after = {"said": message} if message else None
    audit.record(act, request=request, target=obj, person=audit.person_of(obj), after=after)


def hide_address(obj: Model) -> None:
    """Name a person by number in Django's own log, too: it keeps a row's words for good, and a person's are an e-mail address."""
    label = audit.label_of(obj)
    if label != str(obj):
        kind = ContentType.objects.get_for_model(obj)
        LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)).update(object_repr=label)


class LecternAdminSite(admin.AdminSite):
    site_header = site_title = _("Lectern")
    index_title = _("Workshop")
    index_template = "admin/dashboard.html"
    login = method_decorator(secure_admin_login)(admin.AdminSite.login)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show how the site does, before the list of what can be edited."""
        days = dashboard.period(request.GET.get("days", ""))
        board = dashboard.board(request.user, days=days, now=timezone.now())
        return super().index(request, {"board": board, "periods": dashboard.PERIODS, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put what is used every day first, in each section and among them; what is not named here follows."""
        found = super().get_app_list(request, app_label)
        for section in found:
            order = ORDER.get(section["app_label"], ())
            section["name"] = NAMES.get(section["app_label"], section["name"])
            section["models"].sort(key=lambda model: place(model["object_name"], order))
        return sorted(found, key=lambda section: place(section["app_label"], tuple(ORDER)))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        given = admin_class or admin.ModelAdmin
        attributed = type(
            given.__name__, (Attributed, given), {"__module__": given.__module__, "__doc__": given.__doc__}
        )
        super().register(model_or_iterable, attributed, **options)


def place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)
