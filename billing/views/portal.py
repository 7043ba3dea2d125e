"""The click that leads to Stripe's Billing Portal, at the step that was asked for, and the way back, which says what is true now."""

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billing import changes, gateway
from billing.checkout import STANDING
from billing.models import Customer, Subscription
from billing.views.checkout import PATIENCE, HttpResponseSeeOther, unavailable

logger = logging.getLogger(__name__)
# What the person went to the portal for. Kept in the session, so that nobody else can make the way back do anything.
UNDER_WAY = "portal"


@require_POST
@never_cache
@login_required
def portal(request: HttpRequest) -> HttpResponse:
    """Send the person to their portal, at the step that `flow` names; who never paid is shown the plans."""
    flow = request.POST.get("flow", "")
    flow = flow if flow in gateway.FLOWS else ""
    subscription = subscription_of(request.user.pk, request.POST.get("subscription", ""))
    customer = customer_of(request.user.pk, subscription)
    if customer is None:
        messages.info(request, _("You have no plan yet. Here is what there is."))
        return redirect("billing:plans")
    try:
        with gateway.within(PATIENCE):
            address = open_portal(customer, subscription, flow)
    except gateway.GatewayRefused:
        logger.exception("portal refused customer=%s", customer.stripe_id)
        messages.warning(
            request, _("Your payment page cannot be opened right now. We have been told; please write to us.")
        )
        return redirect("accounts:home")
    except gateway.GatewayDown as error:
        return unavailable(request, error)
    request.session[UNDER_WAY] = [customer.stripe_id, subscription.stripe_id if subscription else "", flow]
    return HttpResponseSeeOther(address)


@require_safe
@never_cache
@login_required
def portal_done(request: HttpRequest) -> HttpResponse:
    """The way back: look at Stripe, say in plain words what is true now, and show the account."""
    customer_id, subscription_id, flow = request.session.pop(UNDER_WAY, ["", "", ""])
    if not Customer.objects.filter(stripe_id=customer_id, user=request.user.pk).exists():
        return redirect("accounts:home")
    try:
        with gateway.within(PATIENCE):
            changes.catch_up(customer_id, subscription_id, flow)
    except gateway.GatewayError as error:
        logger.warning("way back from the portal without an answer customer=%s: %s", customer_id, error)
        messages.info(request, _("Stripe has not told us yet what you changed. It shows here within minutes."))
        return redirect("accounts:home")
    if said := changes.outcome(subscription_id, flow, now=timezone.now()):
        messages.success(request, said)
    return redirect("accounts:home")


def open_portal(customer: Customer, subscription: Subscription | None, flow: str) -> str:
    """Return the portal's address; a step that the owner has not allowed there opens its first page instead."""
    back = settings.SITE_URL + reverse("billing:portal_done")
    about = subscription.stripe_id if subscription else ""
    try:
        return gateway.create_portal_session(
            customer.stripe_id, return_url=back, flow=flow, subscription_id=about, done_url=back
        )
    except gateway.Gone:
        raise
    except gateway.GatewayRefused as error:
        if not flow:
            raise
        logger.warning("portal step refused flow=%s customer=%s: %s", flow, customer.stripe_id, error)
        return gateway.create_portal_session(customer.stripe_id, return_url=back)


def subscription_of(user_id: int, wanted: str) -> Subscription | None:
    """Return the person's subscription that the button named, or else the foremost that stands."""
    mine = Subscription.objects.filter(customer__user=user_id, status__in=STANDING, ended_at=None)
    return (mine.filter(stripe_id=wanted).first() if wanted else None) or mine.order_by("-created_at").first()


def customer_of(user_id: int, subscription: Subscription | None) -> Customer | None:
    """Return the customer that pays now, or else the newest one, whose old invoices are worth a look."""
    mine = Customer.objects.filter(user=user_id, deleted=False)
    if subscription is not None:
        return mine.filter(pk=subscription.customer_id).first()
    return mine.order_by("-current", "-pk").first()
