"""Courses, ebooks and topics."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from PIL import Image

from courses.admin.shelf import FilesOnPage
from courses.models import Course, Ebook, File, FileVersion, Lesson, Publication, Section, Topic

COVER_FORMATS = {"JPEG", "PNG", "WEBP"}
COVER_PIXELS, COVER_BYTES = 40_000_000, 10 * 1024**2


def lacking(publication: Publication) -> str:
    """Return what a title still needs before people may find it, as a sentence, or an empty string."""
    if publication.kind == Publication.Kind.COURSE:
        return (
            ""
            if Lesson.objects.filter(course=publication.pk).exists()
            else str(_("Add a lesson before you publish the course."))
        )
    ready = File.objects.filter(
        publication=publication.pk, role=File.Role.BOOK, versions__state=FileVersion.State.READY
    )
    return "" if ready.exists() else str(_("Upload the book, as PDF or EPUB, before you publish it."))


class TitleForm(forms.ModelForm):
    """A title is published only when there is something to open, and a published one always has a time."""

    def clean_cover(self) -> Any:
        cover = self.cleaned_data.get("cover")
        image: Image.Image | None = getattr(cover, "image", None)
        if image is not None and image.format not in COVER_FORMATS:
            raise forms.ValidationError(_("Covers are JPEG, PNG or WebP pictures."))
        if image is not None and (image.width * image.height > COVER_PIXELS or cover.size > COVER_BYTES):
            raise forms.ValidationError(_("This cover is too large. Save it with at most 40 megapixels and 10 MB."))
        return cover

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        state = cleaned.get("state")
        if state == Publication.State.SCHEDULED and not cleaned.get("published_at"):
            self.add_error("published_at", _("Say when it appears."))
        if state == Publication.State.PUBLISHED and not cleaned.get("published_at"):
            cleaned["published_at"] = timezone.now()
        if state in Publication.VISIBLE:
            trouble = lacking(self.instance) if self.instance.pk else _("Save it as a draft first, and add its files.")
            if trouble:
                self.add_error("state", trouble)
        return cleaned


class TitleAdmin(FilesOnPage, admin.ModelAdmin):
    form = TitleForm
    list_display = ["title", "author", "state", "published_at", "access"]
    list_filter = ["state", "access", "topics"]
    search_fields = ["title", "subtitle", "author", "summary"]
    prepopulated_fields = {"slug": ["title"]}
    filter_horizontal = ["topics", "products"]
    actions = ["publish", "withdraw"]
    fieldsets = [
        (None, {"fields": ["title", "slug", "subtitle", "author", "summary", "description", "cover"]}),
        (_("Who may open it, and when"), {"fields": ["state", "published_at", "access", "products"]}),
        (_("Where it is found"), {"fields": ["topics", "level", "language"]}),
    ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None:
            form.base_fields["state"].choices = [  # type: ignore[attr-defined]
                choice for choice in Publication.State.choices if choice[0] == Publication.State.DRAFT
            ]
        return form

    @admin.action(description=_("Publish what is chosen, now"))
    def publish(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        now, done = timezone.now(), 0
        for title in queryset:
            if trouble := lacking(title):
                self.message_user(request, f"{title}: {trouble}", messages.WARNING)
                continue
            title.state, title.published_at = Publication.State.PUBLISHED, min(title.published_at or now, now)
            title.save()
            done += 1
        self.message_user(request, ngettext("%d title is published.", "%d titles are published.", done) % done)

    @admin.action(description=_("Withdraw what is chosen"))
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = queryset.update(state=Publication.State.WITHDRAWN)
        self.message_user(request, ngettext("%d title is withdrawn.", "%d titles are withdrawn.", done) % done)


@admin.register(Ebook)
class EbookAdmin(TitleAdmin):
    fieldsets = [
        *TitleAdmin.fieldsets[:2],
        (_("Where it is found"), {"fields": ["topics", "level", "language", "pages"]}),
    ]


class SectionInline(admin.TabularInline):
    model = Section
    fields = ["title", "position"]
    extra = 1


class LessonInline(admin.TabularInline):
    model = Lesson
    fields = ["section", "title", "slug", "preview", "seconds", "position"]
    prepopulated_fields = {"slug": ["title"]}
    extra = 1
    show_change_link = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.base_fields["section"].queryset = Section.objects.filter(course=obj)  # type: ignore[attr-defined]
        return formset


@admin.register(Course)
class CourseAdmin(TitleAdmin):
    inlines = [SectionInline, LessonInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Sections come first; lessons can be added once there is a section to put them in."""
        if obj is None:
            return [SectionInline]
        return [SectionInline, LessonInline] if obj.sections.exists() else [SectionInline]


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]
