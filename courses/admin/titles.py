"""Courses, ebooks and topics."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from PIL import Image

from courses import covers, publishing
from courses.admin import outline
from courses.admin.desk import Desk, become
from courses.admin.markdown import MarkdownWidget
from courses.admin.shelf import FilesOnPage
from courses.models import Course, Ebook, Publication, Topic
from courses.publishing import lacking

__all__ = ["CourseAdmin", "EbookAdmin", "TopicAdmin", "lacking"]
State = Publication.State


class TitleForm(forms.ModelForm):
    """The words of a title, its cover, and what opens it. When it is published is a matter of the buttons above."""

    class Meta:
        widgets = {"description": MarkdownWidget}

    def clean_cover(self) -> Any:
        cover = self.cleaned_data.get("cover")
        image: Image.Image | None = getattr(cover, "image", None)
        if image is not None and image.format not in covers.FORMATS:
            raise forms.ValidationError(_("Covers are JPEG, PNG or WebP pictures."))
        if image is not None and (image.width * image.height > covers.PIXELS or cover.size > covers.BYTES):
            raise forms.ValidationError(_("This cover is too large. Save it with at most 40 megapixels and 10 MB."))
        return cover


class LiveFilter(admin.SimpleListFilter):
    """By what people see, not by the state's name alone: a scheduled title whose minute has come is published."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now, live = timezone.now(), self.value() == State.PUBLISHED
        if self.value() not in State.values:
            return queryset
        if live or self.value() == State.SCHEDULED:
            shown = queryset.filter(state__in=Publication.VISIBLE)
            return shown.filter(published_at__lte=now) if live else shown.filter(published_at__gt=now)
        return queryset.filter(state=self.value())


class TitleAdmin(FilesOnPage, Desk):
    form = TitleForm
    change_form_template = "admin/courses/title.html"
    list_display = ["title", "author", "standing", "published_at", "access"]
    list_filter = [LiveFilter, "access", "topics", "level"]
    search_fields = ["title", "subtitle", "author", "summary", "slug"]
    list_per_page = 50
    date_hierarchy = "published_at"
    prepopulated_fields = {"slug": ["title"]}
    actions = ["publish", "withdraw", "archive"]
    add_fieldsets = [(None, {"fields": ["title", "slug", "author", "access"]})]
    fieldsets = [
        (None, {"fields": ["title", "slug", "subtitle", "author", "summary", "description", "cover"]}),
        (_("Who may open it"), {"fields": ["access", "products"]}),
        (_("Where it is found"), {"fields": ["topics", "level", "language"]}),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask little at the beginning; all the rest has its place on the page that comes next."""
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to the title's own page, whichever button was pressed: that is where its content is added."""
        if "_popup" not in request.POST:
            request.POST = request.POST.copy()  # type: ignore[assignment]
            request.POST["_continue"] = "1"
        return super().response_add(request, obj, post_url_continue)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is sold, and what it opens, is the owner's business."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.has_perm("billing.change_product") else (*fixed, "products")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show topics and products as ticks: they are a handful, and every browser and reader knows ticks."""
        kwargs["widget"] = forms.CheckboxSelectMultiple
        kwargs["required"] = False
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "cover" in form.changed_data and obj.cover:
            covers.make_sizes.enqueue(obj.pk)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out the deletion of many: some have been taken by people, and each is looked at by itself."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.display(description=_("state"), ordering="state")
    def standing(self, title: Publication) -> str:
        told = publishing.standing(title, now=timezone.now())
        return format_html('<span class="standing standing-{}" title="{}">{}</span>', told.tone, told.words, told.name)

    @admin.action(description=_("Publish what is chosen, now"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = self.each(request, queryset, State.PUBLISHED)
        self.message_user(request, ngettext("%d title is published.", "%d titles are published.", done) % done)

    @admin.action(description=_("Withdraw what is chosen"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = self.each(request, queryset, State.WITHDRAWN)
        self.message_user(request, ngettext("%d title is withdrawn.", "%d titles are withdrawn.", done) % done)

    @admin.action(description=_("Archive what is chosen: buyers keep it"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = self.each(request, queryset, State.ARCHIVED)
        self.message_user(request, ngettext("%d title is archived.", "%d titles are archived.", done) % done)

    def each(self, request: HttpRequest, titles: QuerySet[Any], state: str) -> int:
        """Bring every title into a state; say of each that cannot why, and return how many could."""
        done = 0
        for title in titles:
            try:
                become(request, title, state)
                done += 1
            except publishing.Refused as error:
                self.message_user(request, f"{title}: {error}", messages.WARNING)
        return done


@admin.register(Ebook)
class EbookAdmin(TitleAdmin):
    fieldsets = [
        *TitleAdmin.fieldsets[:2],
        (_("Where it is found"), {"fields": ["topics", "level", "language", "pages"]}),
    ]


@admin.register(Course)
class CourseAdmin(TitleAdmin):
    list_display = [*TitleAdmin.list_display[:3], "lesson_count", *TitleAdmin.list_display[3:]]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(outline.act, self))
        return [path("<int:pk>/outline/", view, name="courses_course_outline"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(lessons_in_it=Count("lessons", distinct=True))

    @admin.display(description=_("lessons"), ordering="lessons_in_it")
    def lesson_count(self, course: Any) -> int:
        return int(course.lessons_in_it)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context["outline"] = outline.context_of(obj, can_change=self.has_change_permission(request, obj))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]
