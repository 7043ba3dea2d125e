"""The files panel on the page of a title or a lesson: what is there, and where to drop more."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from courses import acceptance, inspection
from courses.models import File, FileVersion, Lesson, Publication

LESSONS = "lessons"


@dataclass(frozen=True)
class Zone:
    """A place to drop files: their role, what it says, and the file endings it takes. In LESSONS each becomes a lesson of its own."""

    role: str
    label: str
    hint: str

    @property
    def accept(self) -> str:
        whole = acceptance.MEDIA | acceptance.DOCUMENTS
        kinds = whole if self.role == LESSONS else acceptance.ACCEPTED[File.Role(self.role)]
        return ",".join(ending for ending, kind in inspection.TYPES.items() if kind in kinds)


def zones(item: Publication | Lesson) -> list[Zone]:
    if isinstance(item, Lesson):
        return [
            Zone(File.Role.MEDIA, _("Video or audio"), _("MP4, WebM, MP3 or M4A")),
            Zone(File.Role.CAPTIONS, _("Captions"), _("WebVTT (.vtt)")),
            Zone(File.Role.ATTACHMENT, _("Attachments"), _("Worksheets and the like: PDF, EPUB, ZIP")),
        ]
    if item.kind == Publication.Kind.EBOOK:
        return [
            Zone(File.Role.BOOK, _("The book"), _("PDF and EPUB: drop both, readers choose")),
            Zone(File.Role.SAMPLE, _("Sample"), _("Anybody may read it: PDF or EPUB")),
        ]
    return [
        Zone(LESSONS, _("New lessons"), _("Each film, recording or PDF becomes a lesson, in the order of the names")),
        Zone(File.Role.ATTACHMENT, _("For the whole course"), _("Worksheets and the like: PDF, EPUB, ZIP")),
    ]


def panel(item: Publication | Lesson) -> dict[str, Any]:
    """Return what the panel's template needs, in two queries."""
    lesson = item if isinstance(item, Lesson) else None
    files = File.objects.filter(lesson=lesson) if lesson else File.objects.filter(publication=item.pk, lesson=None)
    listed = list(files.prefetch_related("versions"))
    for file in listed:
        file.serves = any(version.state == FileVersion.State.READY for version in file.versions.all())  # type: ignore[attr-defined]
    return {
        "zones": zones(item),
        "publication_id": lesson.course_id if lesson else item.pk,
        "lesson_id": lesson.pk if lesson else None,
        "files": [(file, latest(file)) for file in listed],
    }


def latest(file: File) -> FileVersion | None:
    """Return the version that was begun last, whatever became of it: it is the one to tell about."""
    return max(file.versions.all(), key=lambda version: version.pk, default=None)


class FilesOnPage:
    """A ModelAdmin whose change page carries the files panel."""

    change_form_template = "admin/courses/with_files.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        context["panel"] = panel(obj) if obj else None
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)  # type: ignore[misc,no-any-return]
