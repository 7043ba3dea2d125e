"""The click on a price, and the page that people come back to."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billing import checkout as flow
from billing import gateway, guests
from billing.arrival import Arrival, arrival
from billing.checkout import Why
from billing.models import Price

logger = logging.getLogger(__name__)
PATIENCE = 8
IN_THE_WAY = {
    Why.HELD: gettext_lazy("You have this already: nothing was charged. Your plan and your payments are here."),
    Why.UNFINISHED: gettext_lazy("A payment for this was begun before. Finish it here; nothing else was charged."),
    Why.ON_ITS_WAY: gettext_lazy("Your payment for this is on its way. It opens by itself; nothing else was charged."),
    Why.BEING_PAID: gettext_lazy(
        "Another payment of yours is being confirmed this very moment. Please look again in a minute; nothing else was charged."
    ),
}


class HttpResponseSeeOther(HttpResponseRedirect):
    """303: the browser follows with a GET, whatever it sent."""

    status_code = 303


@require_POST
@never_cache
def checkout(request: HttpRequest, price_id: str) -> HttpResponse:
    """Send whoever pressed a price to Stripe's Checkout, signed in or not."""
    price = Price.objects.for_sale().select_related("product").filter(stripe_id=price_id).first()
    if price is None:
        messages.warning(request, _("This price is no longer for sale. Here is what is."))
        return redirect("billing:plans")
    try:
        with gateway.within(PATIENCE):
            return HttpResponseSeeOther(address_for(request, price))
    except guests.PaidAlready as paid:
        return redirect(f"{reverse('billing:done')}?session_id={paid.session_id}")
    except flow.AlreadyHeld as held:
        messages.info(request, IN_THE_WAY[held.why])
        return redirect("accounts:home" if request.user.is_authenticated else "billing:plans")
    except flow.PersonGone:
        return redirect("billing:plans")
    except gateway.GatewayRefused:
        logger.exception("checkout refused price=%s user=%s", price.stripe_id, request.user.pk)
        messages.warning(request, _("This cannot be bought right now. Nothing was charged, and we have been told."))
        return redirect("billing:plans")
    except gateway.GatewayDown as error:
        return unavailable(request, error)


def address_for(request: HttpRequest, price: Price) -> str:
    if not request.user.is_authenticated:
        # The form came with this cookie, so it is there before any session is.
        browser = request.META.get("CSRF_COOKIE") or request.session.session_key or get_random_string(32)
        return guests.start(request.session, browser, price)
    guests.close(request.session, price)
    return flow.start(request.user.pk, request.user.email, price)


@require_safe
@never_cache
def done(request: HttpRequest) -> HttpResponse:
    """The way back from Checkout. It shows how far things are, and leads to the library as soon as access is there."""
    session_id = request.GET.get("session_id", "")
    own = guests.has_opened(request.session, session_id)
    if not own and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    found = arrival(session_id, user_id=request.user.pk, own=own, now=timezone.now())
    library = resolve_url(settings.LOGIN_REDIRECT_URL)
    if request.GET.get("format") == "json":
        return JsonResponse({"state": found.state, "next": library if found.state is Arrival.READY else None})
    if found.state is Arrival.READY:
        messages.success(request, _("Welcome! Everything is open to you."))
        return redirect(library)
    context = {"state": found.state, "email": found.email, "guest": own and not request.user.is_authenticated}
    return render(request, "billing/done.html", context, status=404 if found.state is Arrival.UNKNOWN else 200)


def unavailable(request: HttpRequest, error: gateway.GatewayDown) -> HttpResponse:
    """Say in plain words that payments rest for a moment. Downloads do not need Stripe and go on."""
    logger.error("Stripe cannot be reached path=%s user=%s: %s", request.path, request.user.pk, error)
    response = render(request, "billing/unavailable.html", status=503)
    response["Retry-After"] = "30"
    return response
