"""Markdown beside what it becomes: rendered and cleaned by the server, for people who may write, and kept nowhere."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses.models import Lesson
from tests import build

pytestmark = pytest.mark.django_db
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![a](https://evil.example/spy.png)",
    '<a href="x" onclick="alert(1)">a</a>',
    "<iframe src=//evil.example></iframe>",
    "<style>*{display:none}</style>",
    '<svg onload="alert(1)">',
]


@pytest.fixture
def desk(client_for: type[Client], owner: User) -> Client:
    return client_for(owner)


def ask(desk: Client, body: Any) -> Any:
    return desk.post(reverse("admin:courses_markdown"), body, content_type="application/json")


def test_text_comes_back_as_the_site_will_show_it(desk: Client) -> None:
    html = ask(desk, {"text": "# Tide\n\n*now*"}).json()["html"]
    assert html == "<h2>Tide</h2>\n<p><em>now</em></p>\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_it_runs_or_asks_another_site(desk: Client, text: str) -> None:
    html = ask(desk, {"text": text}).json()["html"].lower()
    page = desk.post(reverse("admin:courses_markdown"), {"preview": "body", "body": text}).content.decode().lower()
    shown = page.split('<div class="prose">')[1].split("</div>")[0]
    for bad in (
        "<script",
        "<iframe",
        "<style",
        "<svg",
        "<img src=",
        'href="javascript',
        'href="data',
        'src="https',
        "<a href=x",
    ):
        assert bad not in html
        assert bad not in shown


def test_without_javascript_a_button_shows_the_field_it_stands_by(desk: Client) -> None:
    lesson = build.lesson(body="Old")
    form = desk.get(reverse("admin:courses_lesson_change", args=[lesson.pk])).content.decode()
    assert 'formaction="/admin/courses/lesson/markdown/"' in form
    page = desk.post(reverse("admin:courses_markdown"), {"preview": "body", "body": "**New**", "title": "x"})
    assert "<strong>New</strong>" in page.content.decode()
    assert Lesson.objects.get().body == "Old"


@pytest.mark.parametrize(
    "body", [{"text": 7}, {"text": "x" * 200_001}, {}, [], "x"], ids=["number", "long", "none", "list", "string"]
)
def test_nonsense_is_answered_in_words(desk: Client, body: Any) -> None:
    response = ask(desk, body)
    assert (response.status_code, bool(response.json()["error"])) == (400, True)
