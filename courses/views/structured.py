"""Titles described for search engines, in schema.org's words."""

from typing import Any
from urllib.parse import urljoin

from django.conf import settings

from billing.models import Price
from billing.money import exponent
from courses.models import Course, Ebook, Publication

PROVIDER = {"@type": "Organization", "name": "Lectern"}
FREE = {"@type": "Offer", "price": "0", "priceCurrency": "USD", "category": "Free"}


def course(found: Course, prices: list[Price], seconds: int) -> dict[str, Any]:
    instance = {"@type": "CourseInstance", "courseMode": "online", "courseWorkload": f"PT{seconds}S"}
    return shared(found, prices) | {"@type": "Course", "provider": PROVIDER, "hasCourseInstance": instance}


def ebook(found: Ebook, prices: list[Price]) -> dict[str, Any]:
    data = shared(found, prices) | {"@type": "Book", "bookFormat": "https://schema.org/EBook", "publisher": PROVIDER}
    return data | {"numberOfPages": found.pages} if found.pages else data


def shared(found: Publication, prices: list[Price]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": found.title,
        "description": found.summary or found.subtitle or found.title,
        "url": urljoin(settings.SITE_URL, found.get_absolute_url()),
        "inLanguage": found.language,
        "isAccessibleForFree": found.access == Publication.Access.FREE,
    }
    if found.access == Publication.Access.FREE:
        data["offers"] = [FREE]
    elif prices:
        data["offers"] = [offer(price) for price in prices]
    if found.author:
        data["author"] = {"@type": "Person", "name": found.author}
    if found.cover:
        data["image"] = urljoin(settings.SITE_URL, found.cover.url)
    return data


def offer(price: Price) -> dict[str, Any]:
    digits = exponent(price.currency)
    amount = f"{price.unit_amount / 10**digits:.{digits}f}"
    category = "Paid" if price.interval == Price.Interval.ONCE else "Subscription"
    return {"@type": "Offer", "price": amount, "priceCurrency": price.currency.upper(), "category": category}
