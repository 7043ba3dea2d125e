"""The page of plans: what each costs by the month and by the year, what it includes, and what the reader has already."""

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing import currency
from billing.models import Price, Product
from billing.standing import standing


@require_safe
@never_cache
def plans(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    prices = Prefetch(
        "prices", Price.objects.for_sale().order_by("interval", "interval_count", "unit_amount"), to_attr="offered"
    )
    on_sale = Product.objects.filter(kind=Product.Kind.PLAN, active=True).prefetch_related(prices)
    listed = [plan for plan in on_sale if plan.offered]
    prices_at_hand = sorted((price for plan in listed for price in plan.offered), key=lambda price: price.pk)
    currencies = list(dict.fromkeys(price.currency for price in prices_at_hand))
    chosen = currency.chosen(request, currencies)
    for plan in listed:
        plan.offered = currency.in_currency(plan.offered, chosen)
    context = {
        "plans": listed,
        "currency": chosen,
        "currencies": currencies if len(currencies) > 1 else [],
        "standing": standing(request.user.pk, now=now) if request.user.is_authenticated else None,
    }
    return render(request, "billing/plans.html", context)
