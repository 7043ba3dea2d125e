"""The admin site: its log-in is the site's own, so that rate limits, codes, passkeys and second factors hold there too.

Every change made through it goes into the record (config/audit.py), beside Django's own log, which knows no address: whatever admin is
registered here is given `Attributed`, so that none can forget it.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from config import audit


class Attributed(admin.ModelAdmin):
    """Writes who added, changed or deleted a row, and from where. Of a change it keeps the names of the fields, not what was in them."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "admin.added", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "admin.changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            note(request, "admin.deleted", obj)
        return super().log_deletions(request, queryset)


def note(request: HttpRequest, act: str, obj: Model, message: Any = None) -> None:
    after = {"said": message} if message else None
    audit.record(act, request=request, target=obj, person=audit.person_of(obj), after=after)


class LecternAdminSite(admin.AdminSite):
    site_header = site_title = _("Lectern")
    index_title = _("Workshop")
    login = method_decorator(secure_admin_login)(admin.AdminSite.login)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        given = admin_class or admin.ModelAdmin
        attributed = type(
            given.__name__, (Attributed, given), {"__module__": given.__module__, "__doc__": given.__doc__}
        )
        super().register(model_or_iterable, attributed, **options)
