"""The admin site: its log-in is the site's own, so that rate limits, codes, passkeys and second factors hold there too.

Every change made through it goes into the record (config/audit.py), beside Django's own log, which knows no address; and what is
dangerous asks again who is there (config/fresh.py). Whatever admin is registered here is given both, so that none can forget them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import dashboard
from config import audit, fresh


@dataclass(frozen=True)
class Danger:
    """What of a model's admin asks again, beside deleting, which always does: pages, fields when they change, and actions on many.

    A page is named after the admin's method that answers it, without its `_view`.
    """

    pages: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
TITLE = Danger(fields=("products",), actions=("archive", "withdraw"))
# The one list of what is dangerous; docs/roles.md shows it, and tests hold the two together.
DANGERS = {
    "courses.course": TITLE,
    "courses.ebook": TITLE,
    "courses.file": Danger(pages=("rekey",)),
    "billing.grant": Danger(pages=("add", "extend", "revoke")),
    "accounts.user": Danger(pages=("password", "shut_out", "lift"), fields=RIGHTS),
    "auth.group": Danger(pages=("add", "change")),
}


# The sections of the first page and what stands in each, in the order of how often an owner needs it.
NAMES = {"auth": _("Rights of helpers")}
ORDER = {
    "accounts": ("User",),
    "courses": ("Course", "Ebook", "Topic", "Lesson", "File"),
    "billing": (
        "Subscription",
        "Invoice",
        "Purchase",
        "Refund",
        "Dispute",
        "Grant",
        "Customer",
        "Claim",
        "Product",
        "Price",
        "Notice",
        "WebhookEvent",
    ),
    "config": ("AuditEntry", "BackgroundTask"),
}


class Attributed(admin.ModelAdmin):
    """Writes who added, changed or deleted a row, and from where. Of a change it keeps the names of the fields, not what was in them."""

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        """Refuse a selection that could name no row of this kind; Django would break over it."""
        key = self.model._meta.pk
        while key.remote_field:
            key = key.target_field
        try:
            for value in request.POST.getlist(ACTION_CHECKBOX_NAME):
                key.run_validators(key.to_python(value))
        except ValidationError as error:
            raise BadRequest("not a selection of rows") from error
        return super().response_action(request, queryset, *args)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "admin.added", obj, message)
        logged = super().log_addition(request, obj, message)
        hide_address(obj)
        return logged

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "admin.changed", obj, message)
        logged = super().log_change(request, obj, message)
        hide_address(obj)
        return logged

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        logged = super().log_deletions(request, queryset)
        for obj in queryset:
            note(request, "admin.deleted", obj)
            hide_address(obj)
        return logged


class Careful(admin.ModelAdmin):
    """Asks again who is there before what DANGERS names. A page asks when it is opened, so that nothing typed is lost by it."""

    @property
    def danger(self) -> Danger:
        return DANGERS.get(self.opts.label_lower, Danger())

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        fields = tuple(name for name in self.danger.fields if name in form.base_fields)
        return asking(form, fields, request) if fields and not fresh.is_fresh(request) else form

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        """Ask before the deletion of many, and before a dangerous action upon more than one."""
        action = request.POST.get("action", "")
        many = len(request.POST.getlist("_selected_action")) > 1 or request.POST.get("select_across") == "1"
        known = action in self.get_actions(request)
        if known and (action in ("delete_selected", "archive") or (many and action in self.danger.actions)):
            fresh.ask_again(request)
        return super().response_action(request, queryset, *args)


def asking_first(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view of an admin that asks again before it does anything."""

    @wraps(view)
    def asked(self: admin.ModelAdmin, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        fresh.ask_again(request)
        return view(self, request, *args, **kwargs)

    return asked


def asking(form: type[forms.ModelForm], fields: tuple[str, ...], request: HttpRequest) -> type[forms.ModelForm]:
    """Return the form with a refusal to change these fields; what else was typed stays in it."""
    again = f"{reverse('account_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"

    class Asking(form):  # type: ignore[misc,valid-type]
        def clean(self) -> Any:
            cleaned = super().clean()
            words = _("To change this, show that it is you, in a new tab, and save again here.")
            for name in set(fields) & set(self.changed_data):
                link = format_html('{} <a href="{}" target="_blank">{}</a>', words, again, _("Show it"))
                self.add_error(name, link)
            return cleaned

    return Asking


def note(request: HttpRequest, act: str, obj: Model, message: Any = None) -> None:
    after = {"said": message} if message else None
    audit.record(act, request=request, target=obj, person=audit.person_of(obj), after=after)


def hide_address(obj: Model) -> None:
    """Name a person by number in Django's own log, too: it keeps a row's words for good, and a person's are an e-mail address."""
    label = audit.label_of(obj)
    if label != str(obj):
        kind = ContentType.objects.get_for_model(obj)
        LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)).update(object_repr=label)


class LecternAdminSite(admin.AdminSite):
    site_header = site_title = _("Lectern")
    index_title = _("Workshop")
    index_template = "admin/dashboard.html"
    login = method_decorator(secure_admin_login)(admin.AdminSite.login)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show how the site does, before the list of what can be edited."""
        days = dashboard.period(request.GET.get("days", ""))
        board = dashboard.board(request.user, days=days, now=timezone.now())
        return super().index(request, {"board": board, "periods": dashboard.PERIODS, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put what is used every day first, in each section and among them; what is not named here follows."""
        found = super().get_app_list(request, app_label)
        for section in found:
            order = ORDER.get(section["app_label"], ())
            section["name"] = NAMES.get(section["app_label"], section["name"])
            section["models"].sort(key=lambda model: place(model["object_name"], order))
        return sorted(found, key=lambda section: place(section["app_label"], tuple(ORDER)))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        given = admin_class or admin.ModelAdmin
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        for model in models:
            pages = ("delete", *DANGERS.get(model._meta.label_lower, Danger()).pages)
            views = {name: asking_first(getattr(given, name)) for name in map(view_of, pages)}
            told = {"__module__": given.__module__, "__doc__": given.__doc__}
            super().register(model, type(given.__name__, (Careful, Attributed, given), told | views), **options)


def view_of(page: str) -> str:
    return "user_change_password" if page == "password" else f"{page}_view"


def place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)
