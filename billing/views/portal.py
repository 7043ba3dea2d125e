"""The click that leads to Stripe's Billing Portal: cards, invoices, changing a plan, cancelling."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from billing import gateway
from billing.checkout import STANDING
from billing.models import Customer, Subscription
from billing.views.checkout import PATIENCE, HttpResponseSeeOther, unavailable

logger = logging.getLogger(__name__)
FLOWS = ("payment_method_update", "subscription_cancel")


@require_POST
@never_cache
@login_required
def portal(request: HttpRequest) -> HttpResponse:
    """Send the person to their portal, at the step that `flow` names; who never paid is shown the plans."""
    flow = request.POST.get("flow", "")
    subscription = Subscription.objects.filter(
        customer__user=request.user.pk, status__in=STANDING, ended_at=None
    ).first()
    customer = customer_of(request.user.pk, subscription)
    if customer is None:
        messages.info(request, _("You have no plan yet. Here is what there is."))
        return redirect("billing:plans")
    try:
        with gateway.within(PATIENCE):
            address = gateway.create_portal_session(
                customer.stripe_id,
                return_url=settings.SITE_URL + reverse("accounts:home"),
                flow=flow if flow in FLOWS else "",
                subscription_id=subscription.stripe_id if subscription else "",
            )
    except gateway.GatewayRefused:
        logger.exception("portal refused customer=%s", customer.stripe_id)
        messages.warning(
            request, _("Your payment page cannot be opened right now. We have been told; please write to us.")
        )
        return redirect("accounts:home")
    except gateway.GatewayDown as error:
        return unavailable(request, error)
    return HttpResponseSeeOther(address)


def customer_of(user_id: int, subscription: Subscription | None) -> Customer | None:
    """Return the customer that pays now, or else the newest one, whose old invoices are worth a look."""
    mine = Customer.objects.filter(user=user_id, deleted=False)
    if subscription is not None:
        return mine.filter(pk=subscription.customer_id).first()
    return mine.order_by("-current", "-pk").first()
