"""People, for the owner and whoever the owner lets help."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts import personal
from accounts.models import User
from accounts.rights import may_touch
from accounts.roles import is_owner
from accounts.views import links, member, why

# allauth's own pages would show the app's secret and the keys of live sessions, and let an address be moved to another person.
admin.site.unregister([Authenticator, EmailAddress, UserSession])

RANK = ("is_staff", "is_superuser", "groups", "user_permissions")
# What stands above every role is given by those alone who have it.
ABOVE_ROLES = ("is_superuser", "user_permissions")


class NewPersonForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class PeopleList(ChangeList):
    """A person in the list leads to their page; what can be changed about them is one step further."""

    def url_for_result(self, result: User) -> str:
        return reverse("admin:accounts_user_member", args=[result.pk])


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Helpers may look after members. Only an owner makes, changes or deletes staff, or gives anybody rights."""

    change_form_template = "admin/accounts/person.html"
    list_display = ("email", "name", "confirmed", "second_factor", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined", "groups")
    search_fields = ("email", "name")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    list_per_page = 50
    add_form = NewPersonForm
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)
    fieldsets = (
        (None, {"fields": ("email", "name", "is_active")}),
        (_("Password"), {"fields": ("password",)}),
        (_("Rights"), {"classes": ("collapse",), "fields": RANK}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "": (member.page, "member"),
            "why/": (why.page, "why"),
            "ask/": (member.ask_stripe, "ask"),
            "sign-out/": (member.sign_out, "sign_out"),
            "shut-out/": (self.shut_out_view, "shut_out"),
            "lift/": (self.lift_view, "lift"),
            "sign-in-again/": (links.ask_sign_in, "ask_sign_in"),
        }
        ours = [
            path(f"<int:pk>/{rest}", self.admin_site.admin_view(view), name=f"accounts_user_{name}")
            for rest, (view, name) in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return PeopleList

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        mine = {"user": OuterRef("pk")}
        return (
            super()
            .get_queryset(request)
            .annotate(
                has_confirmed=Exists(EmailAddress.objects.filter(**mine, verified=True)),
                has_factor=Exists(Authenticator.objects.filter(**mine).exclude(type=Authenticator.Type.RECOVERY_CODES)),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """A person changes their e-mail alone, because allauth keeps it, confirmed, in a table of its own."""
        fixed = ("email", "date_joined", "last_login") if obj else ()
        if request.user.is_superuser:
            return fixed
        return (*fixed, *(ABOVE_ROLES if is_owner(request.user) else RANK))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever sets a password can sign in with it. Members choose theirs by mail, so only an owner needs this."""
        if not is_owner(request.user):
            raise PermissionDenied
        return super().user_change_password(request, *args, **kwargs)

    def shut_out_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One of DANGERS, as is the next: the site asks again before it."""
        return links.shut_out(request, pk)

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return links.lift(request, pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """Whoever may delete a person may let go with them what is theirs alone, such as their grants."""
        listed, counts, _forbidden, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Hold a deletion by the owner to the same rules as one by the person."""
        person = self.get_object(request, object_id)
        try:
            if person is not None and self.has_delete_permission(request, person):
                personal.check_deletable(person)
        except personal.CannotDeleteError:
            words = _("Not deleted: their plan is still running, or they work here. End that first.")
            messages.error(request, words)
            return redirect("admin:accounts_user_member", person.pk)
        return super().delete_view(request, object_id, extra_context)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        personal.delete(obj)

    def get_actions(self, request: HttpRequest) -> dict[str, tuple]:
        """Leave out the bulk deletion, which asks about no person in particular."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @admin.display(description=_("confirmed"), boolean=True)
    def confirmed(self, person: User) -> bool:
        return bool(person.has_confirmed)

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, person: User) -> bool:
        return bool(person.has_factor)
