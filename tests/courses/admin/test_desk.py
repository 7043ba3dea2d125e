"""The buttons above a title: archive, duplicate, preview link; and what asks again who is there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.models import Grant
from config.models import AuditEntry
from courses import access, publishing
from courses.models import Course, Download, Ebook, File, FileVersion, Lesson, PreviewLink, Publication, Section
from tests import build

pytestmark = pytest.mark.django_db
WRONG = "/account/reauthenticate/"


@pytest.fixture
def desk(client_for: type[Client], owner: User) -> Client:
    return client_for(owner)


def url(title: Publication, end: str) -> str:
    return reverse(f"admin:courses_{title.kind}_{end}", args=[title.pk])


def downloaded(file: File, person: User) -> None:
    now = timezone.now()
    Download.objects.create(
        user=person,
        version=file.versions.get(),
        purpose="download",
        created_at=now,
        expires_at=now + timedelta(minutes=2),
    )


# --- Archiving --------------------------------------------------------------------------------


@pytest.fixture
def sold(newcomer: User) -> Ebook:
    """A book for members that is also sold on its own; Nadia bought it."""
    book: Ebook = build.ebook(title="The Tide Book", access="members")
    product = build.item()
    book.products.add(product)
    build.file(book)
    Grant.objects.create(user=newcomer, product=product, reason="bought")
    return book


def test_what_people_took_is_archived_and_not_deleted(desk: Client, sold: Ebook, newcomer: User) -> None:
    assert desk.get(url(sold, "delete")).status_code == 200
    downloaded(sold.files.get(), newcomer)
    assert desk.get(url(sold, "delete")).status_code == 403
    assert desk.post(url(sold, "delete"), {"post": "yes"}).status_code == 403
    assert "so it can be archived, but not deleted" in desk.get(url(sold, "change")).content.decode()
    desk.post(url(sold, "state"), {"state": "archived"})
    assert Ebook.objects.get().is_archived
    entry = AuditEntry.objects.get(act="title.archived")
    assert (entry.before, entry.after["state"]) == ({"state": "published"}, "archived")


def test_an_archived_title_stays_its_buyers_and_is_gone_for_all_others(
    client_for: type[Client], sold: Ebook, newcomer: User, subscriber: User
) -> None:
    publishing.change(sold, "archived", now=timezone.now())
    page, file = sold.get_absolute_url(), sold.files.get().get_absolute_url()
    buyer, member, visitor = client_for(newcomer), client_for(subscriber), Client()
    assert "Open to you" in buyer.get(page).content.decode()
    assert "The Tide Book" in buyer.get("/library/").content.decode()
    assert buyer.get(file).headers["Location"].startswith("http://")
    assert (member.get(page).status_code, member.get(file).status_code) == (403, 403)
    assert "not sold any more" in member.get(page).content.decode()
    for answer in (visitor.get(page), visitor.get(file)):
        assert answer.headers["Location"].startswith("/account/login/")
    for place in ("/", "/ebooks/", "/search/?q=tide", "/sitemap.xml"):
        assert "The Tide Book" not in buyer.get(place).content.decode()
        assert page not in buyer.get(place).content.decode()


def test_previews_and_samples_of_an_archived_title_are_closed_too(newcomer: User) -> None:
    lesson = build.lesson(build.course(access="free"), preview=True)
    publishing.change(lesson.course, "archived", now=timezone.now())
    lesson.refresh_from_db()
    assert not access.decision(None, lesson, now=timezone.now()).allowed
    assert not access.decision(newcomer, lesson.course, now=timezone.now()).allowed


# --- A copy -----------------------------------------------------------------------------------


def test_a_copy_is_a_draft_with_everything_and_bytes_that_are_shared(desk: Client) -> None:
    course: Course = build.course(title="Tides", slug="tides", description="Text", cover="covers/2026/tides.webp")
    lesson = build.lesson(course, title="Why", body="Because", preview=True)
    Section.objects.create(course=course, title="Empty")
    film = build.file(lesson, role="media", name="Film")
    build.version(film, ready=False)
    product = build.item()
    course.products.add(product)
    response = desk.post(url(course, "duplicate"))
    copy = Course.objects.exclude(pk=course.pk).get()
    assert response.headers["Location"] == url(copy, "change")
    assert (copy.title, copy.slug, copy.state, copy.published_at) == ("Tides (copy)", "tides-copy", "draft", None)
    assert (copy.description, copy.cover.name, list(copy.products.all())) == (
        "Text",
        "covers/2026/tides.webp",
        [product],
    )
    assert [each.title for each in copy.sections.all()] == ["Beginnings", "Empty"]
    made = copy.lessons.get()
    assert (made.title, made.body, made.preview, made.slug) == ("Why", "Because", True, lesson.slug)
    copied = made.files.get()
    assert copied.pk != film.pk
    assert copied.publication_id == copy.pk
    assert copied.versions.get().key == film.versions.get(state="ready").key
    assert AuditEntry.objects.get(act="title.duplicated").target_pk == str(copy.pk)


def test_deleting_the_copy_leaves_the_original_whole(desk: Client) -> None:
    book: Ebook = build.ebook()
    file = build.file(book)
    desk.post(url(book, "duplicate"))
    copy = Ebook.objects.exclude(pk=book.pk).get()
    desk.post(url(copy, "delete"), {"post": "yes"})
    assert list(Ebook.objects.all()) == [book]
    assert FileVersion.objects.get().file == file


def test_a_title_can_be_copied_again_and_again(desk: Client) -> None:
    book: Ebook = build.ebook(slug="tides")
    for _ in range(3):
        desk.post(url(book, "duplicate"))
    assert sorted(Ebook.objects.values_list("slug", flat=True)) == [
        "tides",
        "tides-copy",
        "tides-copy-2",
        "tides-copy-3",
    ]


# --- The preview link -------------------------------------------------------------------------


@pytest.fixture
def draft() -> Course:
    course: Course = build.course(title="Reading the Tide", slug="tides", state="draft", published_at=None)
    build.file(
        build.lesson(course, title="Locked", slug="locked", body="What the moon does."), role="media", name="Film"
    )
    build.file(build.lesson(course, title="Open", slug="open", preview=True), role="media", name="Trailer")
    return course


def link(desk: Client, title: Publication, **fields: Any) -> str:
    """Make a preview link, and return its path as the page shows it."""
    desk.post(url(title, "link"), {"do": "on"} | fields)
    page = desk.get(url(title, "change")).content.decode()
    found = re.search(r'value="([^"]+/preview/[^"]+)"', page)
    assert found
    return urlsplit(found[1]).path


def test_28_an_outsider_reads_a_draft_by_its_link_until_it_is_switched_off(desk: Client, draft: Course) -> None:
    address, outsider = link(desk, draft), Client()
    response = outsider.get(address, follow=True)
    assert "Reading the Tide" in response.content.decode()
    assert "You were given a preview" in response.content.decode()
    assert (response.headers["Cache-Control"], response.headers["X-Robots-Tag"]) == ("no-store, private", "noindex")
    page = outsider.get(f"{address}courses/tides/locked/")
    assert "What the moon does." in page.content.decode()
    assert outsider.get("/courses/tides/").status_code == 404
    draft.refresh_from_db()
    assert draft.state == "draft"
    desk.post(url(draft, "link"), {"do": "off"})
    for path in (address, f"{address}courses/tides/", f"{address}courses/tides/locked/"):
        assert outsider.get(path).status_code == 404
    assert list(AuditEntry.objects.filter(act__startswith="preview").values_list("act", flat=True)) == [
        "preview.off",
        "preview.on",
    ]


def files_of(draft: Course, address: str) -> Iterator[tuple[str, str]]:
    for name in ("Film", "Trailer"):
        yield name, f"{address.rstrip('/')}{File.objects.get(name=name).get_absolute_url()}"


def test_28_the_link_opens_no_file_beyond_the_previews_unless_it_was_said(desk: Client, draft: Course) -> None:
    address, outsider = link(desk, draft), Client()
    told = {
        name: (outsider.get(path).status_code, outsider.get(f"{path}play/").status_code)
        for name, path in files_of(draft, address)
    }
    assert told == {"Film": (403, 403), "Trailer": (302, 200)}
    address = link(desk, draft, do="new", with_files="1")
    assert {outsider.get(path).status_code for _name, path in files_of(draft, address)} == {302}
    assert {row.user for row in Download.objects.all()} == {None}
    # A file of another title is none of the link's business, nor is one that the other link named.
    other = build.file(build.ebook(), role="sample").get_absolute_url()
    assert outsider.get(f"{address.rstrip('/')}{other}").status_code == 404


def test_28_another_link_instead_ends_the_first(desk: Client, draft: Course) -> None:
    first, second = link(desk, draft), link(desk, draft, do="new")
    assert first != second
    assert [Client().get(each, follow=True).status_code for each in (first, second)] == [404, 200]


def test_28_a_link_opens_its_own_title_and_nothing_else(desk: Client, draft: Course) -> None:
    other: Ebook = build.ebook(state="draft", published_at=None)
    address = link(desk, draft)
    for path in (
        other.get_absolute_url(),
        "/courses/",
        "/library/",
        "/plans/",
        "/account/",
        "/admin/",
        "/courses/tides-2/",
    ):
        assert Client().get(f"{address.rstrip('/')}{path}").status_code == 404, path
    assert Client().post(f"{address}courses/tides/").status_code == 405


@pytest.mark.parametrize("token", ["x", "a:b:c", "W10:1:2", "a" * 5000])
def test_28_a_forged_token_opens_nothing(draft: Course, token: str) -> None:
    PreviewLink.objects.create(pk=draft.pk)
    assert Client().get(f"/preview/{token}/courses/tides/").status_code == 404


# --- What asks again --------------------------------------------------------------------------


def acts(title: Ebook, member: User) -> dict[str, tuple[str, dict[str, Any]]]:
    """Dangerous things to do: where, and with what."""
    product, many = build.item(), [title.pk, build.ebook().pk]
    form = {"title": title.title, "slug": title.slug, "access": "members", "level": "all", "language": "en"}
    person = {
        "name": "",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    return {
        "delete": (url(title, "delete"), {"post": "yes"}),
        "archive": (url(title, "state"), {"state": "archived"}),
        "archive many": (reverse("admin:courses_ebook_changelist"), {"action": "archive", "_selected_action": many}),
        "withdraw many": (reverse("admin:courses_ebook_changelist"), {"action": "withdraw", "_selected_action": many}),
        "delete many": (
            reverse("admin:courses_topic_changelist"),
            {"action": "delete_selected", "_selected_action": [1]},
        ),
        "tie": (url(title, "change"), form | {"products": [product.pk]}),
        "give": (reverse("admin:billing_grant_add"), {"user": member.pk, "product": product.pk, "reason": "gift"}),
        "raise": (reverse("admin:accounts_user_change", args=[member.pk]), person),
        "password": (reverse("admin:auth_user_password_change", args=[member.pk]), {}),
        "group": (reverse("admin:auth_group_add"), {"name": "Friends"}),
    }


DANGEROUS = [
    "delete",
    "archive",
    "archive many",
    "withdraw many",
    "delete many",
    "tie",
    "give",
    "raise",
    "password",
    "group",
]


@pytest.mark.parametrize("name", DANGEROUS)
def test_33_what_is_dangerous_asks_again_after_fifteen_minutes(
    desk: Client, newcomer: User, name: str, now: Any
) -> None:
    title: Ebook = build.ebook()
    build.file(title)
    address, answers = acts(title, newcomer)[name]
    with time_machine.travel(now + timedelta(minutes=16)):
        response = desk.post(address, answers)
    if name in ("tie", "raise"):
        assert "show that it is you" in response.content.decode()
    else:
        assert response.headers["Location"].startswith("/account/")
        assert "reauthenticate" in response.headers["Location"]
    title.refresh_from_db()
    newcomer.refresh_from_db()
    assert (title.state, title.products.count(), newcomer.is_staff, Grant.objects.count()) == ("published", 0, False, 0)
    assert desk.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("name", DANGEROUS)
def test_33_within_fifteen_minutes_it_does_not(desk: Client, newcomer: User, name: str, now: Any) -> None:
    title: Ebook = build.ebook()
    build.file(title)
    address, answers = acts(title, newcomer)[name]
    with time_machine.travel(now + timedelta(minutes=14)):
        response = desk.post(address, answers)
    assert "reauthenticate" not in response.headers.get("Location", "")
    assert b"show that it is you" not in response.content


def test_33_whoever_showed_it_comes_back_to_what_they_did(owner: User, settings: Any) -> None:
    """Without a second factor a password is asked for, and then the button's act goes on by itself."""
    settings.STAFF_MFA = "optional"
    book: Ebook = build.ebook()
    browser = Client()
    browser.force_login(owner)
    asked = browser.post(url(book, "state"), {"state": "archived"})
    assert urlsplit(asked.headers["Location"]).path == WRONG
    browser.post(asked.headers["Location"], {"password": "wrong", "next": url(book, "state")})
    assert not Ebook.objects.get().is_archived
    browser.post(asked.headers["Location"], {"password": build.PASSWORD, "next": url(book, "state")})
    assert Ebook.objects.get().is_archived


def test_33_other_changes_of_the_same_form_need_no_more(desk: Client, now: Any) -> None:
    book: Ebook = build.ebook(title="Old")
    form = {"title": "New", "slug": book.slug, "access": "members", "level": "all", "language": "en"}
    with time_machine.travel(now + timedelta(minutes=16)):
        assert desk.post(url(book, "change"), form).status_code == 302
    book.refresh_from_db()
    assert book.title == "New"


def test_every_lesson_of_a_copy_stands_in_its_own_course(desk: Client) -> None:
    course = build.lesson().course
    desk.post(url(course, "duplicate"))
    assert {(each.course_id, each.section.course_id) for each in Lesson.objects.all()} == {
        (pk, pk) for pk in Course.objects.values_list("pk", flat=True)
    }
