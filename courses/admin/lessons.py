"""A lesson's own page: its text and its files. Where it stands in its course is moved in the course's outline."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from courses import chapters, timing
from courses.admin import markdown
from courses.admin.markdown import MarkdownWidget
from courses.admin.shelf import FilesOnPage
from courses.chapters import ChaptersRefused
from courses.models import Lesson, Section


class LessonForm(forms.ModelForm):
    class Meta:
        widgets = {"body": MarkdownWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the sections of the lesson's own course: its address, and what opens it, hang on that."""
        super().__init__(*args, **kwargs)
        if "section" in self.fields and self.instance.pk:
            self.fields["section"].queryset = Section.objects.filter(course=self.instance.course_id)  # type: ignore[attr-defined]

        if "seconds" in self.fields:
            self.fields["seconds"].required = False

    def clean_seconds(self) -> int:
        return self.cleaned_data["seconds"] or 0

    def clean_chapters(self) -> str:
        """Keep chapters in one form, whatever way they came, so that every later reader understands them."""
        try:
            return "\n".join(map(str, chapters.read(self.cleaned_data["chapters"])))
        except ChaptersRefused as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(Lesson)
class LessonAdmin(FilesOnPage, admin.ModelAdmin):
    form = LessonForm
    change_form_template = "admin/courses/lesson.html"
    list_display = ["title", "course", "section", "preview"]
    list_filter = ["preview", "course"]
    list_select_related = ["course", "section"]
    search_fields = ["title", "course__title"]
    ordering = ["course__title", "section__position", "position"]
    fields = ["title", "slug", "section", "body", "seconds", "chapters", "preview"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # Lessons begin in the outline of their course.

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(markdown.preview)
        return [path("markdown/", view, name="courses_markdown"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Lesson, form: Any, change: bool) -> None:
        if "section" in form.changed_data:
            obj.position = None  # type: ignore[assignment]  # Last in its new section.
        super().save_model(request, obj, form, change)
        if not obj.seconds:
            timing.fill(obj)

    def response_post_save_change(self, request: HttpRequest, obj: Lesson) -> HttpResponseRedirect:
        """Go back to the course, from where one came."""
        return redirect(reverse("admin:courses_course_change", args=[obj.course_id]) + "#outline")
