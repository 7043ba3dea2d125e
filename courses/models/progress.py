"""How far a person has come in a lesson."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.publications import Lesson


class Progress(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="progress")
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="progress")
    position = models.FloatField(_("position"), default=0, help_text=_("In seconds."))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now)

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "lesson"], name="progress_once_per_lesson"),
            models.CheckConstraint(condition=models.Q(position__gte=0), name="progress_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id} at {self.position:.0f} s"
