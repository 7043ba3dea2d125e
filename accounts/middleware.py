"""What holds for whole parts of the site: nobody keeps a page of `/account/`; staff show a second factor before the admin."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from accounts.models import User

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
STAFF_DAY = 8 * 3600


TOO_MANY = "too_many_login_attempts"
WAIT = 60


class PrivateAccountMiddleware:
    """Keep pages of `/account/` out of every cache: some show recovery codes or an app's secret, and allauth says it of few.

    Whoever tries too often is answered 429, by forms too, which allauth answers like any other mistake.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.resolver_match and request.resolver_match.route.startswith("account/"):
            add_never_cache_headers(response)
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                response.headers.setdefault("Retry-After", str(WAIT))
        return response

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        form = (response.context_data or {}).get("form")
        if isinstance(form, BaseForm) and any(
            error.code == TOO_MANY for errors in form.errors.as_data().values() for error in errors
        ):
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS.value
        return response


class StaffSecondFactorMiddleware:
    """Stand before the admin's views and no others, so that the rest of the site pays nothing for it.

    Staff without an authenticator are sent to enrol one; staff who did not show theirs in this session within the last eight hours
    are asked for it. Both come back to the page they wanted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if (
            settings.STAFF_MFA != "required"
            or not match
            or "admin" not in match.app_names
            or match.view_name == "admin:logout"
        ):
            return None
        if not request.user.is_authenticated or not request.user.is_staff:
            return None
        detour = page_before_admin(request, request.user)
        wanted = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return redirect(f"{detour}?{urlencode({'next': wanted})}") if detour else None


def page_before_admin(request: HttpRequest, user: User) -> str | None:
    """Return the address that this member of staff has to pass first, or None."""
    if not has_factor(user):
        return reverse("accounts:second_factor")
    if showed_factor(request, user):
        return None
    methods = get_adapter().get_reauthentication_methods(user)
    return str(next(method["url"] for method in methods if method["id"].startswith("mfa_")))


def has_factor(user: User) -> bool:
    """Return whether the person has an authenticator app, passkey or security key. Recovery codes alone are none."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def showed_factor(request: HttpRequest, user: User) -> bool:
    """Return whether a second factor or a passkey was shown in this session within STAFF_DAY seconds."""
    records = get_authentication_records(request, user)
    return any(record["method"] == "mfa" and time.time() - record["at"] < STAFF_DAY for record in records)
