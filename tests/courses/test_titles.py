"""A course, a lesson and an ebook: what is said before anybody pays, and what is kept back."""

import json
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Product
from courses.models import Course, Download, File, FileVersion, Lesson, Progress
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(plan: Product) -> Course:
    build.price(plan, unit_amount=1400, trial_days=7)
    return build.course(title="Reading the tide", slug="tides", author="Tomas Penhale", summary="When the water comes.")


@pytest.fixture
def locked(course: Course) -> Lesson:
    return build.lesson(
        course, title="Springs and neaps", slug="springs", seconds=3600, body="The **secret** of springs."
    )


@pytest.fixture
def preview(course: Course) -> Lesson:
    return build.lesson(course, title="Two bulges", slug="bulges", seconds=300, preview=True, body="Open *text*.")


def test_1_a_stranger_learns_everything_before_signing_in(course: Course, locked: Lesson, preview: Lesson) -> None:
    build.file(locked, name="Worksheet")
    page = Client().get("/courses/tides/").content.decode()
    for words in (
        "$14",
        "a month",
        "7 days are free",
        "1 h 5 min",
        "2 lessons",
        "1 of them free to preview",
        "1 file to download",
    ):
        assert words in page
    assert "Springs and neaps" in page
    assert 'href="/courses/tides/bulges/"' in page
    assert 'href="/courses/tides/springs/"' not in page
    assert "secret" not in page


def test_a_course_describes_itself_to_search_engines(course: Course, locked: Lesson) -> None:
    Course.objects.filter(pk=course.pk).update(title="</script><script>alert(1)</script>")
    page = Client().get("/courses/tides/").content.decode()
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert data["@type"] == "Course"
    assert data["name"] == "</script><script>alert(1)</script>"
    assert data["offers"] == [{"@type": "Offer", "price": "14.00", "priceCurrency": "USD", "category": "Subscription"}]
    assert "<script>alert" not in page
    assert 'rel="canonical" href="http://testserver/courses/tides/"' in page


@pytest.mark.parametrize("path", ["/courses/tides/", "/courses/tides/springs/", "/courses/tides/bulges/"])
@pytest.mark.parametrize("state", ["draft", "withdrawn", "scheduled"])
def test_what_is_not_published_is_not_there_for_anybody(
    client_for: type[Client],
    subscriber: User,
    course: Course,
    locked: Lesson,
    preview: Lesson,
    now: datetime,
    path: str,
    state: str,
) -> None:
    Course.objects.filter(pk=course.pk).update(state=state, published_at=now + timedelta(days=1))
    assert client_for(subscriber).get(path).status_code == 404
    assert Client().get(path).status_code == 404


def test_lessons_open_to_whom_they_are_open(
    client_for: type[Client], subscriber: User, newcomer: User, lapsed: User, locked: Lesson, preview: Lesson
) -> None:
    stranger = Client().get("/courses/tides/springs/")
    assert (stranger.status_code, stranger.headers["Location"]) == (302, "/account/login/?next=/courses/tides/springs/")
    assert "<em>text</em>" in Client().get("/courses/tides/bulges/").content.decode()
    assert "<strong>secret</strong>" in client_for(subscriber).get("/courses/tides/springs/").content.decode()
    for person in (newcomer, lapsed):
        refused = client_for(person).get("/courses/tides/springs/")
        assert refused.status_code == 403
        assert "secret" not in refused.content.decode()
        assert "$14" in refused.content.decode()


def test_a_lesson_leads_on_and_holds_permalinks_alone(
    client_for: type[Client], subscriber: User, locked: Lesson, preview: Lesson
) -> None:
    film = build.file(locked, name="Film", role=File.Role.MEDIA)
    sheet = build.file(locked, name="Worksheet")
    build.file(locked, name="Unfinished", ready=False)
    Progress.objects.create(user=subscriber, lesson=locked, position=754.4)
    page = client_for(subscriber).get("/courses/tides/springs/").content.decode()
    assert f'data-play="/files/{film.pk}/play/"' in page
    assert f'href="/files/{film.pk}/"' in page
    assert f'rel="nofollow" href="/files/{sheet.pk}/"' in page
    assert 'data-position="754.4"' in page
    assert 'rel="next"' in page
    assert "Unfinished" not in page
    assert "X-Amz" not in page
    assert not Download.objects.exists()


@pytest.mark.parametrize(
    "path", ["/courses/none/", "/courses/tides/none/", "/ebooks/none/", "/ebooks/tides/", "/topics/none/"]
)
def test_what_does_not_exist_is_not_there(course: Course, path: str) -> None:
    assert Client().get(path).status_code == 404


def test_15_an_ebook_tells_its_formats_and_gives_them_to_members(client_for: type[Client], subscriber: User) -> None:
    book = build.ebook(title="Slack water", slug="slack")
    whole = build.file(book, name="Slack water")
    whole.versions.update(size=2_400_000, sha256="9f3c" * 16)
    sample = build.file(book, name="One chapter", role=File.Role.SAMPLE)
    stranger, member = (
        browser.get("/ebooks/slack/").content.decode() for browser in (Client(), client_for(subscriber))
    )
    for page in (stranger, member):
        assert f'href="/files/{sample.pk}/"' in page
        assert "9f3c9f3c9f3c…" in page
        assert "2.3\xa0MB" in page
        assert "PDF" in page
    assert f"/files/{whole.pk}/" not in stranger
    assert f'rel="nofollow" href="/files/{whole.pk}/"' in member


def test_15_a_member_learns_that_a_book_was_updated_since(
    client_for: type[Client], subscriber: User, now: datetime
) -> None:
    file = build.file(build.ebook(slug="slack"))
    browser = client_for(subscriber)
    browser.get(file.get_absolute_url())
    assert "Updated since" not in browser.get("/ebooks/slack/").content.decode()
    FileVersion.objects.create(
        file=file,
        key="content/newer",
        size=9,
        content_type="application/pdf",
        state="ready",
        ready_at=now + timedelta(hours=1),
    )
    assert "Updated since" in browser.get("/ebooks/slack/").content.decode()


def test_an_owners_markdown_cannot_run_anything(course: Course) -> None:
    bad = "<script>alert(1)</script> [x](javascript:alert(1)) ![x](https://evil.example/x.png) ![y](/media/covers/y.png) <b onclick=x>b</b>"
    Course.objects.filter(pk=course.pk).update(description=bad)
    page = Client().get("/courses/tides/").content.decode()
    for harm in ("<script>alert", 'href="javascript', "evil.example", "<b onclick"):
        assert harm not in page
    assert 'src="/media/covers/y.png"' in page
