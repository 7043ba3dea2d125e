"""Finding titles and lessons by words: in any case, with and without accents, and with a slip of the finger.

Every word has to be found somewhere in the title, the people, the summary or the name of a topic; of a lesson in its title alone, for a
hit in its text would tell what stands in it. Only if nothing is found are words put right, each by the nearest word of what is published.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, LessThan

from courses.models import Lesson, Publication, Topic
from courses.models.publications import visible
from courses.words import fold, nearest, pieces

LONGEST, MOST_WORDS, LESSONS_SHOWN = 100, 6, 20
# How many texts are read at most to find the word that was meant.
READ = 3000
MARKS = ".,:;!?()[]“”\"'"


@dataclass
class Found:
    """Titles by their pks, the best first; `words` are to be marked, and `instead` says that they are not quite those asked for."""

    words: list[str]
    titles: list[int]
    lessons: list[Lesson]
    instead: bool = False


def words_of(query: str) -> list[str]:
    return fold(query[:LONGEST].replace("\0", " ")).split()[:MOST_WORDS]


def find(words: list[str], *, now: datetime, instead: bool = False) -> Found:
    """Return which published titles and lessons hold every word, or else every word put right: 4 queries, or 8 and 2 for each word."""
    topics = [(pk, fold(name)) for pk, name in Topic.objects.values_list("pk", "name")]
    held = Publication.objects.published(at=now).filter(all_of(words, topics)).annotate(rank=rank(words))
    titles = list(held.order_by("-rank", "-published_at", "pk").values_list("pk", flat=True))
    lessons = lessons_holding(words, now=now)
    if not instead and not titles and not lessons:
        meant = put_right(words, [name for _, name in topics], now=now)
        if meant and meant != words:
            return find(meant, now=now, instead=True)
    return Found(words, titles, lessons, instead)


def all_of(words: list[str], topics: list[tuple[int, str]]) -> Q:
    """Every word stands in what a title is found by, or in the name of one of its topics."""
    condition = Q()
    through = Publication.topics.through.objects.order_by()
    for word in words:
        named = [pk for pk, name in topics if word in name]
        here = Q(words__contains=word)
        if named:
            here |= Q(pk__in=through.filter(topic__in=named).values("publication"))
        condition &= here
    return condition


def rank(words: list[str]) -> Case:
    """Order hits: a title that begins so, then one that holds all words, then one that holds some, then the rest."""
    every, some = Q(), Q()
    for word in words:
        # The title is the first line.
        at = StrIndex(F("words"), Value(word))
        in_title = Q(GreaterThan(at, 0), LessThan(at, StrIndex(F("words"), Value("\n"))))
        every &= in_title
        some |= in_title
    return Case(
        When(words__startswith=" ".join(words), then=Value(4)),
        When(every, then=Value(3)),
        When(some, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )


def lessons_holding(words: list[str], *, now: datetime) -> list[Lesson]:
    """Return the first lessons of published courses whose titles hold every word."""
    condition = visible(at=now, through="course__")
    for word in words:
        condition &= Q(words__contains=word)
    first = Lesson.objects.filter(condition).order_by("course__title", "position", "pk")
    pks = list(first.values_list("pk", flat=True)[:LESSONS_SHOWN])
    rows = Lesson.objects.filter(pk__in=pks).defer("body", "course__description") if pks else Lesson.objects.none()
    return sorted(
        rows.select_related("course").prefetch_related("course__products"), key=lambda lesson: pks.index(lesson.pk)
    )


def put_right(words: list[str], topics: list[str], *, now: datetime) -> list[str]:
    """Return the words, each that stands nowhere replaced by the nearest one that does; nothing when one has no such neighbour."""
    meant = [one_put_right(word, topics, now=now) for word in words]
    return [word for word in meant if word] if all(meant) else []


def one_put_right(word: str, topics: list[str], *, now: datetime) -> str | None:
    """Return the word itself where it stands somewhere in what is published, else the nearest one that does."""
    likely = Q(words__contains=word)
    for piece in pieces(word):
        likely |= Q(words__contains=piece)
    titles = Publication.objects.published(at=now).filter(likely).order_by().values_list("words", flat=True)
    lessons = Lesson.objects.filter(likely, visible(at=now, through="course__")).order_by()
    texts = [*topics, *titles[:READ], *lessons.values_list("words", flat=True)[:READ]]
    if any(word in text for text in texts):
        return word
    return nearest(word, {each.strip(MARKS) for text in texts for each in text.split()})
