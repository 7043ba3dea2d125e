"""What was owed, paid, given back and fought over, as Stripe tells it; and how the monthly revenue moved."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.holdings import Customer, Purchase, Subscription


class Invoice(models.Model):
    """A finalised Stripe invoice. Its hosted page's address is not kept: whoever has it can read and pay the invoice."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PAID = "paid", _("paid")
        VOID = "void", _("void")
        UNCOLLECTIBLE = "uncollectible", _("given up")

    stripe_id = models.CharField(_("Stripe id"), max_length=255, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="invoices", verbose_name=_("customer"))
    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, related_name="invoices", verbose_name=_("subscription")
    )
    number = models.CharField(_("number"), max_length=255, blank=True)
    status = models.CharField(_("status"), max_length=40)
    billing_reason = models.CharField(_("reason"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    total = models.BigIntegerField(_("total"), help_text=_("In the currency's minor unit."))
    amount_due = models.BigIntegerField(_("due"))
    amount_paid = models.BigIntegerField(_("paid"))
    amount_refunded = models.BigIntegerField(_("refunded"), default=0)
    attempt_count = models.PositiveIntegerField(_("attempts"), default=0)
    next_payment_attempt = models.DateTimeField(_("next attempt"), null=True, blank=True)
    needs_action = models.BooleanField(
        _("waits for the customer"), default=False, help_text=_("The bank wants the payment confirmed.")
    )
    on_its_way = models.BooleanField(
        _("on its way"), default=False, help_text=_("A bank debit has been sent for, which takes days.")
    )
    disputed = models.BooleanField(_("disputed"), default=False)
    covers_until = models.DateTimeField(
        _("pays until"), null=True, blank=True, help_text=_("The latest end of a period that its lines pay for.")
    )
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due since"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-created_at", "-pk"]
        # The last two hold all that the dashboard counts, so that it need not read a hundred thousand rows for twelve numbers.
        indexes = [
            models.Index(fields=["status", "-created_at"], name="invoice_by_status"),
            models.Index(fields=["paid_at", "currency", "amount_paid"], name="invoice_paid"),
            models.Index(
                fields=["created_at", "attempt_count", "status", "currency", "amount_due"], name="invoice_failed"
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id


class MoneyBack(models.Model):
    """What refunds and disputes have in common: an amount of a payment for an invoice or a purchase."""

    stripe_id = models.CharField(_("Stripe id"), max_length=255, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, verbose_name=_("customer"))
    payment_intent = models.CharField(_("payment intent"), max_length=255)
    invoice = models.ForeignKey(Invoice, models.SET_NULL, null=True, verbose_name=_("invoice"))
    purchase = models.ForeignKey(Purchase, models.SET_NULL, null=True, verbose_name=_("purchase"))
    amount = models.BigIntegerField(_("amount"), help_text=_("In the currency's minor unit."))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(_("status"), max_length=40)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        abstract = True
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.stripe_id


class Refund(MoneyBack):
    class Meta(MoneyBack.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        default_related_name = "refunds"


class Dispute(MoneyBack):
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    evidence_due_by = models.DateTimeField(_("answer by"), null=True, blank=True)

    class Meta(MoneyBack.Meta):
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        default_related_name = "disputes"


class RevenueChange(models.Model):
    """A move of one subscription's monthly revenue, written once and never changed. Amounts are minor units a month."""

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="revenue_changes", verbose_name=_("subscription")
    )
    at = models.DateTimeField(_("at"), db_index=True)
    currency = models.CharField(_("currency"), max_length=3)
    before = models.BigIntegerField(_("before"))
    after = models.BigIntegerField(_("after"))

    class Meta:
        verbose_name = _("change of revenue")
        verbose_name_plural = _("changes of revenue")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(before=models.F("after")), name="revenue_change_is_a_change")
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.before} -> {self.after} {self.currency}"
