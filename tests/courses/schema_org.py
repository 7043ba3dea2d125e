"""What schema.org and Google ask of a Course and a Book, as far as the site describes them: which properties, and values of which shape.

Sources: https://schema.org/Course, https://schema.org/Book, https://schema.org/Offer,
https://developers.google.com/search/docs/appearance/structured-data/course-info
"""

import re
from collections.abc import Iterator
from typing import Any

URL = re.compile(r"https?://[^\s/]+/\S*")
DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
AMOUNT = re.compile(r"\d+(\.\d{1,3})?")
CURRENCY = re.compile(r"[A-Z]{3}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
TEXT = re.compile(r"(?s).+")
WORK = {
    "name": TEXT, "description": TEXT, "url": URL, "image": URL, "inLanguage": LANGUAGE, "isAccessibleForFree": bool,
    "offers": {"Offer"}, "author": {"Person"}, "about": TEXT, "datePublished": TEXT,
}  # fmt: skip
# For each type: what it must have, and the shape of everything it may have.
TYPES: dict[str, tuple[set[str], dict[str, Any]]] = {
    "Course": (
        {"name", "description", "provider", "offers", "hasCourseInstance", "url"},
        WORK | {"provider": {"Organization"}, "hasCourseInstance": {"CourseInstance"}, "educationalLevel": TEXT},
    ),
    "Book": (
        {"name", "url", "author", "bookFormat", "offers"},
        WORK | {"publisher": {"Organization"}, "bookFormat": URL, "numberOfPages": int},
    ),
    "CourseInstance": ({"courseMode", "courseWorkload"}, {"courseMode": re.compile("online|onsite|blended"), "courseWorkload": DURATION}),
    "Organization": ({"name"}, {"name": TEXT, "url": URL}),
    "Person": ({"name"}, {"name": TEXT}),
    "Offer": (
        {"category", "price", "priceCurrency"},
        {"category": re.compile("Free|Partially Free|Subscription|Paid"), "price": AMOUNT, "priceCurrency": CURRENCY, "url": URL},
    ),
}  # fmt: skip


def faults(data: Any, expected: set[str], path: str = "") -> Iterator[str]:
    """Yield what is wrong with a description of one of the expected types."""
    kind = data.get("@type") if isinstance(data, dict) else None
    if kind not in expected:
        yield f"{path} is {kind}, not one of {expected}"
        return
    needed, known = TYPES[kind]
    yield from (f"{path}{kind} lacks {name}" for name in needed - data.keys())
    for name, value in data.items():
        if name in ("@type", "@context"):
            continue
        if name not in known:
            yield f"{path}{kind} has no property {name}"
            continue
        for each in value if isinstance(value, list) else [value]:
            yield from wrong(each, known[name], f"{path}{kind}.{name}")
        if value == []:
            yield f"{path}{kind}.{name} is empty"


def wrong(value: Any, shape: Any, path: str) -> Iterator[str]:
    if isinstance(shape, set):
        yield from faults(value, shape, f"{path} > ")
    elif isinstance(shape, type):
        if type(value) is not shape:
            yield f"{path} is {value!r}, not a {shape.__name__}"
    elif not isinstance(value, str) or not shape.fullmatch(value):
        yield f"{path} is {value!r}"
