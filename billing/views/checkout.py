"""The click on a price, and the page that people come back to."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billing import checkout as flow
from billing import gateway
from billing.arrival import Arrival, arrival
from billing.models import Price

logger = logging.getLogger(__name__)
PATIENCE = 8


class HttpResponseSeeOther(HttpResponseRedirect):
    """303: the browser follows with a GET, whatever it sent."""

    status_code = 303


@require_POST
@never_cache
def checkout(request: HttpRequest, price_id: str) -> HttpResponse:
    """Send the person to Stripe's Checkout. Strangers make an account first and come back to the plans."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("billing:plans"), login_url=reverse("account_signup"))
    price = Price.objects.for_sale().select_related("product").filter(stripe_id=price_id).first()
    if price is None:
        messages.warning(request, _("This price is no longer for sale. Here is what is."))
        return redirect("billing:plans")
    try:
        with gateway.within(PATIENCE):
            return HttpResponseSeeOther(flow.start(request.user.pk, request.user.email, price))
    except flow.AlreadyHeld:
        messages.info(request, _("You have this already: nothing was charged. Your plan and your payments are here."))
        return redirect("accounts:home")
    except gateway.GatewayRefused:
        logger.exception("checkout refused price=%s user=%s", price.stripe_id, request.user.pk)
        messages.warning(request, _("This cannot be bought right now. Nothing was charged, and we have been told."))
        return redirect("billing:plans")
    except gateway.GatewayDown as error:
        return unavailable(request, error)


@require_safe
@never_cache
@login_required
def done(request: HttpRequest) -> HttpResponse:
    """The way back from Checkout. It shows how far things are, and leads to the library as soon as access is there."""
    state = arrival(request.user.pk, request.GET.get("session_id", ""), now=timezone.now())
    library = resolve_url(settings.LOGIN_REDIRECT_URL)
    if request.GET.get("format") == "json":
        return JsonResponse({"state": state, "next": library if state is Arrival.READY else None})
    if state is Arrival.READY:
        messages.success(request, _("Welcome! Everything is open to you."))
        return redirect(library)
    return render(request, "billing/done.html", {"state": state}, status=404 if state is Arrival.UNKNOWN else 200)


def unavailable(request: HttpRequest, error: gateway.GatewayDown) -> HttpResponse:
    """Say in plain words that payments rest for a moment. Downloads do not need Stripe and go on."""
    logger.error("Stripe cannot be reached path=%s user=%s: %s", request.path, request.user.pk, error)
    response = render(request, "billing/unavailable.html", status=503)
    response["Retry-After"] = "30"
    return response
