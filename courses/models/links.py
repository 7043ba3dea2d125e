"""Links: one row for every URL minted, what the bucket's log says became of it, and what the owner did about links."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.files import FileVersion


def forget_person(collector: Any, field: Any, rows: Any, using: str) -> None:
    """On a person's deletion: the row stays as a number for the books, without the person, their address and their browser.

    The person goes last, because no row may say from where nobody came.
    """
    for name in ("address", "network", "agent"):
        collector.add_field_update(field.model._meta.get_field(name), "", rows)
    collector.add_field_update(field, None, rows)


forget_person.lazy_sub_objs = True  # type: ignore[attr-defined]


class DownloadQuerySet(models.QuerySet["Download"]):
    def live(self, *, now: datetime) -> "DownloadQuerySet":
        """Those whose URL still opens something: not run out, and its bytes still under the key that was signed."""
        return self.filter(Q(key=models.F("version__key")) | Q(key=""), expires_at__gt=now)


class Download(models.Model):
    """One minted URL. Its id travels inside the signed query as `x-dl`; the URL itself is never stored.

    From where it was asked (address, network, browser) is kept for TRACE_DAYS and then emptied, and with the account at once; of a
    visitor it is never kept. `key` and `signer` (the access key's public id) say which object and whose signature the URL names.
    """

    class Purpose(models.TextChoices):
        DOWNLOAD = "download", _("download")
        PLAY = "play", _("play")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        forget_person,
        null=True,
        blank=True,
        related_name="downloads",
        verbose_name=_("person"),
    )
    # Without an index of its own: `download_counted` begins with it.
    version = models.ForeignKey(FileVersion, models.CASCADE, related_name="downloads", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    key = models.CharField(_("object key"), max_length=100, blank=True, db_default="", default="")
    signer = models.CharField(_("signed by key"), max_length=128, blank=True, db_default="", default="")
    address = models.CharField(_("from"), max_length=45, blank=True, db_default="", default="")
    network = models.CharField(_("network"), max_length=50, blank=True, db_default="", default="")
    agent = models.CharField(_("browser"), max_length=60, blank=True, db_default="", default="")

    objects = DownloadQuerySet.as_manager()

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "created_at"], name="download_user_time"),
            models.Index(fields=["version", "purpose", "created_at"], name="download_counted"),
            models.Index(fields=["expires_at"], name="download_live"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="download_expires_later"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(address="", network="", agent=""),
                name="download_of_nobody_from_nowhere",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Fetch(models.Model):
    """One request that reached the bucket with a URL of ours, as its access log tells; the log is late, and not complete."""

    request_id = models.CharField(_("request"), max_length=64, primary_key=True)
    download = models.ForeignKey(Download, models.CASCADE, null=True, related_name="fetches", verbose_name=_("link"))
    # A trace that no row of ours answers to: somebody minted around us, or the database is not the one it was.
    unknown = models.CharField(_("unknown trace"), max_length=64, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, forget_person, null=True, related_name="fetches", verbose_name=_("person")
    )
    at = models.DateTimeField(_("when"))
    status = models.PositiveSmallIntegerField(_("status"))
    code = models.CharField(_("error"), max_length=60, blank=True)
    sent = models.PositiveBigIntegerField(_("bytes sent"), default=0)
    size = models.PositiveBigIntegerField(_("bytes of the whole"), default=0)
    address = models.CharField(_("from"), max_length=45, blank=True)
    network = models.CharField(_("network"), max_length=50, blank=True)
    agent = models.CharField(_("browser"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("fetch")
        verbose_name_plural = _("fetches")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["at"], name="fetch_time"),
            models.Index(fields=["user", "at"], name="fetch_user_time"),
        ]

    def __str__(self) -> str:
        return self.request_id

    @property
    def partial(self) -> bool:
        return self.sent < self.size


class Rekeying(models.Model):
    """The bytes under one key on their way to another, so that every URL out for them dies. Written first, then carried out.

    COPYING: the new key may hold a copy, nothing serves it yet. SWITCHED: every version serves from the new key, the old bytes are to go.
    """

    class State(models.TextChoices):
        COPYING = "copying", _("being copied")
        SWITCHED = "switched", _("serves from its new place")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    GOING_ON = (State.COPYING, State.SWITCHED)
    old_key = models.CharField(_("old key"), max_length=100)
    new_key = models.CharField(_("new key"), max_length=100, unique=True)
    size = models.PositiveBigIntegerField(_("size"))
    content_type = models.CharField(max_length=100)
    upload_id = models.CharField(max_length=1024, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.COPYING)
    problem = models.CharField(_("problem"), max_length=255, blank=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    switched_at = models.DateTimeField(_("switched"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("re-keying")
        verbose_name_plural = _("re-keyings")
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["old_key"], name="rekeying_old")]
        constraints = [
            models.UniqueConstraint(
                fields=["old_key"], condition=Q(state__in=["copying", "switched"]), name="rekeying_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.old_key} {self.state}"


class Allowance(models.Model):
    """The owner lifts the budgets of a person for a while."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="allowance")
    until = models.DateTimeField(_("until"))
    given_at = models.DateTimeField(_("given"), default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user_id} {self.until}"


class SharingSign(models.Model):
    """An account that is used as several people would, found in the background; the largest figures of one day."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="sharing_sign",
        verbose_name=_("person"),
    )
    networks = models.PositiveIntegerField(_("networks in a day"))
    agents = models.PositiveIntegerField(_("browsers in a day"))
    sessions = models.PositiveIntegerField(_("sessions in a day"))
    addresses = models.PositiveIntegerField(_("addresses on one link"))
    seen_at = models.DateTimeField(_("seen"))
    asked_at = models.DateTimeField(_("asked to sign in again"), null=True, blank=True)

    class Meta:
        verbose_name = _("sign of sharing")
        verbose_name_plural = _("signs of sharing")
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"person {self.user_id}"


class LimitReached(models.Model):
    """A person met one of their budgets; one row a person, for the owner to see."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="limit_reached"
    )
    limit = models.CharField(_("which"), max_length=40)
    at = models.DateTimeField(_("when"))
    times = models.PositiveIntegerField(_("times"), default=1)

    class Meta:
        verbose_name = _("limit reached")
        verbose_name_plural = _("limits reached")

    def __str__(self) -> str:
        return f"{self.user_id} {self.limit}"

    @property
    def words(self) -> str:
        """Which limit it was, as the owner reads it."""
        told = {
            "LINKS_PER_DAY": _("links in a day"),
            "FILES_PER_TEN_MINUTES": _("files in ten minutes"),
            "FILES_PER_DAY": _("files in a day"),
            "TITLES_PER_DAY": _("titles in a day"),
        }
        return str(told.get(self.limit, self.limit))
