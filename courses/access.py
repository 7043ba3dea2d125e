"""Who may open what: THE content rule. Every page, download and player asks `decision`, at the moment of the click.

Half-open intervals and the money rule are billing.entitlements'; nothing outside this module asks it about content.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet, Value

from billing import entitlements
from billing.models import Product
from billing.prepared import Prepared
from courses.models import File, Lesson, Publication

NAMED = "named"
Person = AbstractBaseUser | AnonymousUser | None


class Verdict(Enum):
    """What the asker gets: the thing, a 404, the way to the sign-in page, or the page that offers what opens it (403)."""

    ALLOW = "allow"
    NOT_FOUND = "not found"
    SIGN_IN = "sign in"
    OFFER = "offer"


class Reason(Enum):
    NOT_PUBLISHED = "not published"
    OPEN_TO_ALL = "preview or sample"
    STRANGER = "not signed in"
    SWITCHED_OFF = "account switched off"
    FREE = "free for everybody signed in"
    HELD = "holds a product that opens it"
    NOT_HELD = "holds nothing that opens it"


@dataclass(frozen=True)
class Decision:
    verdict: Verdict
    reason: Reason

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOW


def decision(person: Person, item: Publication | Lesson | File, *, now: datetime) -> Decision:
    """Decide whether `person` (or nobody) may open `item` at `now`.

    A Publication stands for its full content. At most one query, and none for what is not published, open to all, or free.
    """
    publication = _publication(item)
    if not publication.is_published(at=now):
        return Decision(Verdict.NOT_FOUND, Reason.NOT_PUBLISHED)
    if _open_to_all(item):
        return Decision(Verdict.ALLOW, Reason.OPEN_TO_ALL)
    if person is None or not person.is_authenticated or person.pk is None:
        return Decision(Verdict.SIGN_IN, Reason.STRANGER)
    if not person.is_active:
        return Decision(Verdict.OFFER, Reason.SWITCHED_OFF)
    if publication.access == Publication.Access.FREE:
        return Decision(Verdict.ALLOW, Reason.FREE)
    if _holds_what_opens(person.pk, publication, now=now):
        return Decision(Verdict.ALLOW, Reason.HELD)
    return Decision(Verdict.OFFER, Reason.NOT_HELD)


def openable(person: Person, publications: Iterable[Publication], *, now: datetime) -> set[int]:
    """Return the pks of those titles whose full content `person` may open at `now`: `decision` for a list, in one query.

    Prefetch `products` (`Publication.objects.with_products()`), else each title costs another query.
    """
    if person is None or not person.is_authenticated or not person.is_active:
        return set()
    held = dict(entitlements.held(person.pk, now=now))
    return {
        publication.pk
        for publication in publications
        if publication.is_published(at=now)
        and (
            publication.access == Publication.Access.FREE
            or any(_opens(publication, kind, named=pk in _named(publication)) for pk, kind in held.items())
        )
    }


def _holds_what_opens(user_id: int, publication: Publication, *, now: datetime) -> bool:
    bounds = entitlements.bounds(now=now)
    rows = set(HELD_AND_NAMED.rows(user_id=user_id, publication_id=publication.pk, **bounds))
    named = {pk for pk, kind in rows if kind == NAMED}
    return any(_opens(publication, kind, named=pk in named) for pk, kind in rows if kind != NAMED)


def _held_and_named(*, user_id: int, publication_id: int, **bounds: datetime) -> "QuerySet[Any, tuple[int, str]]":
    """The products that a person holds and those that a title names, in one query: a click asks both at once."""
    naming = Publication.products.through.objects.filter(publication=publication_id).order_by()
    held = entitlements.held_between(user_id, **bounds)
    return held.union(naming.values_list("product", Value(NAMED)), all=True)


HELD_AND_NAMED = Prepared(
    _held_and_named, user_id=int, publication_id=int, now=datetime, heard=datetime, forgiven=datetime
)


def _opens(publication: Publication, kind: str, *, named: bool) -> bool:
    """Tell whether one held product opens a title: any plan opens a MEMBERS title, and a product that it names opens any."""
    return named or (publication.access == Publication.Access.MEMBERS and kind == Product.Kind.PLAN)


def _named(publication: Publication) -> set[int]:
    return {product.pk for product in publication.products.all()}


def _publication(item: Publication | Lesson | File) -> Publication:
    if isinstance(item, Publication):
        return item
    return item.course if isinstance(item, Lesson) else item.publication


def _open_to_all(item: Publication | Lesson | File) -> bool:
    if isinstance(item, Lesson):
        return item.preview
    if isinstance(item, File):
        return item.role == File.Role.SAMPLE or (item.lesson is not None and item.lesson.preview)
    return False
