"""Grants: a list, and three acts with a reason. None is edited or deleted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import grants
from billing.admin.acts import ReasonForm, UntilForm, ask, back_to, end_of
from billing.models import Grant, Product
from config import audit

LIST = "admin:billing_grant_changelist"


class GiveForm(UntilForm, ReasonForm):
    email = forms.EmailField(label=gettext_lazy("To whom"), help_text=gettext_lazy("The address of their account."))
    product = forms.ModelChoiceField(Product.objects.filter(active=True), label=gettext_lazy("What"))
    field_order = ["email", "product", "until", "reason"]

    def clean_email(self) -> Any:
        person = get_user_model()._default_manager.filter(email__iexact=self.cleaned_data["email"]).first()
        if person is None:
            raise forms.ValidationError(_("Nobody has an account with this address."))
        return person


class ExtendForm(UntilForm, ReasonForm):
    field_order = ["until", "reason"]


class RunsFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("runs")), ("over", gettext_lazy("over")), ("back", gettext_lazy("taken back"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> QuerySet[Grant]:
        now = timezone.now()
        rules = {"open": Q(ends_at=None) | Q(ends_at__gt=now), "over": Q(ends_at__lte=now), "back": ~Q(revoked_at=None)}
        return queryset.filter(rules.get(self.value() or "", Q()))


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):
    change_form_template = "admin/billing/grant.html"
    list_display = ("user", "product", "reason", "starts_at", "ends_at", "revoked_at", "given_by")
    list_filter = (RunsFilter, "product")
    search_fields = ("user__email", "reason")
    list_select_related = ("user", "product", "given_by")
    fields = readonly_fields = (
        "user",
        "product",
        "reason",
        "starts_at",
        "ends_at",
        "revoked_at",
        "given_by",
        "created_at",
    )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/extend/", view(self.extend_view), name="billing_grant_extend"),
            path("<int:pk>/revoke/", view(self.revoke_view), name="billing_grant_revoke"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *how: Any, **options: Any
    ) -> HttpResponse:
        context["may_act"] = request.user.has_perm("billing.change_grant")
        return super().render_change_form(request, context, *how, **options)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Give access: to whom, what, until when and why."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = GiveForm(request.POST or None, initial={"email": request.GET.get("to", "")})
        back = back_to(request, reverse(LIST))
        if request.method != "POST" or not form.is_valid():
            lead = _("They are told by mail, and it opens at once.")
            return ask(request, form, back=back, title=_("Give access"), lead=lead, button=_("Give access"))
        given, now = form.cleaned_data, timezone.now()
        with transaction.atomic():
            ends_at = end_of(given["until"])
            grant = grants.give(
                given["email"].pk,
                given["product"],
                reason=given["reason"],
                given_by=request.user.pk,
                ends_at=ends_at,
                now=now,
            )
            after = {"product": str(grant.product), "ends_at": ends_at}
            audit.record(
                "grant.given",
                request=request,
                target=grant,
                person=given["email"],
                reason=given["reason"],
                after=after,
            )
        messages.success(request, _("Access is given, and a mail is on its way."))
        return redirect(back)

    def extend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        grant, back = self.mine(request, pk), back_to(request, reverse(LIST))
        until = timezone.localtime(grant.ends_at).date() if grant.ends_at else None
        form = ExtendForm(request.POST or None, initial={"until": until})
        if request.method != "POST" or not form.is_valid():
            lead = _("%(product)s for %(person)s.") % {"product": grant.product, "person": grant.user}
            return ask(request, form, back=back, title=_("Change its last day"), lead=lead, button=_("Save"))
        before, ends_at = {"ends_at": grant.ends_at}, end_of(form.cleaned_data["until"])
        with transaction.atomic():
            grants.extend(grant, ends_at=ends_at)
            self.note(request, "grant.extended", grant, form, before)
        messages.success(request, _("The last day is changed."))
        return redirect(back)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        grant, back = self.mine(request, pk), back_to(request, reverse(LIST))
        form = ReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            lead = _("%(product)s closes to %(person)s at once, unless they hold it in another way.")
            told = lead % {"product": grant.product, "person": grant.user}
            return ask(request, form, back=back, title=_("Take access back"), lead=told, button=_("Take it back"))
        before = {"ends_at": grant.ends_at}
        with transaction.atomic():
            grants.revoke(grant, now=timezone.now())
            self.note(request, "grant.revoked", grant, form, before)
        messages.success(request, _("Access is taken back."))
        return redirect(back)

    def mine(self, request: HttpRequest, pk: int) -> Grant:
        """Return the grant, or raise PermissionDenied or Http404."""
        if not request.user.has_perm("billing.change_grant"):
            raise PermissionDenied
        return get_object_or_404(Grant.objects.select_related("user", "product"), pk=pk)

    def note(self, request: HttpRequest, act: str, grant: Grant, form: forms.Form, before: dict[str, Any]) -> None:
        audit.record(
            act,
            request=request,
            target=grant,
            person=grant.user,
            reason=form.cleaned_data["reason"],
            before=before,
            after={"ends_at": grant.ends_at},
        )
