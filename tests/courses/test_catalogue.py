"""The front page and the lists, as strangers and members see them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import Product
from courses.models import Progress, Topic
from tests import build

pytestmark = pytest.mark.django_db
PAGES = ["/", "/courses/", "/ebooks/", "/topics/tides/", "/search/?q=title"]


@pytest.fixture
def tides() -> Topic:
    return Topic.objects.create(name="Tides", slug="tides")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("state", "days"), [("draft", -1), ("withdrawn", -1), ("scheduled", 1), ("published", 1)])
def test_nobody_finds_what_is_not_published(tides: Topic, now: datetime, path: str, state: str, days: int) -> None:
    for make in (build.course, build.ebook):
        make(title="Title hidden", state=state, published_at=now + timedelta(days=days)).topics.add(tides)
    response = Client().get(path)
    assert response.status_code == 200
    assert "hidden" not in response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_anybody_finds_what_was_scheduled_and_is_due(tides: Topic, now: datetime, path: str) -> None:
    for make in (build.course, build.ebook):
        make(title="Title shown", state="scheduled", published_at=now - timedelta(seconds=5)).topics.add(tides)
    assert "Title shown" in Client().get(path).content.decode()


@pytest.mark.parametrize("path", [*PAGES, "/library/"])
def test_queries_do_not_grow_with_the_catalogue(
    client_for: type[Client], subscriber: User, tides: Topic, path: str
) -> None:
    def one_more() -> None:
        course = build.course()
        course.topics.add(tides)
        lesson = build.lesson(course, title="Title of a lesson")
        Progress.objects.create(user=subscriber, lesson=lesson, position=9)
        build.ebook(access="restricted").topics.add(tides)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get(path).status_code == 200
        return len(queries)

    browser = client_for(subscriber)
    one_more()
    first = count()
    for _ in range(5):
        one_more()
    assert count() <= first
    assert first <= 16


def test_everybody_sees_how_a_title_opens(client_for: type[Client], subscriber: User) -> None:
    build.course(title="For members")
    build.course(title="For all", access="free")
    build.course(title="By itself", access="restricted")
    strangers, members = (browser.get("/courses/").content.decode() for browser in (Client(), client_for(subscriber)))
    assert [strangers.count(word) for word in ("Members</span>", ">Free</span>", "Sold on its own", "Open to you")] == [
        1,
        1,
        1,
        0,
    ]
    assert members.count("Open to you") == 2
    assert members.count("Sold on its own") == 1


def test_filters_narrow_the_list_and_can_be_linked(tides: Topic) -> None:
    build.course(title="Wanted", level="beginner", access="free").topics.add(tides)
    for other in ({"level": "advanced", "access": "free"}, {"level": "beginner"}):
        build.course(title="Other", **other).topics.add(tides)
    build.course(title="Other", level="beginner", access="free")
    page = Client().get("/courses/?topic=tides&level=beginner&free=1").content.decode()
    assert "Wanted" in page
    assert ">Other<" not in page


@pytest.mark.parametrize(
    "query",
    [
        "topic=%00",
        "level=%00",
        "page=%00",
        "page=-1",
        "page=999999999999",
        "sort=password",
        "free=%F0",
        "topic=" + "a" * 9000,
    ],
)
def test_nonsense_in_an_address_still_gives_a_page(query: str) -> None:
    build.course()
    assert Client().get(f"/courses/?{query}").status_code == 200


def test_a_long_list_has_pages_that_can_be_linked() -> None:
    for number in range(30):
        build.ebook(
            title=f"Book {number:02}", level="beginner", published_at=datetime(2026, 1, 1, number % 24, tzinfo=UTC)
        )
    first, second = (
        Client().get(f"/ebooks/?sort=title&level=beginner&page={page}").content.decode() for page in (1, 2)
    )
    assert "sort=title&amp;level=beginner&amp;page=2" in first
    assert "Book 23" in first
    assert "Book 24" not in first
    assert "Book 24" in second
    assert 'rel="canonical" href="http://testserver/ebooks/?page=2"' in second


def test_a_member_goes_on_from_the_front_page(client_for: type[Client], subscriber: User, lapsed: User) -> None:
    lesson = build.lesson(title="Slack water", seconds=900)
    for person in (subscriber, lapsed):
        Progress.objects.create(user=person, lesson=lesson, position=754)
    assert "Continue at 12:34" in client_for(subscriber).get("/").content.decode()
    assert "Continue at" not in client_for(lapsed).get("/").content.decode()
    assert "Continue at" not in Client().get("/").content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_pages_stay_out_of_shared_caches(tides: Topic, path: str) -> None:
    response = Client().get(path)
    assert "private" in response.headers["Cache-Control"]
    assert Client().head(path).status_code == 200
    assert Client().post(path).status_code == 405


def test_robots_learn_what_is_published_and_nothing_else(tides: Topic, plan: Product) -> None:
    course = build.course(slug="shown")
    course.topics.add(tides)
    build.lesson(course, slug="open", preview=True)
    build.lesson(course, slug="closed")
    build.course(slug="hidden", state="draft")
    sitemap = Client().get("/sitemap.xml").content.decode()
    for path in ("/", "/courses/shown/", "/courses/shown/open/", "/topics/tides/"):
        assert f"<loc>http://testserver{path}</loc>" in sitemap
    assert "hidden" not in sitemap
    assert "closed" not in sitemap
    assert "Sitemap: http://testserver/sitemap.xml" in Client().get("/robots.txt").content.decode()


def test_a_course_is_found_by_its_length_and_its_format() -> None:
    short, long = build.course(title="Short one"), build.course(title="Long one")
    build.lesson(short, seconds=600, body="Words")
    film = build.file(build.lesson(long, seconds=4 * 3600), role="media")
    film.versions.update(content_type="video/mp4")

    def shown(query: str) -> list[str]:
        page = Client().get(f"/courses/?{query}").content.decode()
        places = {page.find(f">{name}<"): name for name in ("Short one", "Long one") if f">{name}<" in page}
        return [places[place] for place in sorted(places)]

    assert shown("length=short") == shown("format=text") == ["Short one"]
    assert shown("length=long") == shown("format=video") == ["Long one"]
    assert shown("length=medium") == shown("format=audio") == []
    assert shown("sort=shortest") == ["Short one", "Long one"]
    assert shown("sort=longest") == ["Long one", "Short one"]


def test_a_book_is_found_by_its_pages_and_its_format() -> None:
    for pages, kind in ((80, "application/pdf"), (300, "application/epub+zip")):
        build.file(build.ebook(title=f"Book {pages}", pages=pages)).versions.update(content_type=kind)
    for query, here, gone in (("length=short", 80, 300), ("length=long", 300, 80), ("format=epub", 300, 80)):
        page = Client().get(f"/ebooks/?{query}").content.decode()
        assert f">Book {here}<" in page
        assert f">Book {gone}<" not in page


def test_a_list_says_what_narrows_it_and_takes_it_away_again(tides: Topic) -> None:
    build.course(title="Wanted", level="beginner").topics.add(tides)
    page = Client().get("/courses/?topic=tides&level=beginner&sort=title&page=1").content.decode()
    assert "<title>Courses · Tides · Beginner · Lectern</title>" in page
    assert 'href="?level=beginner&amp;sort=title"' in page
    assert 'href="?topic=tides&amp;sort=title"' in page
    assert 'content="noindex, follow"' in page


def test_16_what_is_locked_says_what_it_costs_to_open(
    client_for: type[Client], subscriber: User, plan: Product
) -> None:
    build.price(plan, unit_amount=12000, interval="year")
    build.price(plan)
    item = build.item()
    build.price(item, unit_amount=1900, interval="once")
    build.course(title="For members")
    build.course(title="By itself", access="restricted").products.add(item)
    page = Client().get("/courses/").content.decode()
    assert page.count("from $12 a month") == 1
    assert page.count("$19") == 1
    assert "from $12" not in client_for(subscriber).get("/courses/").content.decode()


def test_7_after_a_lesson_that_is_done_the_next_one_waits(
    client_for: type[Client], subscriber: User, now: datetime
) -> None:
    course = build.course()
    first, second, third = (build.lesson(course, title=f"Part {number}", seconds=60) for number in range(3))
    browser = client_for(subscriber)
    Progress.objects.create(user=subscriber, lesson=first, position=58, completed_at=now, updated_at=now)
    page = browser.get("/").content.decode()
    assert "Begin the next lesson" in page
    assert f'href="{second.get_absolute_url()}"' in page
    for lesson in (second, third):
        Progress.objects.create(user=subscriber, lesson=lesson, completed_at=now, updated_at=now)
    assert "Begin the next lesson" not in browser.get("/").content.decode()
    Progress.objects.filter(lesson=second).delete()
    assert f'href="{second.get_absolute_url()}"' in browser.get("/").content.decode()
