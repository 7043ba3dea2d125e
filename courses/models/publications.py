"""Titles: one Publication row each, which a Course or an Ebook extends, so that a Section can only hang under a Course."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models import Product
from courses.words import fold

POSTER = 800  # pixels


class Topic(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("courses:topic", args=[self.slug])


def visible(*, at: datetime, through: str = "") -> Q:
    """Return the condition that a title, or the one that a row leads to `through`, can be found by anybody at `at`."""
    return Q(**{f"{through}state__in": Publication.VISIBLE, f"{through}published_at__lte": at})


class PublicationQuerySet(models.QuerySet["Publication"]):
    def published(self, *, at: datetime) -> "PublicationQuerySet":
        """Those that anybody may find at `at`: published, or scheduled and due. It is `Publication.is_published` in SQL."""
        return self.filter(visible(at=at))

    def reachable(self, *, at: datetime) -> "PublicationQuerySet":
        """Those that have a page at `at`: what is published, and what is archived, which its buyers keep."""
        return self.published(at=at) | self.filter(state=Publication.State.ARCHIVED)

    def with_products(self) -> "PublicationQuerySet":
        return self.prefetch_related("products")


class Publication(models.Model):
    class Kind(models.TextChoices):
        COURSE = "course", _("course")
        EBOOK = "ebook", _("ebook")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ARCHIVED = "archived", _("archived")

    class Access(models.TextChoices):
        FREE = "free", _("free: anybody signed in")
        MEMBERS = "members", _("members: any live plan")
        RESTRICTED = "restricted", _("restricted: only the products named")

    class Level(models.TextChoices):
        ALL = "all", _("all levels")
        BEGINNER = "beginner", _("beginner")
        INTERMEDIATE = "intermediate", _("intermediate")
        ADVANCED = "advanced", _("advanced")

    VISIBLE = (State.SCHEDULED, State.PUBLISHED)

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, editable=False)
    slug = models.SlugField(_("slug"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    subtitle = models.CharField(_("subtitle"), max_length=200, blank=True)
    author = models.CharField(_("author"), max_length=150, blank=True)
    summary = models.CharField(
        _("summary"), max_length=400, blank=True, help_text=_("One or two sentences for the catalogue.")
    )
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    cover = models.ImageField(
        _("cover"), upload_to="covers/%Y/", blank=True, width_field="cover_width", height_field="cover_height"
    )
    cover_width = models.PositiveIntegerField(null=True, blank=True, editable=False)
    cover_height = models.PositiveIntegerField(null=True, blank=True, editable=False)
    # {"of": name of the cover, "files": {width in pixels: name}}, made in the background by courses.covers.
    cover_sizes = models.JSONField(default=dict, blank=True, editable=False)
    topics = models.ManyToManyField(Topic, blank=True, related_name="publications", verbose_name=_("topics"))
    level = models.CharField(_("level"), max_length=12, choices=Level.choices, default=Level.ALL)
    language = models.CharField(_("language"), max_length=12, default="en")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    published_at = models.DateTimeField(
        _("published at"), null=True, blank=True, help_text=_("In the future: it appears at that minute.")
    )
    access = models.CharField(_("access"), max_length=10, choices=Access.choices, default=Access.MEMBERS)
    products = models.ManyToManyField(
        Product,
        blank=True,
        related_name="publications",
        verbose_name=_("products"),
        help_text=_("Each of these opens it as well."),
    )
    # What search looks through: the title folded, a line end, and the rest of FOUND_BY folded.
    words = models.TextField(default="", db_default="", blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = PublicationQuerySet.as_manager()

    FOUND_BY = ("title", "subtitle", "author", "summary")

    class Meta:
        verbose_name = _("title")
        verbose_name_plural = _("titles")
        ordering = ["-published_at", "title"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="publication_slug_unique_per_kind"),
            models.CheckConstraint(
                condition=~Q(state__in=("scheduled", "published")) | Q(published_at__isnull=False),
                name="publication_visible_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "published_at"], name="publication_state_time")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.words = self.folded()
        changed = kwargs.get("update_fields")
        if changed is not None and set(changed) & set(self.FOUND_BY):
            kwargs["update_fields"] = {*changed, "words"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse(f"courses:{self.kind}", args=[self.slug])

    def folded(self) -> str:
        """Return what `words` is to be."""
        title, *rest = (fold(getattr(self, name)) for name in self.FOUND_BY)
        return "\n".join([title, " ".join(filter(None, rest))])

    def is_published(self, *, at: datetime) -> bool:
        return self.state in self.VISIBLE and self.published_at is not None and self.published_at <= at

    @property
    def is_archived(self) -> bool:
        """Taken off the shelves: nobody finds or buys it any more, and whoever holds one of its own products keeps it."""
        return self.state == self.State.ARCHIVED

    @property
    def cover_set(self) -> list[tuple[int, str]]:
        """Return (width in pixels, address) of the smaller pictures of this very cover, the smallest first."""
        if not self.cover or self.cover_sizes.get("of") != self.cover.name:
            return []
        files = {int(width): name for width, name in self.cover_sizes["files"].items()}
        return [(width, self.cover.storage.url(files[width])) for width in sorted(files)]

    @property
    def poster(self) -> str:
        """Return the address of the cover as a film's still: not much wider than POSTER, as it cannot choose by screen. "" without one."""
        if not self.cover:
            return ""
        wide = (address for width, address in self.cover_set if width >= POSTER)
        return next(wide, self.cover.url)


