"""Customers, subscriptions, purchases as Stripe tells them; grants as the owner gives them."""

import logging
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing import gateway, sync
from billing.admin.mirrored import MirroredAdmin
from billing.models import Customer, Grant, Purchase, Subscription
from billing.money import formatted

logger = logging.getLogger(__name__)


@admin.register(Customer)
class CustomerAdmin(MirroredAdmin):
    list_display = ("stripe_id", "user", "email", "current", "deleted", "synced_at")
    list_filter = ("current", "deleted")
    search_fields = ("stripe_id", "email", "user__email")
    list_select_related = ("user",)
    actions = ("ask_stripe",)

    @admin.action(description=gettext_lazy("Ask Stripe again"), permissions=["ask"])
    def ask_stripe(self, request: HttpRequest, customers: QuerySet[Customer]) -> None:
        asked = 0
        for customer in customers:
            try:
                with gateway.within(8):
                    sync.converge(customer.stripe_id)
                asked += 1
            except gateway.GatewayError:
                logger.exception("customer not converged customer=%s", customer.stripe_id)
                messages.error(request, _("Stripe had no good answer about %(id)s.") % {"id": customer.stripe_id})
                break
        if asked:
            text = ngettext("%(count)d customer confirmed.", "%(count)d customers confirmed.", asked)
            messages.success(request, text % {"count": asked})


@admin.register(Subscription)
class SubscriptionAdmin(MirroredAdmin):
    list_display = (
        "stripe_id",
        "customer",
        "person",
        "price",
        "status",
        "current_period_end",
        "cancel_at",
        "unpaid_since",
    )
    list_filter = ("status", "products")
    search_fields = ("stripe_id", "customer__stripe_id", "customer__user__email")
    list_select_related = ("customer__user", "price__product")

    @admin.display(description=gettext_lazy("person"))
    def person(self, subscription: Subscription) -> Any:
        return subscription.customer.user


@admin.register(Purchase)
class PurchaseAdmin(MirroredAdmin):
    list_display = ("session_id", "customer", "product", "paid", "state", "created_at")
    list_filter = ("state", "product")
    search_fields = ("session_id", "payment_intent", "customer__stripe_id", "customer__user__email")
    list_select_related = ("customer", "product")

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def paid(self, purchase: Purchase) -> str:
        return formatted(purchase.amount, purchase.currency)


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):
    list_display = ("user", "product", "reason", "starts_at", "ends_at", "given_by")
    list_filter = ("product",)
    search_fields = ("user__email", "reason")
    list_select_related = ("user", "product", "given_by")
    raw_id_fields = ("user",)
    readonly_fields = ("given_by", "created_at")

    def save_model(self, request: HttpRequest, obj: Grant, form: ModelForm, change: bool) -> None:
        if not change:
            obj.given_by_id = request.user.pk
        super().save_model(request, obj, form, change)
