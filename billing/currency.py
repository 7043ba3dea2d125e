"""In which currency prices are shown to a reader, where the owner sells in several."""

from collections.abc import Iterable

from babel.numbers import get_territory_currencies
from django.http import HttpRequest

from billing.models import Price

SESSION_KEY = "currency"


def chosen(request: HttpRequest, offered: Iterable[str]) -> str:
    """Return one of `offered` (ISO codes in lower case), or an empty string when there is none.

    What the reader has picked (`?currency=`, then kept in the session) comes first, then the currency of the country that their browser
    names, then the first one offered: the owner's own.
    """
    known = list(dict.fromkeys(offered))
    picked = request.GET.get("currency", "").lower()
    if picked in known:
        request.session[SESSION_KEY] = picked
        return picked
    kept = request.session.get(SESSION_KEY)
    if kept in known:
        return str(kept)
    return next((currency for currency in local(request) if currency in known), known[0] if known else "")


def local(request: HttpRequest) -> list[str]:
    """Return the currencies of the country in the browser's first language, such as GB in "en-GB"."""
    first = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    territory = first.rpartition("-")[2].upper()
    if len(territory) != 2 or not territory.isalpha() or "-" not in first:
        return []
    return [currency.lower() for currency in get_territory_currencies(territory)]


def in_currency(prices: Iterable[Price], currency: str) -> list[Price]:
    """Return the prices in this currency, or all of them where there is none: better a foreign price than no way in."""
    listed = list(prices)
    return [price for price in listed if price.currency == currency] or listed
