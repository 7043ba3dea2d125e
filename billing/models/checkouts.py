"""The one Checkout session that a customer may have open for a thing: what stands between two tabs and two subscriptions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import Price
from billing.models.holdings import Customer


class Checkout(models.Model):
    """The latest session opened for a customer and a scope: all plans together are one, each thing bought outright is one.

    A session's address is given to the person only after it has been stored here; the one it replaces is expired.
    """

    PLANS = "plans"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="checkouts", verbose_name=_("customer"))
    scope = models.CharField(_("scope"), max_length=40)
    price = models.ForeignKey(Price, models.SET_NULL, null=True, related_name="+", verbose_name=_("price"))
    session_id = models.CharField(_("Checkout session"), max_length=255, blank=True)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        constraints = [
            models.UniqueConstraint(fields=["customer", "scope"], name="checkout_one_open_per_customer_and_scope")
        ]

    def __str__(self) -> str:
        return self.session_id or f"{self.customer} {self.scope}"
