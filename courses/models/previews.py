"""Preview links: a title shown to somebody who has no account, before it is published, until the link is switched off."""

import secrets

from django.conf import settings
from django.core import signing
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models.publications import Publication

SALT = "courses.preview"


def new_secret() -> str:
    return secrets.token_urlsafe(12)


class PreviewLink(models.Model):
    """One link a title. Its row is what makes it work: without the row, or with another secret in it, the signed token opens nothing."""

    publication = models.OneToOneField(
        Publication, models.CASCADE, related_name="preview_link", verbose_name=_("title"), primary_key=True
    )
    secret = models.CharField(max_length=32, default=new_secret, editable=False)
    with_files = models.BooleanField(
        _("with files"), default=False, help_text=_("Whoever has the link may also play and download every file.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("preview link")
        verbose_name_plural = _("preview links")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def token(self) -> str:
        return signing.dumps([self.pk, self.secret], salt=SALT)

    @staticmethod
    def find(token: str) -> "PreviewLink | None":
        """Return the link that a token stands for, or None when it is forged, was replaced, or was switched off."""
        try:
            pk, secret = signing.loads(token, salt=SALT)
        except (signing.BadSignature, TypeError, ValueError):
            return None
        return PreviewLink.objects.select_related("publication").filter(pk=pk, secret=secret).first()
