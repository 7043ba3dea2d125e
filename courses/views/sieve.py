"""What a list can be narrowed to and ordered by. All of it stands in the address, so that a list can be linked and shared."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as __

from courses.models import File, FileVersion, Lesson, Publication, Topic

Words = str | Promise
Options = dict[str, Words]
COURSE, EBOOK = Publication.Kind.COURSE, Publication.Kind.EBOOK
HOUR = 3600

SORTS: Options = {
    "newest": __("Newest first"),
    "title": __("By title"),
    "shortest": __("Shortest first"),
    "longest": __("Longest first"),
}
LEVELS: Options = {value: name for value, name in Publication.Level.choices if value != Publication.Level.ALL}
# The least and the most, in seconds of a course and in pages of a book; the most is left out.
LENGTHS: dict[str, dict[str, tuple[Words, int, int | None]]] = {
    COURSE: {
        "short": (__("Under an hour"), 0, HOUR),
        "medium": (__("1 to 3 hours"), HOUR, 3 * HOUR),
        "long": (__("3 hours and more"), 3 * HOUR, None),
    },
    EBOOK: {
        "short": (__("Under 100 pages"), 0, 100),
        "medium": (__("100 to 250 pages"), 100, 250),
        "long": (__("250 pages and more"), 250, None),
    },
}
FORMATS: dict[str, Options] = {
    COURSE: {"video": __("Video"), "audio": __("Audio"), "text": __("To read"), "files": __("With files")},
    EBOOK: {"pdf": "PDF", "epub": "EPUB"},
}
BOOK_TYPES = {"pdf": "application/pdf", "epub": "application/epub+zip"}


@dataclass(frozen=True)
class Choice:
    """One thing to choose: its name in the address, its label, what stands for anything, and (value, name, is chosen)."""

    name: str
    label: str
    anything: str
    options: list[tuple[str, Words, bool]]


def chosen(query: QueryDict, kind: str, topics: list[Topic]) -> dict[str, str]:
    """Read the address; what means nothing here is dropped."""
    known = {
        "topic": {topic.slug for topic in topics},
        "level": LEVELS,
        "length": LENGTHS[kind],
        "format": FORMATS[kind],
    }
    found = {name: query.get(name, "") for name in known}
    kept = {name: value if value in known[name] else "" for name, value in found.items()}
    sort = query.get("sort", "")
    return kept | {"free": "1" if query.get("free") == "1" else "", "sort": sort if sort in SORTS else "newest"}


def sifted(titles: "QuerySet[Publication]", kind: str, wanted: dict[str, str]) -> "QuerySet[Publication]":
    """Return those titles that fit, in the order that was chosen."""
    conditions = Q()
    if wanted["topic"]:
        conditions &= Q(topics__slug=wanted["topic"])
    if wanted["level"]:
        conditions &= Q(level__in=(wanted["level"], Publication.Level.ALL))
    if wanted["free"]:
        conditions &= Q(access=Publication.Access.FREE)
    if wanted["format"]:
        conditions &= Q(has_format(wanted["format"]))
    if wanted["length"] or wanted["sort"] in ("shortest", "longest"):
        titles = titles.annotate(length=length(kind))
    if wanted["length"]:
        _name, least, most = LENGTHS[kind][wanted["length"]]
        conditions &= Q(length__gte=least) if most is None else Q(length__gte=least, length__lt=most)
    orders: dict[str, tuple[Any, ...]] = {
        "newest": ("-published_at", "pk"),
        "title": ("title", "pk"),
        "shortest": ("length", "pk"),
        "longest": ("-length", "pk"),
    }
    return titles.filter(conditions).order_by(*orders[wanted["sort"]])


def length(kind: str) -> Coalesce:
    """A course is as long as its lessons, in seconds; a book has pages."""
    if kind == EBOOK:
        return Coalesce(F("ebook__pages"), 0)
    lessons = Lesson.objects.filter(course=OuterRef("pk")).order_by().values("course")
    return Coalesce(Subquery(lessons.annotate(total=Sum("seconds")).values("total")), 0)


def has_format(name: str) -> Exists:
    if name == "text":
        played = File.objects.filter(lesson=OuterRef("pk"), role=File.Role.MEDIA)
        return Exists(Lesson.objects.filter(~Exists(played), course=OuterRef("pk")).exclude(body=""))
    ready = FileVersion.objects.filter(file__publication=OuterRef("pk"), state=FileVersion.State.READY)
    if name == "files":
        return Exists(ready.filter(file__role=File.Role.ATTACHMENT))
    if name in BOOK_TYPES:
        return Exists(ready.filter(file__role=File.Role.BOOK, content_type=BOOK_TYPES[name]))
    return Exists(ready.filter(file__role=File.Role.MEDIA, content_type__startswith=f"{name}/"))


def choices(kind: str, topics: list[Topic], wanted: dict[str, str]) -> list[Choice]:
    """Return what the form offers."""
    found = [
        Choice(
            "topic", _("Topic"), _("All topics"), options({topic.slug: topic.name for topic in topics}, wanted["topic"])
        ),
        Choice("level", _("Level"), _("Any level"), options(LEVELS, wanted["level"])),
        Choice("length", _("Length"), _("Any length"), options(names_of_lengths(kind), wanted["length"])),
        Choice("format", _("Format"), _("Any format"), options(FORMATS[kind], wanted["format"])),
        Choice("sort", _("Order"), "", options(SORTS, wanted["sort"])),
    ]
    return [choice for choice in found if choice.options]


def names_of_lengths(kind: str) -> Options:
    return {value: name for value, (name, _least, _most) in LENGTHS[kind].items()}


def options(known: Options, wanted: str) -> list[tuple[str, Words, bool]]:
    return [(value, name, value == wanted) for value, name in known.items()]


def chips(query: QueryDict, kind: str, topics: list[Topic], wanted: dict[str, str]) -> list[tuple[Words, str]]:
    """Return what narrows the list now, each with the address that takes it away."""
    names: dict[str, Options] = {
        "topic": {topic.slug: topic.name for topic in topics},
        "level": LEVELS,
        "length": names_of_lengths(kind),
        "format": FORMATS[kind],
        "free": {"1": _("Free")},
    }
    return [(names[name][wanted[name]], without(query, name)) for name in names if wanted[name]]


def without(query: QueryDict, name: str) -> str:
    """Return the rest of the address without one choice, and from its first page."""
    rest = query.copy()
    rest.pop(name, None)
    rest.pop("page", None)
    for empty in [key for key in rest if not rest[key]]:
        del rest[empty]
    return f"?{rest.urlencode()}"
