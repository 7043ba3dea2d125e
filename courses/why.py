"""Why somebody can or cannot open something: what `access.decide` asked, put into words, with every row that might have opened it.

Nothing is decided here. The steps are those of the very decision that a click would get at that moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext as _

from billing import reasons
from billing.reasons import Way, moment
from courses import access, serving
from courses.access import Decision, Item, Person, Question, Reason
from courses.models import File, Lesson, Publication
from courses.offers import products_that_open

State = Publication.State


@dataclass(frozen=True)
class Step:
    """A question of the rule. `yes` is None where an earlier answer had settled the matter."""

    question: str
    yes: bool | None
    detail: str
    settled: bool


@dataclass(frozen=True)
class Chain:
    """The whole explanation. `ways` pairs each row with whether it opens this very item; `cures` are what would open it."""

    decision: Decision
    sentence: str
    steps: list[Step]
    ways: list[tuple[Way, bool]]
    cures: list[str]


def chain(person: Person, item: Item, *, now: datetime) -> Chain:
    """Decide as a click at `now` would, and say how that came about."""
    publication = title_of(item)
    ready = not isinstance(item, File) or serving.newest_ready(item.pk) is not None
    decided = access.decision(person, item, now=now, ready=ready)
    answers = dict(decided.steps)
    last = decided.steps[-1][0]
    steps = [
        Step(str(ask), answers.get(question), detail(person, item) if question in answers else "", question is last)
        for question, (ask, detail) in words().items()
    ]
    ways = [(reasons.way(holding, now=now), opens) for holding, opens in access.holdings(person, publication, now=now)]
    return Chain(decided, sentence(decided.reason, publication), steps, ways, cures(decided.reason, publication))


def find(name: str) -> Item | None:
    """Return the title, lesson or file that a name means: a slug, course-slug/lesson-slug, or a file's UUID; None for none."""
    try:
        file = UUID(name)
    except ValueError:
        parts = [part for part in name.strip("/").split("/") if part not in ("courses", "ebooks")]
        if len(parts) == 2:
            return Lesson.objects.select_related("course").filter(course__slug=parts[0], slug=parts[1]).first()
        kind = {"courses": "course", "ebooks": "ebook"}.get(name.strip("/").split("/")[0])
        titles = Publication.objects.filter(slug=parts[0] if parts else "", **({"kind": kind} if kind else {}))
        return titles.order_by("kind").first()
    return File.objects.select_related("publication", "lesson").filter(pk=file).first()


def title_of(item: Item) -> Publication:
    if isinstance(item, Publication):
        return item
    return item.course if isinstance(item, Lesson) else item.publication


def sentence(reason: Reason, publication: Publication) -> str:
    told = {
        Reason.NOTHING_THERE: _("No: the file has no version that is ready."),
        Reason.NOT_PUBLISHED: _("No: “%(title)s” is not published."),
        Reason.OPEN_TO_ALL: _("Yes: anybody may open it, signed in or not."),
        Reason.STRANGER: _("No: nobody is signed in."),
        Reason.SWITCHED_OFF: _("No: the account is switched off."),
        Reason.FREE: _("Yes: “%(title)s” is free for everybody who is signed in."),
        Reason.HELD: _("Yes: they hold something that opens “%(title)s”."),
        Reason.NOT_HELD: _("No: they hold nothing that opens “%(title)s” now."),
    }
    return told[reason] % {"title": publication.title} if "%(title)s" in told[reason] else told[reason]


def cures(reason: Reason, publication: Publication) -> list[str]:
    """Return what would open it, each as a sentence; nothing where it is open."""
    if reason is Reason.NOTHING_THERE:
        return [_("Finish the upload of the file, or upload it again.")]
    if reason is Reason.NOT_PUBLISHED:
        if publication.state == State.SCHEDULED and publication.published_at:
            return [_("It appears by itself %(date)s.") % {"date": moment(publication.published_at)}]
        return [_("Publish the title.")]
    if reason is Reason.STRANGER:
        return [_("Sign in.")]
    if reason is Reason.SWITCHED_OFF:
        return [_("Switch the account on again, on the person’s page.")]
    if reason is not Reason.NOT_HELD:
        return []
    products = [str(product) for product in products_that_open(publication)]
    if not products:
        return [_("Nothing that is on offer opens it: name a product on the title, or change who may open it.")]
    named = ", ".join(products)
    return [_("Any of these products, bought or given: %(products)s.") % {"products": named}]


# --- Words for the questions ------------------------------------------------------------------

Detail = Callable[[Person, Item], str]


def words() -> dict[Question, tuple[str, Detail]]:
    """Return each question of the rule in words, in its order, with what says more about its answer."""
    return {
        Question.READY: (_("Is there something to open?"), _about_version),
        Question.PUBLISHED: (_("Is the title published?"), _about_state),
        Question.OPEN_TO_ALL: (_("Is it open to everybody?"), _about_openness),
        Question.SIGNED_IN: (_("Is somebody signed in?"), _about_person),
        Question.ACTIVE: (_("Is the account switched on?"), _about_account),
        Question.FREE: (_("Is the title free for everybody signed in?"), _about_access),
        Question.HELD: (_("Do they hold a product that opens it?"), _about_products),
    }


def _about_version(person: Person, item: Item) -> str:
    if not isinstance(item, File):
        return _("A title or a lesson is a page, and is always there.")
    version = serving.newest_ready(item.pk)
    return _("The version that serves: %(id)s.") % {"id": version.pk} if version else _("No version is ready.")


def _about_state(person: Person, item: Item) -> str:
    title = title_of(item)
    date = moment(title.published_at)
    return str(format_lazy("{}: {}", title.get_state_display(), date)) if date else str(title.get_state_display())


def _about_openness(person: Person, item: Item) -> str:
    if isinstance(item, Lesson):
        return _("A preview lesson.") if item.preview else _("The lesson is no preview.")
    if isinstance(item, File):
        preview = item.lesson is not None and item.lesson.preview
        return _("A file of a preview lesson.") if preview else item.get_role_display()
    return _("The title’s full content is asked for.")


def _about_person(person: Person, item: Item) -> str:
    return _("Supposing that they are.") if person is not None and person.pk else _("A visitor.")


def _about_account(person: Person, item: Item) -> str:
    return _("Switched on.") if person is not None and person.is_active else _("Switched off.")


def _about_access(person: Person, item: Item) -> str:
    return str(title_of(item).get_access_display())


def _about_products(person: Person, item: Item) -> str:
    named = [str(product) for product in products_that_open(title_of(item))]
    return _("Opened by: %(products)s.") % {"products": ", ".join(named) if named else _("nothing")}
