"""Who may open what: THE content rule. Every page, download and player asks `decision`, at the moment of the click.

The rule is a list of questions, RULE: `decide` asks them in turn until an answer settles the matter, and what it asked on the way is
part of its decision. So a list of titles (`openable`) and an explanation (courses.why) go the same way as a click. Half-open intervals and
the money rule are billing.entitlements'; nothing outside this module asks it about content.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet, Value

from billing import entitlements
from billing.entitlements import Holding
from billing.models import Product
from billing.prepared import Prepared
from courses.models import File, Lesson, Publication
from courses.models.publications import PublicationQuerySet

NAMED = "named"
Person = AbstractBaseUser | AnonymousUser | None
Item = Publication | Lesson | File
# The products (pk, kind) that a person holds, and the pks of those that a title names.
Keys = tuple[Iterable[tuple[int, str]], set[int]]


class Verdict(Enum):
    """What the asker gets: the thing, a 404, the way to the sign-in page, or the page that offers what opens it (403)."""

    ALLOW = "allow"
    NOT_FOUND = "not found"
    SIGN_IN = "sign in"
    OFFER = "offer"


class Reason(Enum):
    NOTHING_THERE = "no version ready"
    NOT_PUBLISHED = "not published"
    OPEN_TO_ALL = "preview or sample"
    STRANGER = "not signed in"
    SWITCHED_OFF = "account switched off"
    FREE = "free for everybody signed in"
    HELD = "holds a product that opens it"
    NOT_HELD = "holds nothing that opens it"


class Question(Enum):
    READY = "is there something to open"
    PUBLISHED = "is the title published"
    OPEN_TO_ALL = "is it a preview or a sample"
    SIGNED_IN = "is somebody signed in"
    ACTIVE = "is the account switched on"
    FREE = "is the title free"
    HELD = "is a product held that opens it"


@dataclass(frozen=True)
class Decision:
    """`steps` are the questions that were asked, in order, each with its answer; the last one settled it."""

    verdict: Verdict
    reason: Reason
    steps: tuple[tuple[Question, bool], ...] = field(default=(), compare=False)

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be decided. `keys` is called only when the answer hangs on what the person holds."""

    person: Person
    item: Item
    publication: Publication
    now: datetime
    keys: Callable[[Any, Publication], Keys]
    ready: bool = True


def decision(person: Person, item: Item, *, now: datetime, ready: bool = True) -> Decision:
    """Decide whether `person` (or nobody) may open `item` at `now`.

    A Publication stands for its full content. `ready` says that a File has a version to serve, which a click has in hand. At most one
    query, and none for what is not published, open to all, or free.
    """
    return decide(Case(person, item, _publication(item), now, partial(_keys_at_the_click, now=now), ready))


def openable(person: Person, publications: Iterable[Publication], *, now: datetime) -> set[int]:
    """Return the pks of those titles whose full content `person` may open at `now`: `decision` for a list, in one query.

    Prefetch `products` (`Publication.objects.with_products()`), else each title costs another query.
    """

    @cache
    def held(user_id: int) -> list[tuple[int, str]]:
        return list(entitlements.held(user_id, now=now))

    def keys(user_id: int, publication: Publication) -> Keys:
        return held(user_id), {product.pk for product in publication.products.all()}

    return {one.pk for one in publications if decide(Case(person, one, one, now, keys)).allowed}


def opened(person: Person, publications: "PublicationQuerySet", *, now: datetime) -> "PublicationQuerySet":
    """Return those of the titles that `openable` would name, as a query: for a shelf that shows a page of very many.

    It is RULE in SQL, held to it by a test of every person before every title. One query at once, for what the person holds.
    """
    if person is None or not person.is_authenticated or not person.is_active:
        return publications.none()
    held = set(entitlements.held(person.pk, now=now))
    naming = Publication.products.through.objects.filter(product__in={pk for pk, _kind in held}).order_by()
    on_shelves = Q(access=Publication.Access.FREE)
    if any(kind == Product.Kind.PLAN for _pk, kind in held):
        on_shelves |= Q(access=Publication.Access.MEMBERS)
    shelved = ~Q(state=Publication.State.ARCHIVED) & on_shelves
    return publications.reachable(at=now).filter(shelved | Q(pk__in=naming.values("publication")))


