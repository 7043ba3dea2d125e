"""The outbox of mail about money: written with the facts it speaks of, sent in the background."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.holdings import Customer


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> "NoticeQuerySet":
        return self.filter(sent_at=None, dropped_at=None)

    def due(self, *, now: datetime) -> "NoticeQuerySet":
        """Those to be sent now: not sent, not dropped, their pause over, and in nobody's hands."""
        return self.waiting().filter(Q(not_before=None) | Q(not_before__lte=now))


class Notice(models.Model):
    """One mail to one person. `key` says what it is about, so that whatever is replayed writes it once."""

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("welcome")
        RECEIPT = "receipt", _("receipt")
        TRIAL_ENDING = "trial_ending", _("trial ends soon")
        PAYMENT_FAILED = "payment_failed", _("payment failed")
        ACTION_REQUIRED = "action_required", _("payment to be confirmed")
        PURCHASE_FAILED = "purchase_failed", _("purchase failed")
        ENDING = "ending", _("subscription ends")
        ENDED = "ended", _("subscription ended")
        REFUNDED = "refunded", _("refunded")
        GRANTED = "granted", _("access given")
        CLAIM = "claim", _("purchase to be claimed")

    key = models.CharField(_("key"), max_length=300, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="notices", verbose_name=_("person")
    )
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, related_name="notices", verbose_name=_("customer")
    )
    about = models.CharField(_("about"), max_length=255, help_text=_("The Stripe id, or our own number."))
    occurred_at = models.DateTimeField(_("occurred"))
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    not_before = models.DateTimeField(
        _("not before"),
        null=True,
        blank=True,
        help_text=_("A pause after a failure, or the end of a sender's hold on it."),
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("dropped"), null=True, blank=True)
    error = models.TextField(_("error, or why dropped"), blank=True)

    objects = NoticeQuerySet.as_manager()

    # News older than this is not mailed: a first import must not write to everybody about last year.
    FRESH = timedelta(days=7)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(sent_at=None) | Q(dropped_at=None), name="notice_sent_or_dropped"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(customer__isnull=False), name="notice_is_to_somebody"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="notice_waiting", condition=Q(sent_at=None, dropped_at=None))
        ]

    def __str__(self) -> str:
        return self.key
