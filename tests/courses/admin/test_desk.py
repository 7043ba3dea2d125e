"""The buttons above a title: archiving it, and making a copy of it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from billing.models import Grant
from config.models import AuditEntry
from courses import access, publishing
from courses.models import Course, Download, Ebook, File, FileVersion, Lesson, Publication, Section
from tests import build
from tests.test_access import everybody

pytestmark = pytest.mark.django_db


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
    version = sold.files.get().versions.get()
    desk.get(reverse("admin:courses_file_look", args=[version.file_id, version.pk]))
    assert Download.objects.count() == 1
    assert desk.get(url(sold, "delete")).status_code == 200, "whoever works here and looked took nothing"
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


def test_who_keeps_an_archived_title_is_who_holds_what_it_names(now: datetime) -> None:
    """Every person of the access table x every kind of access: what else would open it, a plan or being free, does not any more."""
    other = build.plan()
    for who, person, opens, held in everybody(now):
        for kind, named in (
            ("free", None),
            ("members", None),
            ("members", held),
            ("restricted", held),
            ("restricted", other),
        ):
            course: Course = build.course(access=kind, state="archived", published_at=None)
            course.products.set([named] if named else [])
            decided = access.decision(person, course, now=now)
            assert decided.allowed is (opens and named == held and person is not None and person.is_active), (
                who,
                kind,
                named,
            )
            assert access.openable(person, [course], now=now) == ({course.pk} if decided.allowed else set())


def test_every_lesson_of_a_copy_stands_in_its_own_course(desk: Client) -> None:
    course = build.lesson().course
    desk.post(url(course, "duplicate"))
    assert {(each.course_id, each.section.course_id) for each in Lesson.objects.all()} == {
        (pk, pk) for pk in Course.objects.values_list("pk", flat=True)
    }
