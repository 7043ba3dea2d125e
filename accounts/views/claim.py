"""Where the code from a guest's mail is shown, and what was bought becomes somebody's."""

import logging

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.signup import complete_signup
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import claiming
from accounts.forms import AddressForm, ClaimForm
from accounts.models import User
from billing import claims, notices
from billing.models import Claim
from billing.standing import standings

logger = logging.getLogger(__name__)
# The digest of a claim whose code was shown in this browser, by somebody who has to sign in before it can be theirs.
PROVEN = "claim_proven"


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest) -> HttpResponse:
    """The form for a code; and the way back from signing in, where the code was shown before."""
    if request.method == "POST":
        form = ClaimForm(request.POST)
        return shown(request, form.cleaned_data["code"] if form.is_valid() else "", press=True)
    found = claims.proven(request.session.pop(PROVEN, ""), now=timezone.now()) if is_signed_in(request) else None
    return claim_by(request, found) if found else page(request)


@require_http_methods(["GET", "HEAD", "POST"])
def claim_code(request: HttpRequest, code: str) -> HttpResponse:
    """The link in the mail. Looking at it, as mail scanners do, claims nothing: a button does."""
    return shown(request, code, press=request.method == "POST")


@require_POST
def claim_again(request: HttpRequest) -> HttpResponse:
    """Ask for a new code. The answer is the same whether anything waits for this address or not."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return page(request, again=form, status=400)
    email = form.cleaned_data["email"]
    if is_limited(request, "claim_again", key=email.lower()):
        return ratelimit.respond_429(request)
    notices.code_wanted(email, now=timezone.now())
    messages.success(
        request,
        _("If something waits for this address, a new code is on its way. The one before no longer works then."),
    )
    return redirect("accounts:claim")


def shown(request: HttpRequest, code: str, *, press: bool) -> HttpResponse:
    """Answer a code: with what waits and a button, or, where that was pressed, by claiming it."""
    if is_limited(request, "claim"):
        return ratelimit.respond_429(request)
    try:
        found = claims.find(code, now=timezone.now())
        return claim_by(request, found) if press else page(request, waiting=found, code=code)
    except claims.WrongCode:
        return page(request, wrong=True, status=404)


def claim_by(request: HttpRequest, found: Claim) -> HttpResponse:
    """Claim for whoever is here. Raises claims.WrongCode where somebody was quicker."""
    now = timezone.now()
    try:
        if is_signed_in(request):
            claiming.attach(request, found, request.user, now=now)
            claiming.catch_up(found.customer)
            return redirect(welcome(request, request.user))
        person = claiming.open_account(request, found, now=now)
    except claiming.SignInFirst:
        request.session[PROVEN] = found.digest
        messages.info(request, _("The code is right. Sign in to the account it is to be added to, and it is."))
        return redirect_to_login(reverse("accounts:claim"))
    claiming.catch_up(found.customer)
    record_authentication(request, person, method="code", email=person.email)
    messages.info(request, _("We made you an account. You can choose a password or a passkey for it under Account."))
    return complete_signup(request, user=person, redirect_url=welcome(request, person))


def welcome(request: HttpRequest, person: User) -> str:
    """Greet, and return where to go: to the library, or first to the account of somebody who pays for two plans now."""
    live = [one.plan for one in standings(person.pk, now=timezone.now()) if one.open and one.plans]
    if len(live) > 1:
        messages.warning(
            request,
            _("You pay for two plans now: %(plans)s. Keep the one you like and cancel the other here.")
            % {"plans": ", ".join(live)},
        )
        return reverse("accounts:home")
    messages.success(request, _("Welcome! What you bought is open to you."))
    return resolve_url("courses:library")


def page(request: HttpRequest, *, waiting: Claim | None = None, status: int = 200, **context: object) -> HttpResponse:
    if waiting is not None:
        context |= {"waiting": claims.contents(waiting), "holder": claiming.holder_of(waiting.customer.email)}
    context = {"form": ClaimForm(), "again": AddressForm()} | context
    return render(request, "accounts/claim.html", context, status=status)


def is_signed_in(request: HttpRequest) -> bool:
    return request.user.is_authenticated


def is_limited(request: HttpRequest, action: str, *, key: str | None = None) -> bool:
    """Return whether this visitor has tried too often; looking counts as well as pressing. What cannot be counted is refused."""
    try:
        return not ratelimit.consume(request, app="allauth.account", action=action, key=key, limit_get=True)
    except Exception:
        logger.exception("tries cannot be counted action=%s", action)
        return True
