"""Customers, subscriptions and purchases as Stripe tells them."""

import logging
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing import attention, gateway, sync
from billing.admin.mirrored import MirroredAdmin, YesFilter, person_link, stripe_link
from billing.models import Customer, Purchase, Subscription
from billing.money import formatted
from config import audit

logger = logging.getLogger(__name__)


class UnclaimedFilter(YesFilter):
    title = gettext_lazy("belongs to nobody, and paid")
    parameter_name = "unclaimed"

    def chosen(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=attention.unclaimed(now=timezone.now()).values("pk"))


class TwiceFilter(YesFilter):
    title = gettext_lazy("one of two live plans")
    parameter_name = "twice"

    def chosen(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=attention.with_two_plans(now=timezone.now()).values("pk"))


class UnknownFilter(YesFilter):
    title = gettext_lazy("to an unknown product")
    parameter_name = "unknown"

    def chosen(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=attention.unknown_products().values("pk"))


@admin.register(Customer)
class CustomerAdmin(MirroredAdmin):
    list_display = ("stripe_id", "person", "email", "current", "deleted", "synced_at")
    list_filter = (UnclaimedFilter, "current", "deleted")
    search_fields = ("stripe_id", "email", "user__email")
    list_select_related = ("user",)
    actions = ("ask_stripe",)

    @admin.action(description=gettext_lazy("Ask Stripe again"), permissions=["ask"])
    def ask_stripe(self, request: HttpRequest, customers: QuerySet[Customer]) -> None:
        asked = 0
        for customer in customers.select_related("user"):
            try:
                with gateway.within(8):
                    sync.converge(customer.stripe_id)
                audit.record("customer.asked", request=request, target=customer, person=customer.user)
                asked += 1
            except gateway.GatewayError:
                logger.exception("customer not converged customer=%s", customer.stripe_id)
                messages.error(request, _("Stripe had no good answer about %(id)s.") % {"id": customer.stripe_id})
                break
        if asked:
            text = ngettext("%(count)d customer confirmed.", "%(count)d customers confirmed.", asked)
            messages.success(request, text % {"count": asked})

    @admin.display(description=gettext_lazy("person"), ordering="user__email")
    def person(self, customer: Customer) -> str:
        return person_link(customer.user_id, customer.user)


@admin.register(Subscription)
class SubscriptionAdmin(MirroredAdmin):
    list_display = (
        "stripe_id",
        "person",
        "price",
        "each",
        "status",
        "current_period_end",
        "cancel_at",
        "unpaid_since",
        "taken_back",
    )
    list_filter = ("status", TwiceFilter, UnknownFilter, "products")
    search_fields = ("stripe_id", "customer__stripe_id", "customer__user__email")
    list_select_related = ("customer__user", "price__product")
    readonly_fields = ("person", "at_stripe")

    @admin.display(description=gettext_lazy("person"), ordering="customer__user__email")
    def person(self, subscription: Subscription) -> str:
        return person_link(subscription.customer.user_id, subscription.customer.user)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def each(self, subscription: Subscription) -> str:
        return formatted(subscription.amount, subscription.currency) if subscription.currency else "-"

    @admin.display(description=gettext_lazy("at Stripe"))
    def at_stripe(self, subscription: Subscription) -> str:
        return stripe_link("subscriptions", subscription.stripe_id)


@admin.register(Purchase)
class PurchaseAdmin(MirroredAdmin):
    list_display = ("session_id", "person", "product", "paid", "state", "created_at")
    list_filter = ("state", "product")
    search_fields = ("session_id", "payment_intent", "customer__stripe_id", "customer__user__email")
    list_select_related = ("customer__user", "product")
    readonly_fields = ("person", "at_stripe")

    @admin.display(description=gettext_lazy("person"), ordering="customer__user__email")
    def person(self, purchase: Purchase) -> str:
        return person_link(purchase.customer.user_id, purchase.customer.user)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def paid(self, purchase: Purchase) -> str:
        return formatted(purchase.amount, purchase.currency)

    @admin.display(description=gettext_lazy("at Stripe"))
    def at_stripe(self, purchase: Purchase) -> str:
        return stripe_link("payments", purchase.payment_intent)