class Course(Publication):
    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.kind = self.Kind.COURSE
        super().save(*args, **kwargs)


class Ebook(Publication):
    pages = models.PositiveIntegerField(_("pages"), null=True, blank=True)

    class Meta:
        verbose_name = _("ebook")
        verbose_name_plural = _("ebooks")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.kind = self.Kind.EBOOK
        super().save(*args, **kwargs)


class Placed(models.Model):
    """A row with a place among its siblings. Places are unique; one that is given none comes last. courses.outline moves them."""

    position = models.PositiveIntegerField(_("position"), editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.position is None:
            last = self.siblings().aggregate(last=models.Max("position"))["last"]
            self.position = 1 if last is None else last + 1
        super().save(*args, **kwargs)

    def siblings(self) -> "models.QuerySet[Any]":
        raise NotImplementedError


class Section(Placed):
    course = models.ForeignKey(Course, models.CASCADE, related_name="sections", verbose_name=_("course"))
    title = models.CharField(_("title"), max_length=200)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["course", "position"], name="section_one_at_each_place")]

    def __str__(self) -> str:
        return self.title

    def siblings(self) -> "models.QuerySet[Section]":
        return Section.objects.filter(course=self.course_id)


class Lesson(Placed):
    """A lesson. Its course is a column of its own, so that (course, slug) is unique in the database."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="lessons", verbose_name=_("course"), editable=False)
    section = models.ForeignKey(Section, models.CASCADE, related_name="lessons", verbose_name=_("section"))
    slug = models.SlugField(_("slug"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True, help_text=_("Markdown."))
    seconds = models.PositiveIntegerField(
        _("length in seconds"),
        default=0,
        help_text=_("Leave it at 0, and it is read from the film or recording once that is checked."),
    )
    chapters = models.TextField(
        _("chapters"),
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "One a line: the moment and the title, such as “1:30 The second bulge”. A WebVTT file may be pasted as it is."
        ),
    )
    preview = models.BooleanField(_("preview"), default=False, help_text=_("Anybody may open it, signed in or not."))
    # The title folded, for search. The text is not searched: a hit would tell what stands in it.
    words = models.CharField(max_length=600, default="", db_default="", blank=True, editable=False)

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        ordering = ["section__position", "section_id", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["course", "slug"], name="lesson_slug_unique_in_course"),
            models.UniqueConstraint(fields=["section", "position"], name="lesson_one_at_each_place"),
        ]
        # All that a search asks of a lesson, without the texts that stand beside it.
        indexes = [models.Index(fields=["course", "position", "words"], name="lesson_search")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.course_id = self.section.course_id
        self.words = self.folded()
        changed = kwargs.get("update_fields")
        if changed is not None and "title" in changed:
            kwargs["update_fields"] = {*changed, "words"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("courses:lesson", args=[self.course.slug, self.slug])

    def siblings(self) -> "models.QuerySet[Lesson]":
        return Lesson.objects.filter(section=self.section_id)

    def following(self) -> "Lesson | None":
        """Return the lesson after this one in its course, or None at its end."""
        here = Q(section=self.section_id, position__gt=self.position)
        later = Q(section__position__gt=self.section.position)
        return self.course.lessons.filter(here | later).select_related("course").first()

    def folded(self) -> str:
        """Return what `words` is to be; one letter may become several."""
        return fold(self.title)[:600]
