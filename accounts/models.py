"""A person. Everybody else names them by `settings.AUTH_USER_MODEL`."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; their e-mail is stored in lower case, and no password means none can be used."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(
        _("e-mail"), unique=True, error_messages={"unique": _("Someone has this e-mail already.")}
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May enter the admin."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch this off instead of deleting a person.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    wants_news = models.BooleanField(_("mail about new titles"), default=False, db_default=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class Farewell(models.Model):
    """The address of somebody whose account is gone: kept until the mail that says so has been sent, and no longer."""

    address = models.EmailField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"farewell {self.pk}"


class Inspection(models.Model):
    """What the daily look at the invariants found (accounts.invariants): their names, and how many rows break each."""

    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0)
    broken = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"inspection {self.pk}"


class Issue(models.Model):
    """One mailing about new titles. A title is announced in one issue only, so that nobody is told of it twice."""

    created_at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        verbose_name = _("mailing about new titles")
        verbose_name_plural = _("mailings about new titles")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"issue {self.pk}"


class Announcement(models.Model):
    """A title that an issue tells of: its row says that it has been announced, whoever wanted to know."""

    publication = models.OneToOneField(
        "courses.Publication", models.CASCADE, primary_key=True, related_name="announcement", verbose_name=_("title")
    )
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="announcements", verbose_name=_("mailing"))

    def __str__(self) -> str:
        return f"title {self.pk} in issue {self.issue_id}"


class Delivery(models.Model):
    """One issue to one person: written with the issue, sent in the background."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="deliveries", verbose_name=_("mailing"))
    user = models.ForeignKey(User, models.CASCADE, related_name="deliveries", verbose_name=_("person"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    not_before = models.DateTimeField(_("not before"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("dropped"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail about new titles")
        verbose_name_plural = _("mails about new titles")
        constraints = [models.UniqueConstraint(fields=["issue", "user"], name="delivery_once_a_person")]
        indexes = [
            models.Index(
                fields=["not_before"], name="delivery_waiting", condition=models.Q(sent_at=None, dropped_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"issue {self.issue_id} to person {self.user_id}"
