"""Invoices, refunds, disputes and claims: read, never edited."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing.admin.mirrored import MirroredAdmin, person_link, stripe_link
from billing.models import Claim, Dispute, Invoice, Refund
from billing.money import formatted


class MoneyAdmin(MirroredAdmin):
    """What has a customer and an amount. `kind` is where Stripe's dashboard shows it, by the column `at`."""

    kind, at = "payments", "payment_intent"
    list_select_related = ("customer__user",)
    readonly_fields = ("person", "at_stripe")
    date_hierarchy = "created_at"

    @admin.display(description=_("person"), ordering="customer__user__email")
    def person(self, row: Any) -> str:
        return person_link(row.customer.user_id, row.customer.user)

    @admin.display(description=_("amount"), ordering="amount")
    def sum(self, row: Any) -> str:
        return formatted(row.amount, row.currency)

    @admin.display(description=_("at Stripe"))
    def at_stripe(self, row: Any) -> str:
        return stripe_link(self.kind, getattr(row, self.at))


@admin.register(Invoice)
class InvoiceAdmin(MoneyAdmin):
    kind, at = "invoices", "stripe_id"
    list_display = ("__str__", "person", "due", "paid", "status", "attempt_count", "next_payment_attempt", "created_at")
    list_filter = ("status", "needs_action", "disputed", "billing_reason", "currency", "created_at")
    search_fields = ("number", "stripe_id", "customer__stripe_id", "customer__user__email")
    show_full_result_count = False

    @admin.display(description=_("due"), ordering="amount_due")
    def due(self, invoice: Invoice) -> str:
        return formatted(invoice.amount_due, invoice.currency)

    @admin.display(description=_("paid"), ordering="amount_paid")
    def paid(self, invoice: Invoice) -> str:
        return formatted(invoice.amount_paid, invoice.currency)


@admin.register(Refund)
class RefundAdmin(MoneyAdmin):
    list_display = ("stripe_id", "person", "sum", "status", "created_at")
    list_filter = ("status", "currency", "created_at")
    search_fields = ("stripe_id", "payment_intent", "customer__stripe_id", "customer__user__email")


@admin.register(Dispute)
class DisputeAdmin(MoneyAdmin):
    list_display = ("stripe_id", "person", "sum", "status", "reason", "evidence_due_by", "created_at")
    list_filter = ("status", "reason", "created_at")
    search_fields = ("stripe_id", "payment_intent", "customer__stripe_id", "customer__user__email")


@admin.register(Claim)
class ClaimAdmin(MirroredAdmin):
    """The digest of the code is no business of anybody's, so it is not among the fields."""

    list_display = ("customer", "address", "sent_at", "expires_at", "tries", "claimed_at", "claimed_by")
    fields = ("customer", "address", "sent_at", "expires_at", "tries", "claimed_at", "claimed_by")
    readonly_fields = ("address",)
    list_filter = ("claimed_at", "sent_at")
    search_fields = ("customer__stripe_id", "customer__email", "claimed_by__email")
    list_select_related = ("customer", "claimed_by")

    @admin.display(description=_("e-mail at Stripe"))
    def address(self, claim: Claim) -> str:
        return claim.customer.email

    def has_ask_permission(self, request: HttpRequest) -> bool:
        return False
