"""Stripe's bells as they rang. Only an event's id, type, customer and mode are kept: nothing else in it is believed."""

from collections import defaultdict

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    def unhandled(self) -> "WebhookEventQuerySet":
        """Those that nothing has been done about yet: failing, parked, or never come to."""
        return self.filter(handled_at=None)

    def unhandled_by_customer(self) -> dict[str, list[int]]:
        """Return the pks of unhandled events by Stripe's id of their customer."""
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for customer_id, pk in self.unhandled().exclude(customer_id="").values_list("customer_id", "pk"):
            groups[customer_id].append(pk)
        return groups


class WebhookEvent(models.Model):
    stripe_id = models.CharField(_("event"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=255)
    object_id = models.CharField(_("about"), max_length=255, blank=True)
    customer_id = models.CharField(_("Stripe customer"), max_length=255, blank=True)
    livemode = models.BooleanField(_("live"), default=False)
    api_version = models.CharField(_("API version"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at Stripe"))
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["-received_at"], name="webhookevent_received"),
            models.Index(fields=["customer_id"], name="webhookevent_unhandled", condition=models.Q(handled_at=None)),
            models.Index(fields=["type", "object_id"], name="webhookevent_about"),
            models.Index(fields=["type", "-received_at"], name="webhookevent_kind"),
            models.Index(fields=["customer_id", "-received_at"], name="webhookevent_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"
