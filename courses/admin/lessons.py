"""A lesson's own page: its text and its files."""

from django.contrib import admin
from django.db.models import ForeignKey
from django.forms import ModelChoiceField
from django.http import HttpRequest

from courses.admin.shelf import FilesOnPage
from courses.models import Lesson, Section


@admin.register(Lesson)
class LessonAdmin(FilesOnPage, admin.ModelAdmin):
    list_display = ["title", "course", "section", "preview", "position"]
    list_filter = ["preview", "course"]
    list_select_related = ["course", "section"]
    search_fields = ["title", "course__title"]
    fields = ["section", "title", "slug", "body", "seconds", "preview", "position"]
    prepopulated_fields = {"slug": ["title"]}

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[object, object]", request: HttpRequest, **kwargs: object
    ) -> ModelChoiceField | None:  # type: ignore[type-arg]
        if db_field.name == "section":
            kwargs["queryset"] = Section.objects.select_related("course").order_by("course__title", "position")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[arg-type]
