"""Lists for download managers: how a program without a session fetches the files of one title for one person."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models.publications import Publication

LIFETIME = timedelta(hours=24)
AT_ONCE = 5


class DownloadList(models.Model):
    """A key that stands in a list's addresses. It says who asks, and grants nothing: what they may have is asked at every request.

    Only the key's hash is kept. Without the row it opens nothing, so deleting the row is revoking the list. A new password ends it too,
    and so does signing out elsewhere.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="download_lists")
    publication = models.ForeignKey(Publication, models.CASCADE, related_name="+", verbose_name=_("title"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    password_mark = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("works until"))

    class Meta:
        verbose_name = _("download list")
        verbose_name_plural = _("download lists")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @classmethod
    def make(cls, person: Any, publication: Publication, *, now: datetime) -> "tuple[DownloadList, str]":
        """Make a list and return it with its key, which nobody can read again. A person's oldest ones give way to it."""
        key = secrets.token_urlsafe(24)
        made = cls.objects.create(
            user=person,
            publication=publication,
            digest=digest(key),
            password_mark=mark(person),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        kept = person.download_lists.filter(expires_at__gt=now).values_list("pk", flat=True)[:AT_ONCE]
        person.download_lists.exclude(pk__in=list(kept)).delete()
        return made, key

    @classmethod
    def find(cls, key: str, *, now: datetime) -> "DownloadList | None":
        """Return the list that a key belongs to, with its person, or None when it never was, has ended, or was ended."""
        found = cls.objects.select_related("user").filter(digest=digest(key), expires_at__gt=now).first()
        return found if found is not None and secrets.compare_digest(found.password_mark, mark(found.user)) else None


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def mark(person: Any) -> str:
    """Return what changes with a person's password, as their sessions do."""
    return sha256(person.get_session_auth_hash().encode()).hexdigest()
