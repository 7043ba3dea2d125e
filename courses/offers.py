"""The page that offers what opens a title, in place of the title."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.models import Price, Product
from courses.models import Publication


def prices_that_open(publication: Publication) -> list[Price]:
    """Return what is for sale that would open this title: its own products, and for a MEMBERS title any plan."""
    opening = Q(product__publications=publication)
    if publication.access == Publication.Access.MEMBERS:
        opening |= Q(product__kind=Product.Kind.PLAN)
    return list(
        Price.objects.for_sale().filter(opening).select_related("product").order_by("unit_amount", "pk").distinct()
    )


def offer(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Answer 403 with the page that says what opens this title. It never holds a link to the file."""
    context = {"publication": publication, "prices": prices_that_open(publication)}
    return render(request, "courses/offer.html", context, status=403)
