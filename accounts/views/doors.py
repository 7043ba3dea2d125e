"""Ways in that allauth leaves to us: after the confirmation, and before the admin."""

from urllib.parse import urlencode

from allauth.account.views import ConfirmEmailView
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.adapter import is_local_path
from accounts.middleware import has_factor

WANTED = "second_factor_next"


def wanted(request: HttpRequest) -> str:
    """Return the page of this site that `next` names, or an empty string."""
    address = request.GET.get("next") or request.POST.get("next") or ""
    return address if is_local_path(address) else ""


@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask staff to enrol, and bring them back once they have. Where they wanted to go waits in the session meanwhile."""
    if wanted(request):
        request.session[WANTED] = wanted(request)
    if not has_factor(request.user):
        return render(request, "accounts/second_factor.html")
    address = request.session.pop(WANTED, "")
    return redirect(address if is_local_path(address) else reverse("admin:index"))


class ConfirmEmail(ConfirmEmailView):
    """Confirm by one click (a mail scanner's GET confirms nothing), then go on to where the person wanted.

    In the browser that signed up, allauth signs the person in and never comes here. Any other browser is not signed in by the
    link, so it gets a page that says so, with a way to sign in.
    """

    def get_redirect_url(self) -> str:
        address = wanted(self.request)
        if self.request.user.is_authenticated:
            return address or reverse("accounts:home")
        return (
            f"{reverse('accounts:confirmed')}?{urlencode({'next': address})}"
            if address
            else reverse("accounts:confirmed")
        )


@require_safe
def confirmed(request: HttpRequest) -> HttpResponse:
    query = f"?{urlencode({'next': wanted(request)})}" if wanted(request) else ""
    return render(request, "accounts/confirmed.html", {"login_url": reverse("account_login") + query})
