"""A person's invoices: what they were for, and the click that leads to Stripe's own page of one."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing import gateway
from billing.models import Customer, Invoice
from billing.views.checkout import PATIENCE, HttpResponseSeeOther, unavailable

logger = logging.getLogger(__name__)
PAGE_SIZE = 50


@require_safe
@login_required
def invoices(request: HttpRequest) -> HttpResponse:
    found = Invoice.objects.filter(customer__user=request.user.pk)
    return render(
        request, "accounts/invoices.html", {"page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))}
    )


@require_safe
@login_required
def invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """Lead to Stripe's page of one of this person's invoices. Whoever has its address can read and pay it, so it is asked for now."""
    if not Invoice.objects.filter(stripe_id=invoice_id, customer__user=request.user.pk).exists():
        raise Http404
    try:
        with gateway.within(PATIENCE):
            owner, address = gateway.fetch_invoice_page(invoice_id)
    except gateway.GatewayRefused:
        logger.exception("invoice refused invoice=%s", invoice_id)
        owner = address = ""
    except gateway.GatewayDown as error:
        return unavailable(request, error)
    if not address or not Customer.objects.filter(stripe_id=owner, user=request.user.pk).exists():
        messages.warning(request, _("Stripe has no page for this invoice any more. Please write to us if you need it."))
        return redirect("accounts:home")
    response = HttpResponseSeeOther(address)
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response
