"""The page that offers what opens a title, in place of the title."""

from collections.abc import Sequence

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing import currency
from billing.models import Price, Product
from courses.models import Publication


def products_that_open(publication: Publication) -> list[Product]:
    """Return every active product that opens this title, sold or not: those it names, and for a MEMBERS title all plans."""
    opening = Q(publications=publication)
    if publication.access == Publication.Access.MEMBERS and not publication.is_archived:
        opening |= Q(kind=Product.Kind.PLAN)
    return list(Product.objects.filter(opening, active=True).distinct())


def prices_that_open(publication: Publication) -> list[Price]:
    """Return what is for sale that would open this title: its own products, and for a MEMBERS title any plan. Archived: nothing."""
    if publication.is_archived:
        return []
    opening = Q(product__publications=publication)
    if publication.access == Publication.Access.MEMBERS:
        opening |= Q(product__kind=Product.Kind.PLAN)
    return list(
        Price.objects.for_sale().filter(opening).select_related("product").order_by("unit_amount", "pk").distinct()
    )


def offered(request: HttpRequest, publication: Publication) -> list[Price]:
    """Return what a page offers: in the reader's currency, what is sold outright first, and of each plan its shortest rhythm."""
    prices = prices_that_open(publication)
    chosen = currency.chosen(request, [price.currency for price in sorted(prices, key=lambda price: price.pk)])
    kept: dict[int, Price] = {}
    for price in sorted(currency.in_currency(prices, chosen), key=rank):
        kept.setdefault(price.product_id, price)
    return list(kept.values())


def cheapest_plan(request: HttpRequest) -> Price | None:
    """Return the lowest price of any plan, in the reader's currency."""
    prices = list(Price.objects.for_sale().filter(product__kind=Product.Kind.PLAN).order_by("pk"))
    chosen = currency.chosen(request, [price.currency for price in prices])
    return min(currency.in_currency(prices, chosen), key=lambda price: price.unit_amount, default=None)


def ways_to_open(request: HttpRequest, titles: Sequence[Publication]) -> dict[int, Price]:
    """Return by pk, for those of the titles that can be bought, the lowest price that opens them. One query, none for no titles.

    Prefetch `products`. A plan is named before what opens the title alone: it is the way that opens more.
    """
    named = {product.pk for title in titles for product in title.products.all()}
    if not titles:
        return {}
    sold = Price.objects.for_sale().filter(Q(product__kind=Product.Kind.PLAN) | Q(product__in=named))
    prices = list(sold.select_related("product").order_by("pk"))
    chosen = currency.chosen(request, [price.currency for price in prices])
    cheapest = sorted(prices, key=lambda price: (price.currency != chosen, price.unit_amount, price.pk))
    found = {}
    for title in titles:
        products = {product.pk for product in title.products.all()}
        members = title.access == Publication.Access.MEMBERS
        plans = (price for price in cheapest if members and price.product.kind == Product.Kind.PLAN)
        own = (price for price in cheapest if price.product_id in products)
        if price := next(plans, None) or next(own, None):
            found[title.pk] = price
    return found


def rank(price: Price) -> tuple[bool, int, int]:
    return (
        price.product.kind == Product.Kind.PLAN,
        list(Price.Interval).index(Price.Interval(price.interval)),
        price.unit_amount,
    )


def offer(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Answer 403 with the page that says what opens this title. It never holds a link to the file."""
    context = {"publication": publication, "prices": offered(request, publication)}
    return render(request, "courses/offer.html", context, status=403)
