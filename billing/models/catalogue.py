"""What is for sale, mirrored from Stripe: prices are made there, and tied to publications in our admin."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Product(models.Model):
    class Kind(models.TextChoices):
        PLAN = "plan", _("plan")
        ITEM = "item", _("bought outright")

    stripe_id = models.CharField(
        _("Stripe id"), max_length=255, unique=True, null=True, blank=True, help_text=_("Empty: serves grants only.")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PLAN)
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    features = models.JSONField(
        _("what it includes"), default=list, blank=True, help_text=_("A list of short sentences.")
    )
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("Plans stand in this order on the page of plans.")
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "name", "pk"]

    def __str__(self) -> str:
        return self.name


class PriceQuerySet(models.QuerySet["Price"]):
    def for_sale(self) -> "PriceQuerySet":
        return self.filter(active=True, product__active=True, interval__in=Price.Interval.values)


class Price(models.Model):
    class Interval(models.TextChoices):
        MONTH = "month", _("month")
        YEAR = "year", _("year")
        ONCE = "once", _("once")

    class TrialEnd(models.TextChoices):
        CANCEL = "cancel", _("being cancelled")
        PAUSE = "pause", _("being paused")
        CREATE_INVOICE = "create_invoice", _("an invoice")

    stripe_id = models.CharField(_("Stripe id"), max_length=255, unique=True)
    product = models.ForeignKey(Product, models.CASCADE, related_name="prices", verbose_name=_("product"))
    currency = models.CharField(
        _("currency"), max_length=3, help_text=_("ISO code in lower case, as Stripe writes it.")
    )
    unit_amount = models.PositiveBigIntegerField(
        _("amount"), help_text=_("In the currency's minor unit: cents, or whole yen.")
    )
    interval = models.CharField(_("interval"), max_length=8, choices=Interval.choices)
    interval_count = models.PositiveSmallIntegerField(_("intervals"), default=1)
    trial_days = models.PositiveSmallIntegerField(_("trial days"), default=0)
    trial_card = models.BooleanField(_("trial asks for a card"), default=True)
    trial_end = models.CharField(
        _("a trial without a card ends by"), max_length=20, choices=TrialEnd.choices, default=TrialEnd.CANCEL
    )
    active = models.BooleanField(_("active"), default=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["unit_amount", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[a-z]{3}$"), name="price_currency_lower_iso")
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.unit_amount} {self.currency}/{self.interval}"
