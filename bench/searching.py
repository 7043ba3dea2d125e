"""Search and the catalogue with 10,000 titles and 50,000 lessons, beside a page of the same site that asks for nothing.

python -m bench searching      on PostgreSQL, and on SQLite in a process of its own
"""

import random
import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.pages import analyse, batches, on_both, seconds
from bench.report import Figure
from courses.models import Lesson, Publication, Section, Topic
from courses.words import fold
from tests import build

TITLES, LESSONS, ROUNDS = 10_000, 5, 9
LIMIT = 200  # milliseconds
FLOOR = "/search/"
SYLLABLES = "anbercordalenfingorhalisjunkellormarnorostperquinrosseltorunverwilxanyorzel"
PAGES = {
    "word": "/search/?q=navigation",
    "two_words": "/search/?q=navigation+anber",
    "common": "/search/?q=the",
    "slip": "/search/?q=navigatoin",
    "nothing": "/search/?q=zzzzyyyyxxxx",
    "courses": "/courses/",
    "longest": "/courses/?sort=longest&length=medium&format=video&level=beginner",
}


def fill(now: datetime) -> None:
    """Make titles of drawn words, half of them courses, in twelve topics; the numbers are drawn from a fixed seed."""
    draw = random.Random(7)

    def words(count: int) -> str:
        return " ".join(SYLLABLES[(at := draw.randrange(60)) : at + 5] + draw.choice(SYLLABLES) for _ in range(count))

    def titles() -> Iterator[Publication]:
        for number in range(TITLES):
            subject = "Navigation for the " if number % 100 == 0 else "The "
            one = Publication(
                kind="course" if number % 2 else "ebook", slug=f"t{number}", title=f"{subject}{words(3)}", author=words(2),
                summary=words(30), description=words(200), state="published",
                published_at=now - draw.random() * timedelta(days=900),
                level=draw.choice(["all", "beginner", "advanced"]), access=draw.choice(["free", "members", "members"]),
            )  # fmt: skip
            one.words = one.folded()
            yield one

    batches(titles(), Publication)
    with connection.cursor() as cursor:
        # bulk_create writes no row that extends another.
        of = "SELECT id{more} FROM courses_publication WHERE kind = "
        cursor.execute(f"INSERT INTO courses_course (publication_ptr_id) {of.format(more='')} 'course'")
        cursor.execute(f"INSERT INTO courses_ebook (publication_ptr_id, pages) {of.format(more=', 120')} 'ebook'")
    courses = list(Publication.objects.filter(kind="course").values_list("pk", flat=True))
    batches((Section(course_id=pk, title="All", position=1) for pk in courses), Section)
    sections = list(Section.objects.values_list("pk", "course_id"))

    def lessons() -> Iterator[Lesson]:
        for section, course in sections:
            for number in range(LESSONS * 2):
                title = words(4)
                yield Lesson(
                    section_id=section, course_id=course, slug=f"l{number}", title=title, words=fold(title), position=number + 1,
                    body=words(50), seconds=draw.randrange(60, 1200),
                )  # fmt: skip

    batches(lessons(), Lesson)
    topics = [Topic.objects.create(name=f"Topic {words(1)} {number}", slug=f"topic-{number}") for number in range(12)]
    through = Publication.topics.through
    pks = list(Publication.objects.values_list("pk", flat=True))
    batches((through(publication_id=pk, topic_id=draw.choice(topics).pk) for pk in pks), through)
    build.price(build.plan())


def timed(name: str) -> list[Figure]:
    """Fill the database of this process, and return each page's times."""
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    fill(datetime.now(UTC))
    analyse()
    browser, found = Client(), []
    beside = f"the search page before a search; {TITLES} titles, {TITLES * LESSONS} lessons"
    for page, path in PAGES.items():
        seconds(browser, path), seconds(browser, FLOOR)
        pairs = [(seconds(browser, path), seconds(browser, FLOOR)) for _ in range(ROUNDS)]
        called = f"search_{page}_{name}"
        ratio = statistics.median(shown[1] / bare[1] for shown, bare in pairs)
        found.append(Figure(f"{called}_cpu_ratio", ratio, "ratio", beside, ROUNDS))
        for place, kind in enumerate(("wall", "cpu")):
            value = 1000 * statistics.median(shown[place] for shown, _ in pairs)
            found.append(Figure(f"{called}_{kind}", value, "ms", f"{LIMIT} ms", ROUNDS))
        with CaptureQueriesContext(connection) as captured:
            browser.get(path)
        found.append(Figure(f"{called}_queries", len(captured), "queries", "any number of titles", 1))
        if "--queries" in sys.argv:
            for query in sorted(captured.captured_queries, key=lambda query: -float(query["time"]))[:4]:
                print(page, query["time"], query["sql"][:400])
    return found


def measure() -> list[Figure]:
    return on_both("searching", timed)
