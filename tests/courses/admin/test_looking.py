"""“View as”: the page that a visitor, a member, a buyer or a lapsed member gets, decided as for them, and nothing of it stays."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_script_prefix, reverse
from django.utils import timezone

from accounts.models import User
from billing.models import Customer, Product, Purchase, Subscription
from config.models import AuditEntry
from courses import looking
from courses.models import Course, Download, Ebook, File, Lesson, Progress
from tests import build

pytestmark = pytest.mark.django_db
NOISE = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]+"|value="sub_\w+"|<section class="looking".*?</section>\s*|(/admin/courses/\w+/\d+/as/\w+)',
    re.DOTALL,
)


@pytest.fixture
def desk(client_for: type[Client], owner: User) -> Client:
    return client_for(owner)


@pytest.fixture
def course(plan: Product) -> Course:
    made: Course = build.course(title="Reading the Tide", slug="tides")
    build.price(plan)
    lesson = build.lesson(made, title="Locked", slug="locked", body="What the moon does.")
    build.file(lesson, role="media", name="Film").versions.update(content_type="video/mp4")
    build.lesson(made, title="Open", slug="open", preview=True)
    return made


def look(desk: Client, course: Any, who: str, path: str) -> Any:
    return desk.get(reverse(f"admin:courses_{course.kind}_look", args=[course.pk, who]) + path.lstrip("/"))


def plain(response: Any) -> str:
    """The page without what differs from call to call, without the bar, and with the links of the real site."""
    return re.sub(r"\s+", " ", NOISE.sub("", response.content.decode()))


@pytest.mark.parametrize(
    "path", ["/courses/tides/", "/courses/tides/open/", "/courses/", "/", "/search/?q=tide", "/plans/"]
)
def test_27_a_visitor_is_seen_to_get_the_very_same_page(desk: Client, course: Course, path: str) -> None:
    assert plain(look(desk, course, "visitor", path)) == plain(Client().get(path))


@pytest.mark.parametrize("path", ["/courses/tides/", "/courses/tides/locked/", "/library/", "/plans/"])
def test_27_a_member_is_seen_to_get_the_very_same_page(
    desk: Client, client_for: type[Client], course: Course, newcomer: User, plan: Product, path: str
) -> None:
    now = timezone.now()
    member = build.subscribed(
        newcomer, plan, now=now, current_period_end=now + looking.timedelta(days=20), created_at=now
    )
    Subscription.objects.update(price=plan.prices.get())
    assert plain(look(desk, course, "member", path)) == plain(client_for(member).get(path))


@pytest.mark.parametrize("path", ["/courses/tides/", "/courses/tides/locked/", "/library/"])
def test_27_a_lapsed_member_is_seen_to_get_the_very_same_page(
    desk: Client, client_for: type[Client], course: Course, lapsed: User, path: str
) -> None:
    theirs = client_for(lapsed).get(path)
    seen = look(desk, course, "lapsed", path)
    assert (seen.status_code, plain(seen)) == (theirs.status_code, plain(theirs))


def test_27_each_gets_what_access_decides(desk: Client, course: Course) -> None:
    locked = "/courses/tides/locked/"
    assert "asked to sign in here" in look(desk, course, "visitor", locked).content.decode()
    assert "What the moon does." in look(desk, course, "member", locked).content.decode()
    assert look(desk, course, "lapsed", locked).status_code == 403


def test_27_a_buyer_is_one_who_bought_this_title(desk: Client, plan: Product) -> None:
    book: Ebook = build.ebook(access="restricted")
    file = build.file(book)
    assert look(desk, book, "buyer", book.get_absolute_url()).status_code == 404
    book.products.add(build.item())
    assert "Open to you" in look(desk, book, "buyer", book.get_absolute_url()).content.decode()
    assert "Open to you" not in look(desk, book, "member", book.get_absolute_url()).content.decode()
    assert look(desk, book, "member", file.get_absolute_url()).status_code == 403


def test_27_a_draft_is_seen_as_it_will_be_and_stays_one(desk: Client, course: Course) -> None:
    Course.objects.update(state="draft", published_at=None)
    page = look(desk, course, "member", "/courses/tides/").content.decode()
    assert "This is how it will look once it is published" in page
    assert "Open to you" in page
    course.refresh_from_db()
    assert (course.state, course.published_at) == ("draft", None)
    assert Client().get("/courses/tides/").status_code == 404


def counts() -> list[int]:
    models = (User, Customer, Subscription, Purchase, Product, Progress, Download, AuditEntry)
    return [model.objects.count() for model in models]


@pytest.mark.parametrize("who", ["visitor", "member", "lapsed"])
def test_27_nothing_stays_and_nothing_leaks(desk: Client, course: Course, owner: User, who: str) -> None:
    before, session = counts(), dict(desk.session)
    for path in (
        "/courses/tides/",
        "/courses/tides/locked/",
        "/library/",
        "/plans/?currency=usd",
        "/nowhere/",
        "/courses/gone/",
    ):
        response = look(desk, course, who, path)
        assert "Leave" in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
    assert counts() == before
    assert dict(desk.session) == session
    assert get_script_prefix() == "/"
    page = desk.get("/courses/tides/").content.decode()
    assert "looking" not in page
    assert desk.get("/admin/").context["user"] == owner


def test_27_a_view_that_fails_leaves_nothing_either(
    desk: Client, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts()
    monkeypatch.setattr("courses.views.titles.outline", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        look(desk, course, "member", "/courses/tides/")
    assert (counts(), get_script_prefix()) == (before, "/")


def test_27_links_stay_inside_and_lead_out_by_the_bar(desk: Client, course: Course) -> None:
    page = look(desk, course, "member", "/courses/tides/").content.decode()
    mount = f"/admin/courses/course/{course.pk}/as/member"
    assert f'href="{mount}/courses/tides/locked/"' in page
    assert f'href="/admin/courses/course/{course.pk}/change/"' in page
    outside = set(re.findall(r'href="(/[^"]*)"', page.split("</section>", 1)[1]))
    assert {link for link in outside if not link.startswith((mount, "/static/"))} == set()


@pytest.mark.parametrize("path", ["/account/", "/account/login/", "/admin/", "/checkout/done/", "/files/not-a-file/"])
def test_27_what_leads_away_is_not_followed(desk: Client, course: Course, path: str) -> None:
    response = look(desk, course, "member", path)
    assert "Here the look ends" in response.content.decode()


def test_27_nothing_is_bought_or_marked(desk: Client, course: Course) -> None:
    lesson = Lesson.objects.get(slug="locked")
    mount = reverse("admin:courses_course_look", args=[course.pk, "member"]).rstrip("/")
    for path in (f"/progress/{lesson.pk}/", "/courses/tides/", "/portal/", "/checkout/price_1/"):
        assert desk.post(mount + path, {"done": "1"}).status_code == 405
    assert not Progress.objects.exists()


def test_27_a_file_that_is_opened_is_noted_under_the_name_of_who_looks(
    desk: Client, course: Course, owner: User
) -> None:
    film = File.objects.get(name="Film").get_absolute_url()
    played = look(desk, course, "member", f"{film}play/")
    assert "X-Amz" in played.json()["url"]
    assert look(desk, course, "member", film).headers["Location"].startswith("http")
    assert [(row.user, row.purpose) for row in Download.objects.order_by("created_at")] == [
        (owner, "play"),
        (owner, "download"),
    ]
    entries = AuditEntry.objects.filter(act="file.opened_looking")
    assert [(each.actor, each.after) for each in entries] == [(owner, {"as": "member"})] * 2


def test_27_what_they_could_not_open_the_looker_does_not_get_either(desk: Client, course: Course) -> None:
    film = File.objects.get(name="Film").get_absolute_url()
    assert "asked to sign in" in look(desk, course, "visitor", film).content.decode()
    assert look(desk, course, "visitor", f"{film}play/").status_code == 401
    assert look(desk, course, "lapsed", film).status_code == 403
    assert look(desk, course, "lapsed", f"{film}play/").status_code == 403
    assert not Download.objects.exists()


def test_27_a_prefetch_mints_nothing(desk: Client, course: Course) -> None:
    film = File.objects.get(name="Film").get_absolute_url()
    address = reverse("admin:courses_course_look", args=[course.pk, "member"]) + film.lstrip("/")
    assert desk.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 403
    assert desk.head(address).status_code == 200
    assert not Download.objects.exists()


@pytest.mark.parametrize("who", ["guest", "owner", "nobody"])
def test_27_one_looks_as_those_alone_who_are_offered(desk: Client, course: Course, who: str) -> None:
    assert look(desk, course, who, "/courses/tides/").status_code == 404


def test_27_a_book_is_read_in_the_page_as_its_reader_will(desk: Client, plan: Product) -> None:
    book = build.ebook(slug="slack")
    file = build.file(book, name="Slack water")
    page = look(desk, book, "member", f"/files/{file.pk}/read/")
    frame = re.search(r'<iframe[^>]*src="([^"]+)"', page.content.decode())
    assert frame
    assert frame[1].startswith("/admin/courses/ebook/")
    assert "frame-src" in page.headers["Content-Security-Policy"]
    ours = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    answer = desk.get(frame[1], headers=ours)
    assert (answer.status_code, answer.headers["X-Frame-Options"]) == (302, "SAMEORIGIN")
    assert Download.objects.get().purpose == "play"
    assert desk.get(frame[1], headers=ours | {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert look(desk, book, "lapsed", f"/files/{file.pk}/read/").status_code == 403
