"""What the admins of mirrored rows have in common."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _


class MirroredAdmin(admin.ModelAdmin):
    """Rows that come from Stripe: seen, searched, and nothing else."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Asking Stripe again changes our rows, so it takes the right to change them."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))


class YesFilter(admin.SimpleListFilter):
    """A filter that is on or off. `chosen` returns what it leaves."""

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("1", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.chosen(queryset) if self.value() == "1" else queryset

    def chosen(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        raise NotImplementedError


def person_link(pk: int | None, name: Any) -> str:
    """Return a link to a member's page, or a dash for nobody."""
    if pk is None:
        return "-"
    people = get_user_model()._meta
    address = reverse(f"admin:{people.app_label}_{people.model_name}_member", args=[pk])
    return format_html('<a href="{}">{}</a>', address, name)


def stripe_page(kind: str, stripe_id: str) -> str:
    """Return the address of an object's page at Stripe (`kind` is customers, subscriptions, invoices, payments or disputes).

    Beside an embedded Stripe it is that one's front page, which has no page for each object.
    """
    if settings.STRIPE_API_BASE:
        return f"{settings.STRIPE_API_BASE}/"
    mode = "" if settings.STRIPE_LIVEMODE else "test/"
    return f"https://dashboard.stripe.com/{mode}{kind}/{stripe_id}"


def stripe_link(kind: str, stripe_id: str) -> str:
    if not stripe_id:
        return "-"
    return format_html('<a href="{}" rel="noreferrer">{}</a>', stripe_page(kind, stripe_id), stripe_id)
