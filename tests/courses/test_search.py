"""Finding by words, on both databases."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from billing.models import Product
from courses.models import Topic
from courses.tasks import refold
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def found(query: str, browser: Client | None = None) -> str:
    response = (browser or Client()).get("/search/", {"q": query})
    assert response.status_code == 200
    return response.content.decode()


def test_16_titles_people_summaries_and_lessons_are_found_and_marked() -> None:
    course = build.course(title="Reading the tide", author="Tomas Penhale", summary="When water comes.")
    build.lesson(course, title="Springs and neaps")
    assert "Reading the <mark>tide</mark>" in found("TIDE")
    assert "<mark>Penhale</mark>" in found("penhale")
    assert "<mark>water</mark>" in found("water")
    assert "<mark>Springs</mark>" in found("springs")
    assert "<mark>tide</mark>" in found("penhale tide")
    assert "Nothing found" in found("penhale nowhere")


def test_16_what_is_locked_is_marked_not_hidden_and_its_text_not_told(
    client_for: type[Client], subscriber: User
) -> None:
    lesson = build.lesson(build.course(title="Tides"), title="Springs", body="quicksand")
    assert f'href="{lesson.get_absolute_url()}"' not in found("springs")
    assert "(locked)" in found("springs")
    assert f'href="{lesson.get_absolute_url()}"' in found("springs", client_for(subscriber))
    assert "Nothing found" in found("quicksand")


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("tdie", "tide"),
        ("raeding", "reading"),
        ("pehnale", "penhale"),
        ("sprngs", "springs"),
        ("navigtaion the tide", "navigation the tide"),
        ("typografphy", "typography"),
        ("READJNG", "reading"),
    ],
)
def test_16_a_slip_of_the_finger_is_put_right(query: str, meant: str) -> None:
    """On any database: the nearest word of what is published is taken, and the page says so."""
    course = build.course(title="Reading the tide", author="Tomas Penhale", summary="Navigation, and typography.")
    build.lesson(course, title="Springs and neaps")
    page = found(query)
    assert f"This is what we have for “{meant}”." in page
    assert f"<mark>{meant.split(maxsplit=1)[0]}" in page.lower()


def test_16_what_is_found_as_written_is_not_put_right() -> None:
    build.ebook(title="The tidy house")
    build.ebook(title="The tide")
    assert "This is what we have" not in found("tide")
    assert ">The tidy house<" not in found("tide")


def test_16_words_of_drafts_are_not_offered_instead() -> None:
    build.ebook(title="Quicksand", state="draft")
    assert "quicksand" not in found("quicksnad").lower().replace("quicksnad", "")


@pytest.mark.parametrize("query", ["eclair", "ÉCLAIR", "e\u0301clair", "strasse", "STRASSE"])
def test_16_accents_and_case_do_not_matter_and_what_was_meant_is_marked(query: str) -> None:
    build.ebook(title="Éclair, E\u0301CLAIR", summary="Straße")
    assert "1 title found" in found(query)
    marks = (
        ["<mark>Éclair</mark>", "<mark>E\u0301CLAIR</mark>"] if "clair" in query.lower() else ["<mark>Straße</mark>"]
    )
    for mark in marks:
        assert mark in found(query)


def test_16_topics_find_their_titles() -> None:
    Topic.objects.create(name="Bread & table", slug="bread").publications.add(build.ebook(title="Keeping a starter"))
    assert "1 title found" in found("bread starter")
    assert "Nothing found" in found("bread margins")


def test_16_what_is_locked_says_what_opens_it(client_for: type[Client], subscriber: User, plan: Product) -> None:
    item = build.item()
    build.price(item, unit_amount=1900, interval="once")
    build.price(plan)
    build.lesson(build.course(title="Tide course"), title="Tide lesson")
    build.ebook(title="Tide book", access="restricted").products.add(item)
    page = " ".join(found("tide").split())
    assert "from $12 a month" in page
    assert "Opens from $12 a month" in page
    assert "$19" in page
    assert "from $12" not in found("tide", client_for(subscriber))


def test_what_is_renamed_is_found_by_its_new_name(now: datetime) -> None:
    course = build.course(title="Before")
    lesson = build.lesson(course, title="Beginning")
    course.title, lesson.title = "Afterwards", "Ending"
    course.save(update_fields=["title"])
    lesson.save(update_fields=["title"])
    for gone, here in (("before", "afterwards"), ("beginning", "ending")):
        assert "Nothing found" in found(gone)
        assert f"<mark>{here.capitalize()}</mark>" in found(here)


def test_a_row_written_behind_our_back_is_found_the_day_after() -> None:
    course = build.course(title="Before")
    lesson = build.lesson(course)
    type(course).objects.update(title="Afterwards")
    type(lesson).objects.update(title="Ending")
    refold.call()
    assert "<mark>Afterwards</mark>" in found("afterwards")
    assert "<mark>Ending</mark>" in found("ending")


@pytest.mark.postgres
def test_16_postgresql_looks_through_its_trigrams() -> None:
    """Where the extension can be made, and this server can, the indexes are there and LIKE uses them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            pytest.skip("no pg_trgm on this server, which is allowed on any machine")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM courses_publication WHERE words LIKE '%tide%'")
        assert "publication_words" in str(cursor.fetchall())


def test_a_title_that_begins_so_comes_first() -> None:
    build.ebook(title="A word on tide", summary="x")
    build.ebook(title="Other", summary="tide")
    build.ebook(title="Tide tables", summary="x")
    page = found("tide")
    assert page.index("tables</a>") < page.index("A word on") < page.index(">Other</a>")


@pytest.mark.parametrize(("title", "query"), [("潮の本", "潮"), ("Övning", "övning"), ("Éclair", "éclair")])
def test_words_of_any_script_are_found(title: str, query: str) -> None:
    build.ebook(title=title)
    assert "1 title found" in found(query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\0",
        "%",
        "_",
        "<script>alert(1)</script>",
        "a" * 5000,
        "( [ \\ *",
        " ".join("abcdefghijkl"),
        "' OR 1=1 --",
    ],
)
def test_nonsense_finds_nothing_and_breaks_nothing(query: str) -> None:
    build.ebook(title="Tide")
    page = found(query)
    assert "<script>alert" not in page
    assert "Tide</a>" not in page
