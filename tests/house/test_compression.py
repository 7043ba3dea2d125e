"""What is sent compressed, and what never is: a length must tell nobody a secret (BREACH)."""

import gzip
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests import build

pytestmark = pytest.mark.django_db
ZIPPED: Any = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("path", ["/", "/courses/", "/ebooks/", "/search/?q=title", "/sitemap.xml", "/robots.txt"])
def test_public_pages_are_compressed_for_whoever_can_read_it(path: str) -> None:
    for _ in range(6):
        build.course(summary="About tides, and the moon that makes them.")
    plain, packed = Client().get(path), Client().get(path, headers=ZIPPED)
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content)
    assert "Content-Encoding" not in plain
    assert all("Accept-Encoding" in answer["Vary"] for answer in (plain, packed))


def test_the_length_of_a_page_with_a_form_differs_from_time_to_time(client_for: type[Client], subscriber: User) -> None:
    lesson = build.lesson(build.course())
    browser = client_for(subscriber)
    answers = [browser.get(lesson.get_absolute_url(), headers=ZIPPED) for _ in range(12)]
    assert {answer["Content-Encoding"] for answer in answers} == {"gzip"}
    assert len({len(answer.content) for answer in answers}) > 3


def test_what_holds_a_secret_is_never_compressed(client_for: type[Client], subscriber: User) -> None:
    book = build.ebook(description="A long one. " * 60)
    file = build.file(book)
    browser = client_for(subscriber)
    answers = [
        browser.get("/account/", headers=ZIPPED),
        browser.get("/account/login/code/", headers=ZIPPED),
        Client().get("/account/login/", headers=ZIPPED),
        browser.get(f"{file.get_absolute_url()}play/", headers=ZIPPED),
        browser.post(f"/downloads/ebook/{book.slug}/list/", {"for": "curl"}, headers=ZIPPED),
    ]
    for answer in answers:
        assert "no-store" in answer["Cache-Control"], answer.request["PATH_INFO"]
        assert "Content-Encoding" not in answer, answer.request["PATH_INFO"]
    assert b"/lists/" in answers[-1].content
