"""What the owner does about one person's links: shut them out, lift their budgets, ask them to sign in again. Pages of the admin."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.rights import may_touch
from accounts.tasks import send_sign_in_again
from accounts.views.member import PAGE, back_to_page, end_sessions, person_for
from billing.admin.acts import ReasonForm, ask
from config import audit
from courses import sharing
from courses.models import Allowance, SharingSign

DAYS = ((1, gettext_lazy("one day")), (7, gettext_lazy("a week")), (30, gettext_lazy("30 days")))


class LiftForm(ReasonForm):
    days = forms.TypedChoiceField(label=gettext_lazy("For how long"), choices=DAYS, coerce=int)
    field_order = ("days", "reason")


def touched(request: HttpRequest, pk: int) -> User:
    """Return a person whose account the asker may change. Raises PermissionDenied and Http404."""
    person = person_for(request, pk, "accounts.change_user")
    if not may_touch(request, person):
        raise PermissionDenied
    return person


def shut_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch the account off: no link is minted from this moment on, every session ends, and the page says when the last link dies."""
    person = touched(request, pk)
    if person.pk == request.user.pk:
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    title = _("Shut out")
    if request.method != "POST" or not form.is_valid():
        lead = _(
            "%(person)s gets no link any more from this moment on, and is signed out of every browser. Links that are out "
            "run out by themselves within minutes; the page says when. Their plan at Stripe goes on until "
            "it is cancelled there. “Edit” lets them in again."
        ) % {"person": person}
        return ask(request, form, back=back_to_page(pk), title=title, lead=lead, button=title)
    with transaction.atomic():
        User.objects.filter(pk=pk).update(is_active=False)
        ended, reason = end_sessions(person), form.cleaned_data["reason"]
        last = sharing.links_of(person, now=timezone.now()).last_ends_at
        after = {"sessions": ended, "last_link_ends": last}
        audit.record("person.shut_out", request=request, target=person, person=person, reason=reason, after=after)
    messages.success(request, told(last))
    return redirect(PAGE, pk)


def told(last: Any) -> str:
    if last is None:
        return _("They are shut out. No link of theirs works any more.")
    when = date_format(timezone.localtime(last + timedelta(microseconds=999_999)), "H:i:s T")
    return _("They are shut out. Their last link ends at %(when)s.") % {"when": when}


def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift the budgets of a person for some days, or put them back at once."""
    person = touched(request, pk)
    form = LiftForm(request.POST or None)
    title = _("Lift their limits")
    if request.method != "POST" or not form.is_valid():
        lead = _(
            "%(person)s may open as many files and titles as they like. What holds is the limit on links a minute."
        ) % {"person": person}
        return ask(request, form, back=back_to_page(pk), title=title, lead=lead, button=title)
    now = timezone.now()
    until = now + timedelta(days=form.cleaned_data["days"])
    with transaction.atomic():
        Allowance.objects.update_or_create(user=person, defaults={"until": until, "given_at": now})
        reason, after = form.cleaned_data["reason"], {"until": until}
        audit.record("person.limits_lifted", request=request, target=person, person=person, reason=reason, after=after)
    messages.success(
        request,
        _("Their limits are lifted until %(when)s.") % {"when": date_format(timezone.localtime(until), "j F, H:i")},
    )
    return redirect(PAGE, pk)


def ask_sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a sign of sharing: end the sessions, and tell the person by mail why, and what to do if it was not them."""
    person = touched(request, pk)
    form = ReasonForm(request.POST or None, initial={"reason": _("Used as several people would")})
    title = _("Ask them to sign in again")
    if request.method != "POST" or not form.is_valid():
        lead = _(
            "%(person)s is signed out of every browser and gets a mail that says why: their account was used in many places at "
            "once. They sign in again and go on; whoever only had the session is out. Nothing else changes."
        ) % {"person": person}
        return ask(request, form, back=back_to_page(pk), title=title, lead=lead, button=title)
    with transaction.atomic():
        ended = end_sessions(person)
        SharingSign.objects.filter(pk=person.pk).update(asked_at=timezone.now())
        reason = form.cleaned_data["reason"]
        audit.record(
            "person.asked_again",
            request=request,
            target=person,
            person=person,
            reason=reason,
            after={"sessions": ended},
        )
        send_sign_in_again.enqueue(person.pk)
    messages.success(request, _("They are signed out everywhere, and a mail tells them why."))
    return redirect(PAGE, pk)
