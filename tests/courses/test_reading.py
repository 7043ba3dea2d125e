"""Reading a PDF in the browser: who sees the page, who is handed the file, and who may frame it."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from courses.models import Download, File
from tests import build

pytestmark = pytest.mark.django_db
FRAME = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}


@pytest.fixture
def file() -> File:
    return build.file(build.ebook(title="Slack water", slug="slack"), name="Slack water")


def test_a_member_reads_under_a_url_that_shows_and_is_minted_for_the_frame(
    client_for: type[Client], subscriber: User, file: File
) -> None:
    browser = client_for(subscriber)
    page = browser.get(f"/files/{file.pk}/read/")
    assert page.status_code == 200
    assert f'src="/files/{file.pk}/open/"' in page.content.decode()
    assert "X-Amz" not in page.content.decode()
    assert not Download.objects.exists(), "the page itself mints nothing"
    answer = browser.get(f"/files/{file.pk}/open/", headers=FRAME)
    target = urlsplit(answer.headers["Location"])
    signed = parse_qs(target.query)
    assert (answer.status_code, f"{target.scheme}://{target.netloc}") == (302, settings.S3_BUCKET_ORIGIN)
    assert signed["response-content-disposition"][0].startswith("inline")
    assert signed["X-Amz-Expires"] == [str(settings.STREAM_TTL)]
    assert [(row.user, row.purpose) for row in Download.objects.all()] == [(subscriber, "play")]
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_the_page_frames_our_bucket_alone_and_the_file_is_framed_by_us_alone(
    client_for: type[Client], subscriber: User, file: File
) -> None:
    browser = client_for(subscriber)
    page, answer = browser.get(f"/files/{file.pk}/read/"), browser.get(f"/files/{file.pk}/open/", headers=FRAME)
    assert f"frame-src 'self' {settings.S3_BUCKET_ORIGIN};" in page.headers["Content-Security-Policy"] + ";"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src" not in browser.get("/ebooks/slack/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [
        FRAME | {"Sec-Fetch-Site": "cross-site"},
        FRAME | {"Sec-Fetch-Site": "same-site"},
        FRAME | {"Sec-Fetch-Dest": "embed"},
        FRAME | {"Sec-Fetch-Dest": "object"},
        FRAME | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"},
        FRAME | {"Sec-Purpose": "prefetch"},
    ],
    ids=str,
)
def test_no_other_page_frames_it_and_nothing_is_fetched_ahead(
    client_for: type[Client], subscriber: User, file: File, headers: dict[str, str]
) -> None:
    assert client_for(subscriber).get(f"/files/{file.pk}/open/", headers=headers).status_code == 403
    assert not Download.objects.exists()


@pytest.mark.parametrize("path", ["read", "open"])
def test_14_others_get_an_offer_or_the_way_in(
    client_for: type[Client], newcomer: User, lapsed: User, file: File, path: str
) -> None:
    address = f"/files/{file.pk}/{path}/"
    assert Client().get(address).headers["Location"] == f"/account/login/?next={address}"
    for person in (newcomer, lapsed):
        answer = client_for(person).get(address)
        assert answer.status_code == 403
        assert "not open to you yet" in answer.content.decode()
    assert not Download.objects.exists()


def test_a_visitor_reads_a_sample_and_is_shown_the_way_to_the_whole(file: File) -> None:
    sample = build.file(file.publication.ebook, name="One chapter", role="sample")
    assert f'href="/files/{sample.pk}/read/"' in Client().get("/ebooks/slack/").content.decode()
    page = Client().get(f"/files/{sample.pk}/read/").content.decode()
    assert "See what opens the whole" in page
    assert Client().get(f"/files/{sample.pk}/open/").status_code == 302
    assert f"/files/{file.pk}/read/" not in Client().get("/ebooks/slack/").content.decode()


def test_only_a_pdf_of_a_published_title_is_read(
    client_for: type[Client], subscriber: User, file: File, now: datetime
) -> None:
    browser = client_for(subscriber)
    epub = build.file(file.publication.ebook, name="Slack water")
    epub.versions.update(content_type="application/epub+zip")
    unready = build.file(file.publication.ebook, ready=False)
    for path in ("read", "open"):
        assert browser.get(f"/files/{epub.pk}/{path}/").status_code == 404
        assert browser.get(f"/files/{unready.pk}/{path}/").status_code == 404
    assert f"/files/{epub.pk}/read/" not in browser.get("/ebooks/slack/").content.decode()
    file.publication.state = "withdrawn"
    file.publication.save()
    assert browser.get(f"/files/{file.pk}/read/").status_code == 404
    assert browser.get(f"/files/{file.pk}/open/").status_code == 404


def test_looking_at_the_headers_mints_nothing_and_too_many_is_said_in_words(
    client_for: type[Client], subscriber: User, file: File, settings: object
) -> None:
    browser = client_for(subscriber)
    assert browser.head(f"/files/{file.pk}/open/").status_code == 200
    assert browser.post(f"/files/{file.pk}/open/").status_code == 405
    assert not Download.objects.exists()
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 1}
    assert browser.get(f"/files/{file.pk}/open/").status_code == 302
    assert browser.get(f"/files/{file.pk}/open/").status_code == 429


def test_15_versions_are_numbered_and_an_old_one_keeps_its_number(
    client_for: type[Client], subscriber: User, file: File, now: datetime
) -> None:
    first = file.versions.get()
    browser = client_for(subscriber)
    assert "version 1 of" in browser.get("/ebooks/slack/").content.decode()
    build.version(file, ready=False)
    second = build.version(file)
    assert "version 2 of" in browser.get("/ebooks/slack/").content.decode()
    first.ready_at = second.ready_at.replace(year=second.ready_at.year + 1)  # type: ignore[union-attr]
    first.save()
    assert "version 1 of" in browser.get(f"/files/{file.pk}/read/").content.decode()


def test_the_page_costs_the_same_however_many_files_a_title_has(
    client_for: type[Client], subscriber: User, file: File
) -> None:
    browser = client_for(subscriber)

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            browser.get(f"/files/{file.pk}/read/")
        return len(seen)

    cost()
    few = cost()
    for _ in range(20):
        build.file(file.publication.ebook)
    assert cost() == few
