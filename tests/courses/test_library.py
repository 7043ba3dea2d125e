"""The member's own shelf."""

from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from courses.models import Progress, Publication
from tests import build

pytestmark = pytest.mark.django_db


def test_a_stranger_is_asked_to_sign_in_and_comes_back() -> None:
    assert Client().get("/library/").headers["Location"] == "/account/login/?next=/library/"


def test_everybody_finds_what_is_open_to_them_and_only_that(
    client_for: type[Client], subscriber: User, newcomer: User, lapsed: User
) -> None:
    build.course(title="For members")
    build.ebook(title="For all", access="free")
    build.ebook(title="By itself", access="restricted")
    pages = {person: client_for(person).get("/library/").content.decode() for person in (subscriber, newcomer, lapsed)}
    assert "For members" in pages[subscriber]
    for person, page in pages.items():
        assert "For all" in page
        assert "By itself" not in page
        if person != subscriber:
            assert "For members</a>" not in page
            assert "See the plans" in page


def test_a_member_sees_their_place_their_progress_and_their_plan(client_for: type[Client], subscriber: User) -> None:
    course = build.course()
    begun, done = build.lesson(course, title="Begun", seconds=900), build.lesson(course, title="Finished", seconds=900)
    Progress.objects.create(user=subscriber, lesson=begun, position=754)
    Progress.objects.create(user=subscriber, lesson=done, position=890, completed_at=course.created_at)
    page = client_for(subscriber).get("/library/").content.decode()
    assert "Continue at 12:34" in page
    assert ": Finished" not in page
    assert "1 of 2 lessons done" in page
    assert "renews on" in page


def test_a_large_library_has_pages(client_for: type[Client], subscriber: User) -> None:
    for number in range(26):
        build.ebook(title=f"Book {number:02}")
    browser = client_for(subscriber)
    assert "All 26 of your ebooks" in browser.get("/library/").content.decode()
    assert "Page 2 of 2" in browser.get("/library/?kind=ebook&page=2").content.decode()
    assert browser.get("/library/?kind=nonsense").status_code == 200


def test_the_latest_of_both_kinds_come_first(client_for: type[Client], subscriber: User) -> None:
    course, book = build.course(title="Older"), build.ebook(title="Newer")
    assert course.published_at < book.published_at
    page = client_for(subscriber).get("/library/")
    assert [title.title for title in page.context["newest"]] == ["Newer", "Older"]


@pytest.mark.both
@pytest.mark.parametrize("path", ["/library/", "/library/?kind=ebook", "/library/?kind=course&page=2"])
def test_a_library_fetches_no_more_than_it_shows_however_much_there_is(
    client_for: type[Client], subscriber: User, path: str
) -> None:
    browser = client_for(subscriber)

    def asked() -> tuple[int, int]:
        """Return how many queries the page asked, and how many titles were made of their rows."""
        seen: list[Any] = []

        def count(sender: type[models.Model], **_: Any) -> None:
            if issubclass(sender, Publication):
                seen.append(sender)

        models.signals.post_init.connect(count)
        try:
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(path).status_code == 200
        finally:
            models.signals.post_init.disconnect(count)
        return len(queries), len(seen)

    def more(number: int) -> None:
        for _ in range(number):
            build.course()
            build.ebook()

    more(50)
    asked()  # The first request of a session keeps it.
    few = asked()
    more(40)
    assert asked() == few
    assert few[0] <= 16
    assert few[1] <= 24
