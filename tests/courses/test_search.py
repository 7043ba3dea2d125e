"""Finding by words, on both databases."""

import pytest
from django.test import Client

from accounts.models import User
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