def decide(case: Case) -> Decision:
    """Ask the questions of RULE in turn, until an answer settles it."""
    steps: list[tuple[Question, bool]] = []
    for question, ask, yes, no in RULE:
        answer = ask(case)
        steps.append((question, answer))
        if settled := yes if answer else no:
            return Decision(*settled, steps=tuple(steps))
    raise AssertionError("the last question of the rule settles it")


def holdings(person: Person, publication: Publication, *, now: datetime) -> list[tuple[Holding, bool]]:
    """Return every row through which `person` holds or held something, and whether it opens this title at `now`. Five queries."""
    if person is None or person.pk is None:
        return []
    named = {product.pk for product in publication.products.all()}
    found = entitlements.explain(person.pk, now=now)
    return [(one, one.opens and _fits(publication, one.products, named)) for one in found]


def _signed_in(case: Case) -> bool:
    return case.person is not None and case.person.is_authenticated and case.person.pk is not None


def _open_to_all(case: Case) -> bool:
    item = case.item
    if case.publication.is_archived:
        return False
    if isinstance(item, Lesson):
        return item.preview
    if isinstance(item, File):
        return item.role == File.Role.SAMPLE or (item.lesson is not None and item.lesson.preview)
    return False


def _holds_what_opens(case: Case) -> bool:
    held, named = case.keys(case.person.pk if case.person else None, case.publication)
    return any(_opens(case.publication, kind, named=pk in named) for pk, kind in held)


def _fits(publication: Publication, products: Iterable[Product], named: set[int]) -> bool:
    return any(_opens(publication, product.kind, named=product.pk in named) for product in products)


def _opens(publication: Publication, kind: str, *, named: bool) -> bool:
    """Tell whether one held product opens a title: any plan opens a MEMBERS title, and a product that it names opens any.

    An archived title is no part of what a membership opens any more; who holds one of its own products keeps it.
    """
    by_plan = publication.access == Publication.Access.MEMBERS and not publication.is_archived
    return named or (by_plan and kind == Product.Kind.PLAN)


def _keys_at_the_click(user_id: int, publication: Publication, *, now: datetime) -> Keys:
    bounds = entitlements.bounds(now=now)
    rows = HELD_AND_NAMED.rows(user_id=user_id, publication_id=publication.pk, **bounds)
    return [(pk, kind) for pk, kind in rows if kind != NAMED], {pk for pk, kind in rows if kind == NAMED}


def _held_and_named(*, user_id: int, publication_id: int, **bounds: datetime) -> "QuerySet[Any, tuple[int, str]]":
    """The products that a person holds and those that a title names, in one query: a click asks both at once."""
    naming = Publication.products.through.objects.filter(publication=publication_id).order_by()
    held = entitlements.held_between(user_id, **bounds)
    return held.union(naming.values_list("product", Value(NAMED)), all=True)


HELD_AND_NAMED = Prepared(
    _held_and_named, user_id=int, publication_id=int, now=datetime, heard=datetime, forgiven=datetime
)


def _publication(item: Item) -> Publication:
    if isinstance(item, Publication):
        return item
    return item.course if isinstance(item, Lesson) else item.publication


Outcome = tuple[Verdict, Reason] | None
# A question, how it is answered, and what yes and no settle: the rule itself, in the order in which it is asked.
RULE: tuple[tuple[Question, Callable[[Case], bool], Outcome, Outcome], ...] = (
    (Question.READY, lambda case: case.ready, None, (Verdict.NOT_FOUND, Reason.NOTHING_THERE)),
    (
        Question.PUBLISHED,
        lambda case: case.publication.is_published(at=case.now) or case.publication.is_archived,
        None,
        (Verdict.NOT_FOUND, Reason.NOT_PUBLISHED),
    ),
    (Question.OPEN_TO_ALL, _open_to_all, (Verdict.ALLOW, Reason.OPEN_TO_ALL), None),
    (Question.SIGNED_IN, _signed_in, None, (Verdict.SIGN_IN, Reason.STRANGER)),
    (
        Question.ACTIVE,
        lambda case: bool(case.person and case.person.is_active),
        None,
        (Verdict.OFFER, Reason.SWITCHED_OFF),
    ),
    (
        Question.FREE,
        lambda case: case.publication.access == Publication.Access.FREE and not case.publication.is_archived,
        (Verdict.ALLOW, Reason.FREE),
        None,
    ),
    (Question.HELD, _holds_what_opens, (Verdict.ALLOW, Reason.HELD), (Verdict.OFFER, Reason.NOT_HELD)),
)
