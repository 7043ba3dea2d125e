"""A page that asks for a reason before something is done: what giving, extending and taking back have in common."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), max_length=255, help_text=_("Kept in the record of who did what."))


class UntilForm(forms.Form):
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: for good."),
    )

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and until < timezone.localdate():
            raise forms.ValidationError(_("This day is over. Choose today or a later one."))
        return until


def end_of(day: date | None) -> datetime | None:
    """Return the moment at which this last day is over, in the site's time zone; None for no last day."""
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), datetime.min.time()))


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Return the page of this site that `next` names, or another."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None) else otherwise


def ask(request: HttpRequest, form: forms.Form, *, back: str, **words: Any) -> HttpResponse:
    """Show the page. `words` are its title, lead and button, and what breadcrumbs need."""
    context = admin.site.each_context(request) | words | {"form": form, "back": back}
    return render(request, "admin/act.html", context)
