"""What belongs to the site as a whole: the record of who did what, the worker's signs of life, and tasks in plain words."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet, get_date_max


class Kept(RuntimeError):
    """An entry of the record was to be changed or removed. The database refuses the same of whoever goes around this model."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **fields: Any) -> int:
        raise Kept("an entry of the record cannot be changed")

    def delete(self) -> Any:
        raise Kept("an entry of the record cannot be removed")


class AuditEntry(models.Model):
    """Somebody did something to something: written once, by `config.audit.record`, and never changed.

    No e-mail address is kept here. Labels are made of numbers ("person 7"), and a page resolves the address while that person exists;
    when an account is deleted, actor, person and address empty themselves and the rest stays as a fact without a name. The triggers in
    the migration allow an UPDATE exactly that much, and no DELETE.
    """

    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    act = models.CharField(_("what"), max_length=60, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="acts", verbose_name=_("by")
    )
    actor_label = models.CharField(_("by"), max_length=60)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="audit_entries",
        verbose_name=_("about"),
    )
    person_label = models.CharField(_("about"), max_length=60, blank=True)
    target_model = models.CharField(_("kind"), max_length=100, blank=True)
    target_pk = models.CharField(_("number"), max_length=64, blank=True)
    target_label = models.CharField(_("on"), max_length=200, blank=True)
    address = models.CharField(_("from"), max_length=45, blank=True)
    reason = models.TextField(_("why"), blank=True)
    before = models.JSONField(_("before"), null=True, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, blank=True, encoder=DjangoJSONEncoder)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("entry of the record")
        verbose_name_plural = _("Who did what")
        indexes = [models.Index(fields=["target_model", "target_pk"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.act} {self.target_label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new entry. Raises Kept for one that is already written."""
        if not self._state.adding:
            raise Kept("an entry of the record cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Kept("an entry of the record cannot be removed")


class Heartbeat(models.Model):
    """A worker says here, every few seconds and from a thread of its own, that it lives; see config/worker.py for what rests on it."""

    worker = models.CharField(max_length=64, primary_key=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.worker


class TaskQuerySet(DBTaskResultQuerySet):
    def overdue(self, *, now: datetime, grace: timedelta) -> Self:
        """Tasks that should have begun `grace` ago."""
        late = now - grace
        return self.filter(status="READY").filter(
            Q(run_after__lt=late) | Q(run_after=get_date_max(), enqueued_at__lt=late)
        )


class BackgroundTask(DBTaskResult):
    """django-tasks-db's row, under a name for the owner."""

    objects: ClassVar = TaskQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name = _("task")
        verbose_name_plural = _("Background tasks")

    def __str__(self) -> str:
        return self.task_path.rpartition(".")[2].replace("_", " ").capitalize()

    @property
    def tries(self) -> int:
        return len(self.worker_ids)

    @property
    def due_at(self) -> datetime:
        """When it may run: at once, unless it was told to wait."""
        return self.enqueued_at if self.run_after == get_date_max() else self.run_after
