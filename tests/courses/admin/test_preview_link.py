"""A preview link: an outsider reads a title before it is published, until the link is switched off."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.models import AuditEntry
from courses.models import Course, Download, Ebook, File, PreviewLink, Publication
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_for: type[Client], owner: User) -> Client:
    return client_for(owner)


def url(title: Publication, end: str) -> str:
    return reverse(f"admin:courses_{title.kind}_{end}", args=[title.pk])


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
