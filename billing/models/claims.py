"""Purchases that somebody made without an account, and the code that makes them theirs."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.holdings import Customer


class ClaimQuerySet(models.QuerySet["Claim"]):
    def open(self, *, now: datetime) -> "ClaimQuerySet":
        mine = {"customer__user": None, "customer__current": True, "customer__deleted": False}
        return self.filter(claimed_at=None, expires_at__gt=now, **mine)


class Claim(models.Model):
    """A code that was mailed to the address a customer paid with. Only its digest is kept; whoever shows the code gets what was bought."""

    customer = models.OneToOneField(Customer, models.CASCADE, related_name="claim", verbose_name=_("customer"))
    digest = models.CharField(max_length=64, editable=False)
    sent_at = models.DateTimeField(_("code sent"))
    expires_at = models.DateTimeField(_("code runs out"))
    tries = models.PositiveIntegerField(_("wrong codes"), default=0)
    claimed_at = models.DateTimeField(_("claimed"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("claimed by"),
    )

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            models.CheckConstraint(condition=~Q(digest=""), name="claim_has_a_code"),
            models.CheckConstraint(condition=Q(claimed_by=None) | Q(claimed_at__isnull=False), name="claim_by_at"),
        ]

    def __str__(self) -> str:
        return str(self.customer)
