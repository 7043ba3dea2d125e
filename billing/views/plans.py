"""The page of plans: what each costs by the month and by the year, what it includes, and what the reader has already."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing import currency
from billing.models import Price, Product, Subscription
from billing.money import by_year
from billing.standing import standing


@require_safe
@never_cache
def plans(request: HttpRequest) -> HttpResponse:
    listed, currencies, chosen = on_sale(request)
    offered = {price.interval for plan in listed for price in plan.offered}
    rhythms = [each for each in (Price.Interval.MONTH, Price.Interval.YEAR) if each in offered]
    wanted = request.GET.get("interval", "")
    context = {
        "plans": listed,
        "rhythms": rhythms if len(rhythms) > 1 else [],
        "rhythm": wanted if wanted in rhythms else next(iter(rhythms), Price.Interval.MONTH),
        "tried": has_tried(request),
        "taxed": settings.STRIPE_AUTOMATIC_TAX,
        "currency": chosen,
        "currencies": currencies if len(currencies) > 1 else [],
        "standing": standing(request.user.pk, now=timezone.now()) if request.user.is_authenticated else None,
    }
    return render(request, "billing/plans.html", context)


def on_sale(request: HttpRequest) -> tuple[list[Any], list[str], str]:
    """Return the plans with their `offered` prices in the reader's currency, all currencies, and that one."""
    prices = Prefetch(
        "prices", Price.objects.for_sale().order_by("interval", "interval_count", "unit_amount"), to_attr="offered"
    )
    found: list[Any] = list(Product.objects.filter(kind=Product.Kind.PLAN, active=True).prefetch_related(prices))
    listed = [plan for plan in found if plan.offered]
    prices_at_hand = sorted((price for plan in listed for price in plan.offered), key=lambda price: price.pk)
    currencies = list(dict.fromkeys(price.currency for price in prices_at_hand))
    chosen = currency.chosen(request, currencies)
    for plan in listed:
        plan.offered = currency.in_currency(plan.offered, chosen)
        plan.has_both = len({price.interval for price in plan.offered}) > 1
        save_by_the_year(plan.offered)
    return listed, currencies, chosen


def save_by_the_year(prices: list[Price]) -> None:
    """Set `saves` on each yearly price: how much less it is than a year at the plan's monthly price, and how much of it in percent."""
    months = {price.currency: by_year(price) for price in reversed(prices) if price.interval == Price.Interval.MONTH}
    for price in prices:
        year, whole = by_year(price), months.get(price.currency, 0)
        saved = whole - year if price.interval == Price.Interval.YEAR and price.interval_count == 1 else 0
        price.saves = (saved, saved * 100 // whole) if saved > 0 else None  # type: ignore[attr-defined]


def has_tried(request: HttpRequest) -> bool:
    """Return whether this person has subscribed before, and gets no other trial."""
    return request.user.is_authenticated and Subscription.objects.filter(customer__user=request.user.pk).exists()
