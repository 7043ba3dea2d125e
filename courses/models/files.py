"""Files: what a link names, the bytes behind it, and one row for every URL minted."""

import math
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.publications import Lesson, Publication


def new_key() -> str:
    """Return a fresh object key. The browser never names one, and a key is never used twice."""
    return f"content/{uuid.uuid4()}"


class File(models.Model):
    """What a link names: its id never changes, whatever bytes come to stand behind it."""

    class Role(models.TextChoices):
        BOOK = "book", _("the book")
        SAMPLE = "sample", _("sample: anybody may open it")
        MEDIA = "media", _("video or audio of the lesson")
        CAPTIONS = "captions", _("captions")
        ATTACHMENT = "attachment", _("attachment")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publication = models.ForeignKey(Publication, models.CASCADE, related_name="files", verbose_name=_("title"))
    lesson = models.ForeignKey(
        Lesson, models.CASCADE, null=True, blank=True, related_name="files", verbose_name=_("lesson")
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.ATTACHMENT)
    name = models.CharField(
        _("name"), max_length=255, help_text=_("What people see; downloads carry it with the right ending.")
    )
    language = models.CharField(_("language"), max_length=12, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["position", "created_at"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("courses:download", args=[self.pk])

    def delete_if_empty(self) -> bool:
        """Remove a file of which no upload ever got further than being cancelled; return whether it was one."""
        if self.versions.exclude(state=FileVersion.State.ABORTED).exists():
            return False
        self.delete()
        return True


class FileVersionQuerySet(models.QuerySet["FileVersion"]):
    def ready(self) -> "FileVersionQuerySet":
        return self.filter(state=FileVersion.State.READY)


class FileVersion(models.Model):
    """Bytes in the bucket. They never change: a replacement is a new version, and the READY one with the latest `ready_at` serves.

    Restoring an older version sets its `ready_at` anew; the record (config.audit) keeps who did that, and when.
    """

    class State(models.TextChoices):
        UPLOADING = "uploading", _("uploading")
        VERIFYING = "verifying", _("being checked")
        READY = "ready", _("ready")
        REJECTED = "rejected", _("rejected")
        ABORTED = "aborted", _("cancelled")

    file = models.ForeignKey(File, models.CASCADE, related_name="versions", verbose_name=_("file"))
    key = models.CharField(_("object key"), max_length=100, db_index=True, default=new_key, editable=False)
    upload_id = models.CharField(max_length=1024, blank=True, editable=False)
    part_size = models.PositiveBigIntegerField(default=0, editable=False)
    original_name = models.CharField(_("original name"), max_length=255, blank=True)
    size = models.PositiveBigIntegerField(_("size"), help_text=_("In bytes."))
    content_type = models.CharField(_("type"), max_length=100)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    # How long it plays, as its structure says: 0 where that is not known, empty where nobody looked.
    seconds = models.PositiveIntegerField(_("length in seconds"), null=True, blank=True, editable=False)
    fingerprint = models.CharField(max_length=100, blank=True, editable=False)
    sums_held = models.BooleanField(default=False, db_default=False, editable=False)
    checked = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADING)
    problem = models.CharField(_("problem"), max_length=255, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("started"), default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    ready_at = models.DateTimeField(_("serves since"), null=True, blank=True, editable=False)

    objects = FileVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-ready_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(ready_at__isnull=False), name="fileversion_ready_has_a_time"
            ),
            models.CheckConstraint(condition=Q(key__startswith="content/"), name="fileversion_key_under_content"),
            # The copy of a title shares its bytes, which never change; within a file they are kept once.
            models.UniqueConstraint(fields=["file", "key"], name="fileversion_bytes_once_per_file"),
        ]
        indexes = [models.Index(fields=["file", "state", "-ready_at"], name="fileversion_serving")]

    def __str__(self) -> str:
        return f"{self.file_id} {self.state}"

    def get_absolute_url(self) -> str:
        """Return the address that means these bytes, whatever serves later (courses.resuming)."""
        return reverse("courses:pinned", args=[self.file_id, self.pk])

    @property
    def part_count(self) -> int:
        """How many parts the browser sends: none for bytes that came another way, such as a loader's."""
        return math.ceil(self.size / self.part_size) if self.part_size else 0

    def size_of_part(self, number: int) -> int:
        """Return the size in bytes of a part, counted from 1; only the last may be smaller than `part_size`."""
        last = number == self.part_count
        return self.size - (number - 1) * self.part_size if last else self.part_size

    def move(self, old: str, new: str, **fields: Any) -> bool:
        """Change the state only from `old`, in one statement, so that of two requests one wins; keep this instance in step."""
        moved = FileVersion.objects.filter(pk=self.pk, state=old).update(state=new, **fields) == 1
        self.refresh_from_db(fields=["state", *fields])
        return moved


class UploadPart(models.Model):
    """What a part of an upload was said to be when its URL was signed. Kept until its version is checked."""

    version = models.ForeignKey(FileVersion, models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="uploadpart_once")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.number}"
