"""Who has what: customers, their subscriptions and purchases as Stripe tells them, and grants as the owner gives them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import Price, Product


class CustomerQuerySet(models.QuerySet["Customer"]):
    def guests(self) -> "CustomerQuerySet":
        """Those who paid without an account, and have not claimed it yet."""
        return self.filter(user=None, current=True, deleted=False)


class Customer(models.Model):
    """A Stripe customer. A person may have had several; what they hold is the union, and one is current.

    Without a person, a current one is a guest's, who may claim it, and one that is not current is that of a deleted account.
    """

    stripe_id = models.CharField(_("Stripe id"), max_length=255, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("person"),
    )
    email = models.CharField(_("e-mail at Stripe"), max_length=512, blank=True)
    current = models.BooleanField(_("current"), default=True, help_text=_("New purchases go to this one."))
    deleted = models.BooleanField(_("deleted at Stripe"), default=False)
    # A ticket is taken just before Stripe is asked; an answer is applied only if no later ticket's has been.
    ticket = models.PositiveBigIntegerField(default=0, editable=False)
    applied_ticket = models.PositiveBigIntegerField(default=0, editable=False)
    synced_at = models.DateTimeField(_("last confirmed with Stripe"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(current=True, deleted=False), name="customer_one_current_per_user"
            ),
            models.CheckConstraint(
                condition=Q(applied_ticket__lte=F("ticket")), name="customer_applied_ticket_was_taken"
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def is_guest(self) -> bool:
        return self.user_id is None and self.current and not self.deleted

    def has_applied(self, ticket: int) -> bool:
        """Return whether an answer at least as late as this ticket's stands in our rows."""
        return self.applied_ticket >= ticket


class Subscription(models.Model):
    """A Stripe subscription. `status` is Stripe's word, an open set; times are Stripe's, the period end taken from its items.

    `amount` is what one interval brings in, in the currency's minor unit.
    """

    class TakenBack(models.TextChoices):
        REFUNDED = "refunded", _("all of it refunded")
        DISPUTED = "disputed", _("disputed")

    stripe_id = models.CharField(_("Stripe id"), max_length=255, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="subscriptions", verbose_name=_("customer"))
    products = models.ManyToManyField(Product, related_name="subscriptions", verbose_name=_("products"))
    price = models.ForeignKey(Price, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("price"))
    status = models.CharField(_("status"), max_length=40)
    amount = models.BigIntegerField(
        _("amount"), default=0, help_text=_("An interval's, in the currency's minor unit, less discounts that last.")
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    interval = models.CharField(_("interval"), max_length=8, blank=True)
    interval_count = models.PositiveSmallIntegerField(_("intervals"), default=1)
    current_period_end = models.DateTimeField(_("period ends"), null=True, blank=True)
    trial_end = models.DateTimeField(_("trial ends"), null=True, blank=True)
    cancel_at = models.DateTimeField(_("cancels at"), null=True, blank=True)
    cancel_at_period_end = models.BooleanField(_("cancels at period end"), default=False)
    canceled_at = models.DateTimeField(_("cancellation asked"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    unpaid_since = models.DateTimeField(
        _("unpaid since"), null=True, blank=True, help_text=_("When its earliest open invoice was due.")
    )
    taken_back = models.CharField(
        _("payment taken back"),
        max_length=10,
        blank=True,
        choices=TakenBack.choices,
        help_text=_("The latest payment."),
    )
    pause_reason = models.CharField(_("why paused"), max_length=60, blank=True)
    collection_paused = models.BooleanField(_("collection paused"), default=False)
    card_missing = models.BooleanField(_("no way to pay on file"), default=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.stripe_id


class Purchase(models.Model):
    """Something bought outright through a Checkout session in mode payment."""

    class State(models.TextChoices):
        PENDING = "pending", _("payment on its way")
        PAID = "paid", _("paid")
        FAILED = "failed", _("payment failed")
        REFUNDED = "refunded", _("refunded")
        DISPUTED = "disputed", _("disputed")
        VANISHED = "vanished", _("no longer known to Stripe")

    session_id = models.CharField(_("Checkout session"), max_length=255)
    payment_intent = models.CharField(_("payment intent"), max_length=255, blank=True)
    invoice = models.CharField(_("invoice"), max_length=255, blank=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="purchases", verbose_name=_("customer"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="purchases", verbose_name=_("product"))
    amount = models.BigIntegerField(_("amount"), help_text=_("In the currency's minor unit."))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["session_id", "product"], name="purchase_once_per_session_and_product")
        ]

    def __str__(self) -> str:
        return f"{self.product} ({self.session_id})"


class Grant(models.Model):
    """Complimentary access to a product, given by hand, for a reason, and mostly for a time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants", verbose_name=_("person"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="grants", verbose_name=_("product"))
    reason = models.CharField(_("reason"), max_length=255)
    message = models.TextField(
        _("your words"), max_length=1000, blank=True, help_text=_("Go to the person with the mail that tells them.")
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("given by"),
    )
    starts_at = models.DateTimeField(_("starts"), default=timezone.now)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True, help_text=_("Empty: never."))
    created_at = models.DateTimeField(_("given"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")), name="grant_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="grant_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.reason}"

    @property
    def ending(self) -> str:
        """Its end as a word, which tells one term from the next when it is extended."""
        return str(int(self.ends_at.timestamp())) if self.ends_at else "open"
