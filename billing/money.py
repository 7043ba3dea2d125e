"""Money as people read it. Amounts are whole numbers in the minor unit that Stripe uses, which is not always the currency's own."""

from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency
from django.conf import settings
from django.utils.translation import get_language, gettext, ngettext, to_locale

from billing.models import Price

# Stripe's table ("Supported currencies"). Króna and Ugandan shilling have no cents any more, but Stripe still counts in hundredths.
NO_DECIMALS = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMALS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


def exponent(currency: str) -> int:
    """Return how many decimal places Stripe's minor unit of this currency (lower-case ISO code) stands for."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def formatted(amount: int, currency: str) -> str:
    """Return an amount in minor units in the reader's language: "$12", "€9.50", "¥1,200". Whole amounts lose their zeros."""
    places = exponent(currency)
    value = Decimal(amount).scaleb(-places)
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    decimals = "" if value == value.to_integral_value() else "." + "0" * places
    # The pattern is the language's own; its decimals are Stripe's, because Babel would round a currency that it thinks has none.
    pattern = str(Locale.parse(locale).currency_formats["standard"].pattern).replace(".00", decimals)
    return format_currency(value, currency.upper(), format=pattern, locale=locale, currency_digits=False)


def rhythm(interval: str, count: int) -> str:
    """Return how often an interval of Stripe's comes: "a month", "every 3 months"; "once" for what is none."""
    if interval == "day":
        return ngettext("a day", "every %(count)d days", count) % {"count": count}
    if interval == "week":
        return ngettext("a week", "every %(count)d weeks", count) % {"count": count}
    if interval == "month":
        return ngettext("a month", "every %(count)d months", count) % {"count": count}
    if interval == "year":
        return ngettext("a year", "every %(count)d years", count) % {"count": count}
    return gettext("once")


def by_year(price: Price) -> int:
    """Return what a year at this price costs, in minor units; 0 for what is paid once."""
    times = {Price.Interval.MONTH: 12, Price.Interval.YEAR: 1}
    return price.unit_amount * times.get(Price.Interval(price.interval), 0) // price.interval_count
