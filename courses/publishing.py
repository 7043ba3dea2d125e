"""What becomes of a title: draft, scheduled, published, withdrawn, archived; what it lacks; and a copy of it.

| state | who finds it | who opens it |
|---|---|---|
| draft, and scheduled before its time | nobody | nobody, but by a preview link |
| published, and scheduled after its time | everybody | whoever courses.access lets in |
| withdrawn | nobody | nobody |
| archived | nobody | whoever holds a product that it names: what was bought stays bought |
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from courses.models import Course, Download, Ebook, File, FileVersion, Lesson, Publication, Section

State = Publication.State
COPIED_LESSON = ("slug", "title", "body", "seconds", "chapters", "preview", "position")
COPIED_FILE = ("role", "name", "language", "position")
COPIED_VERSION = (
    *("key", "original_name", "size", "content_type", "sha256", "fingerprint", "state", "problem"),
    *("uploaded_by", "created_at", "ready_at", "part_size", "seconds"),
)


class Refused(Exception):
    """Why a title cannot become what was asked, as a sentence for the person who asked."""


@dataclass(frozen=True)
class Standing:
    """A title's state in plain words: `name` for the badge, `words` for the sentence beside it, `tone` for its colour."""

    name: str
    words: str
    tone: str


def lacking(publication: Publication) -> str:
    """Return what a title still needs before people may find it, as a sentence, or an empty string."""
    if publication.kind == Publication.Kind.COURSE:
        there = Lesson.objects.filter(course=publication.pk).exists()
        return "" if there else _("Add a lesson before you publish the course.")
    ready = File.objects.filter(
        publication=publication.pk, role=File.Role.BOOK, versions__state=FileVersion.State.READY
    )
    return "" if ready.exists() else _("Upload the book, as PDF or EPUB, before you publish it.")


def change(title: Publication, state: str, *, now: datetime, at: datetime | None = None) -> str:
    """Bring a title into `state` (scheduled: to appear `at`), and return the sentence that says so. Raises Refused."""
    if state in Publication.VISIBLE and (trouble := lacking(title)):
        raise Refused(trouble)
    if state == State.SCHEDULED:
        if at is None:
            raise Refused(_("Say when it appears."))
        if at <= now:
            raise Refused(_("That moment has passed. Publish it now, or choose a later one."))
        title.published_at = at
    if state == State.PUBLISHED:
        title.published_at = min(title.published_at or now, now)
    title.state = state
    title.save(update_fields=["state", "published_at", "updated_at"])
    return standing(title, now=now).words


def standing(title: Publication, *, now: datetime) -> Standing:
    if title.state == State.DRAFT:
        return Standing(_("Draft"), _("Only people who work here see it."), "draft")
    if title.state == State.WITHDRAWN:
        return Standing(_("Withdrawn"), _("Nobody finds or opens it, not even those who bought it."), "withdrawn")
    if title.state == State.ARCHIVED:
        return Standing(_("Archived"), _("It is off the shelves. Those who bought it keep it."), "archived")
    moment = localtime(title.published_at or now)
    when = date_format(moment, "DATETIME_FORMAT")
    if title.is_published(at=now):
        return Standing(_("Published"), _("Since %(when)s everybody finds it.") % {"when": when}, "published")
    return Standing(
        _("Scheduled"),
        _("On %(when)s (%(zone)s) it appears by itself.") % {"when": when, "zone": moment.tzname()},
        "scheduled",
    )


def is_deletable(title: Publication) -> bool:
    """Tell whether a title may be deleted: not once people have taken something from it, for that is theirs, and its trace ours.

    Whoever works here and looked at a version took nothing.
    """
    taken = Download.objects.filter(version__file__publication=title.pk, user__is_staff=False)
    return not taken.exists()


def duplicate(title: Publication) -> Publication:
    """Return a draft with the same texts, cover, topics, products, outline and files.

    The files are new ones with addresses and a history of their own, over the same bytes: bytes in the bucket never change, so a copy of
    a course with many films is made at once and costs no space. Replacing a file in either leaves the other as it is.
    """
    with transaction.atomic():
        copy = _copied_title(title)
        lessons: dict[int | None, Lesson | None] = {None: None}
        for section in Section.objects.filter(course=title.pk).prefetch_related("lessons"):
            made = Section.objects.create(course_id=copy.pk, title=section.title, position=section.position)
            for lesson in section.lessons.all():
                values = {name: getattr(lesson, name) for name in COPIED_LESSON}
                lessons[lesson.pk] = Lesson.objects.create(section=made, **values)
        for file in File.objects.filter(publication=title.pk).order_by("created_at"):
            _copy_file(file, copy, lessons[file.lesson_id])
    return copy


def _copied_title(title: Publication) -> Publication:
    model = Course if title.kind == Publication.Kind.COURSE else Ebook
    source = model.objects.get(pk=title.pk)
    left = {"id", "publication_ptr", "kind", "slug", "title", "state", "published_at", "created_at", "updated_at"}
    fields = [field for field in model._meta.concrete_fields if field.name not in left]
    values = {field.name: getattr(source, field.name) for field in fields}
    # Without its folder's name a picture would be stored once more: the copy shows the very same file.
    values["cover"] = source.cover.name
    copy = model(**values, title=_("%(title)s (copy)") % {"title": source.title[:190]}, slug=_free_slug(source))
    copy.save()
    copy.topics.set(source.topics.all())
    copy.products.set(source.products.all())
    return copy


def _copy_file(file: File, copy: Publication, lesson: Lesson | None) -> None:
    """Copy a file with the version that serves; what is still on its way, or was refused, stays where it is.

    The version is held meanwhile, so that its bytes do not move to another key unseen (courses.rekeying).
    """
    ready = file.versions.filter(state=FileVersion.State.READY).order_by("-ready_at", "-pk")
    version = ready.select_for_update().first()
    if version is None:
        return
    made = File.objects.create(
        publication_id=copy.pk, lesson=lesson, **{name: getattr(file, name) for name in COPIED_FILE}
    )
    FileVersion.objects.create(file=made, **{name: getattr(version, name) for name in COPIED_VERSION})


def _free_slug(title: Publication) -> str:
    taken = set(
        Publication.objects.filter(kind=title.kind, slug__startswith=title.slug[:110]).values_list("slug", flat=True)
    )
    wanted = f"{title.slug[:110]}-copy"
    number, slug = 1, wanted
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug
