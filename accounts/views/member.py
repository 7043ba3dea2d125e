"""A member as the owner sees them, and what the owner can do about them. Each is a page of the admin."""

import logging
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.members import member
from accounts.models import User
from accounts.rights import may_touch
from billing import gateway, sync
from billing.admin.acts import ReasonForm, ask
from billing.models import Customer
from config import audit

logger = logging.getLogger(__name__)
PAGE = "admin:accounts_user_member"
PATIENCE = 8


def person_for(request: HttpRequest, pk: int, right: str) -> User:
    """Return the person. Raises PermissionDenied for whoever lacks the right to see them, or `right`, and Http404."""
    if not request.user.has_perms(["accounts.view_user", right]):
        raise PermissionDenied
    return get_object_or_404(User, pk=pk)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_for(request, pk, "accounts.view_user")
    may = request.user.has_perm
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": person.get_full_name(),
        "member": member(person, request.user, now=timezone.now()),
        "now": timezone.now(),
        "may_edit": may("accounts.change_user") and may_touch(request, person),
        "may_give": may("billing.add_grant"),
        "may_change_grants": may("billing.change_grant"),
        "may_ask": may("billing.change_customer"),
        "may_sign_out": may("accounts.change_user") and may_touch(request, person),
        "may_see_why": may_see_why(request),
        "opts": User._meta,
    }
    return render(request, "admin/accounts/member.html", context)


def may_see_why(request: HttpRequest) -> bool:
    """The chain shows what somebody holds, so it takes the rights to see people, subscriptions and grants."""
    return bool(request.user.has_perms(["accounts.view_user", "billing.view_subscription", "billing.view_grant"]))


@require_POST
def ask_stripe(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask Stripe now about every customer this person has been."""
    person = person_for(request, pk, "billing.change_customer")
    reason = request.POST.get("reason", "")[:255]
    asked = 0
    for customer in Customer.objects.filter(user=person, deleted=False):
        try:
            with gateway.within(PATIENCE):
                sync.converge(customer.stripe_id)
        except gateway.Gone:
            messages.error(request, _("Stripe does not know this customer. Is the key that of another account?"))
        except gateway.GatewayDown:
            logger.exception("customer not converged customer=%s", customer.stripe_id)
            messages.error(request, _("Stripe does not answer just now. Nothing was changed; try again in a minute."))
        except gateway.GatewayRefused:
            logger.exception("customer refused customer=%s", customer.stripe_id)
            messages.error(request, _("Stripe refused to answer. Its key may lack a right; the log says more."))
        else:
            asked += 1
            audit.record("customer.asked", request=request, target=customer, person=person, reason=reason)
    if asked:
        messages.success(request, _("Confirmed with Stripe just now."))
    return redirect(PAGE, pk)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    """End every session of this person, and their lists for download managers, after asking why."""
    person = person_for(request, pk, "accounts.change_user")
    if not may_touch(request, person):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        lead = _("%(person)s is signed out of every browser, and has to sign in again.") % {"person": person}
        title = _("Sign out everywhere")
        return ask(request, form, back=back_to_page(pk), title=title, lead=lead, button=title)
    with transaction.atomic():
        after = {"sessions": end_sessions(person)}
        reason = form.cleaned_data["reason"]
        audit.record("person.signed_out", request=request, target=person, person=person, reason=reason, after=after)
    messages.success(request, _("They are signed out everywhere."))
    return redirect(PAGE, pk)


def end_sessions(person: User) -> int:
    """End every session of a person, and their lists, which whoever has them uses in their name; return how many sessions there were.

    The caller's transaction records it.
    """
    person.download_lists.all().delete()
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    return len(sessions)


def back_to_page(pk: int) -> str:
    return str(redirect(PAGE, pk)["Location"])
