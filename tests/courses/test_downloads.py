"""The click: what is minted, recorded and sent, and what mints nothing."""

import json
from datetime import UTC, datetime, timedelta
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
SPECULATIVE = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"Purpose": "Prefetch"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
]
EMBEDDED = [
    {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination}
    for site, mode, destination in [
        ("cross-site", "no-cors", "image"),
        ("cross-site", "no-cors", "script"),
        ("cross-site", "no-cors", "style"),
        ("cross-site", "navigate", "iframe"),
        ("cross-site", "navigate", "frame"),
        ("cross-site", "navigate", "object"),
        ("cross-site", "navigate", "embed"),
        ("cross-site", "no-cors", "video"),
        ("cross-site", "no-cors", "audio"),
        ("cross-site", "cors", "empty"),
        ("cross-site", "no-cors", "empty"),
        ("cross-site", "cors", ""),
        ("same-site", "no-cors", "image"),
        ("same-site", "cors", "empty"),
        ("same-site", "navigate", "iframe"),
        ("same-origin", "no-cors", "image"),
        ("same-origin", "no-cors", "script"),
        ("same-origin", "no-cors", "empty"),
        ("same-origin", "navigate", "iframe"),
        ("none", "no-cors", "image"),
        ("cross-site", "", "image"),
        ("cross-site", "no-cors", "worker"),
        ("cross-site", "no-cors", "font"),
    ]
]
WELCOME: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-User": "?1",
    },
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "video"},
    {"User-Agent": "curl/8.5", "Range": "bytes=100-"},
    {"User-Agent": "Wget/1.21"},
    {"Referer": "https://mail.example.net/inbox"},
]


@pytest.fixture
def file() -> File:
    return build.file(build.ebook(title="潮の本"), name="潮の本")


def test_subscriber_is_sent_to_a_short_lived_url_that_carries_the_downloads_id(
    client_for: type[Client], subscriber: User, file: File
) -> None:
    before = datetime.now(UTC)
    response = client_for(subscriber).get(file.get_absolute_url())
    target = urlsplit(response.headers["Location"])
    signed = parse_qs(target.query)
    row = Download.objects.get()
    assert response.status_code == 302
    assert f"{target.scheme}://{target.netloc}" == settings.S3_BUCKET_ORIGIN
    assert signed["x-dl"] == [str(row.pk)]
    assert signed["X-Amz-Expires"] == ["120"]
    assert "%E6%BD%AE%E3%81%AE%E6%9C%AC.pdf" in signed["response-content-disposition"][0]
    assert (row.user, row.version.file, row.purpose) == (subscriber, file, "download")
    assert before <= row.created_at <= row.expires_at - timedelta(seconds=120)
    assert response.content == b""


@pytest.mark.parametrize("who", ["subscriber", "newcomer", "nobody"])
@pytest.mark.parametrize("suffix", ["", "play/"])
def test_every_answer_forbids_keeping_indexing_and_referring(
    client_for: type[Client], subscriber: User, newcomer: User, file: File, who: str, suffix: str
) -> None:
    browser = {
        "subscriber": lambda: client_for(subscriber),
        "newcomer": lambda: client_for(newcomer),
        "nobody": Client,
    }[who]()
    response = browser.get(file.get_absolute_url() + suffix)
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "Cookie" in response.headers["Vary"]


@pytest.mark.parametrize("suffix", ["", "play/"])
@pytest.mark.parametrize("headers", SPECULATIVE + EMBEDDED, ids=str)
def test_what_is_no_click_mints_and_counts_nothing(
    client_for: type[Client], subscriber: User, file: File, headers: dict[str, str], suffix: str
) -> None:
    response = client_for(subscriber).get(file.get_absolute_url() + suffix, headers=headers)
    assert response.status_code == 403
    assert b"X-Amz" not in response.content
    assert not Download.objects.exists()


@pytest.mark.parametrize("headers", WELCOME, ids=str)
def test_a_click_from_anywhere_is_welcome(
    client_for: type[Client], subscriber: User, file: File, headers: dict[str, str]
) -> None:
    response = client_for(subscriber).get(file.get_absolute_url(), headers=headers)
    assert response.status_code == 302
    assert Download.objects.count() == 1


def test_head_tells_name_type_and_size_and_mints_nothing(
    client_for: type[Client], subscriber: User, file: File
) -> None:
    response = client_for(subscriber).head(file.get_absolute_url())
    assert response.status_code == 200
    assert response.headers["Content-Length"] == "11"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "Location" not in response.headers
    assert not Download.objects.exists()


def test_a_file_without_ready_bytes_is_not_there(client_for: type[Client], subscriber: User) -> None:
    assert client_for(subscriber).get(build.file(ready=False).get_absolute_url()).status_code == 404


def test_the_newest_ready_version_serves(client_for: type[Client], subscriber: User, file: File, now: datetime) -> None:
    newest = build.version(file, ready_at=now + timedelta(minutes=1))
    build.version(file, ready=False)
    response = client_for(subscriber).get(file.get_absolute_url())
    assert newest.key in response.headers["Location"]


@pytest.mark.parametrize(
    "path", ["/files/1/", "/files/" + "a" * 10_000 + "/", "/files/%00/", "/files/..%2f..%2fetc/", "/files/%c0%af/"]
)
def test_an_address_that_is_no_file_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_newcomer_gets_the_offer_and_never_a_link(client_for: type[Client], newcomer: User, file: File) -> None:
    price = build.price(build.plan(name="Full membership"))
    response = client_for(newcomer).get(file.get_absolute_url())
    page = response.content.decode()
    assert response.status_code == 403
    assert "Full membership" in page
    assert price.stripe_id in page
    assert "X-Amz" not in page
    assert not Download.objects.exists()


def test_player_gets_a_url_and_its_end_as_json(client_for: type[Client], subscriber: User, file: File) -> None:
    response = client_for(subscriber).get(file.get_absolute_url() + "play/")
    answer = json.loads(response.content)
    signed = parse_qs(urlsplit(answer["url"]).query)
    row = Download.objects.get()
    assert set(answer) == {"url", "expires_at"}
    assert signed["X-Amz-Expires"] == ["900"]
    assert signed["x-dl"] == [str(row.pk)]
    assert signed["response-content-disposition"][0].startswith("inline")
    assert row.purpose == "play"
    assert abs(datetime.fromisoformat(answer["expires_at"]) - row.expires_at) < timedelta(seconds=2)


@pytest.mark.parametrize(("who", "status"), [("nobody", 401), ("newcomer", 403), ("lapsed", 403)])
def test_player_of_those_who_may_not_is_told_why_in_json(
    client_for: type[Client], newcomer: User, lapsed: User, file: File, who: str, status: int
) -> None:
    browser = {"nobody": Client, "newcomer": lambda: client_for(newcomer), "lapsed": lambda: client_for(lapsed)}[who]()
    response = browser.get(file.get_absolute_url() + "play/")
    assert response.status_code == status
    assert set(json.loads(response.content)) == {"error", "next"}
    assert not Download.objects.exists()


@pytest.mark.parametrize("access", ["free", "members", "restricted"])
def test_a_click_costs_six_queries_or_fewer_whatever_the_catalogue(
    client_for: type[Client], subscriber: User, access: str
) -> None:
    title = build.ebook(access=access)
    product = subscriber.customers.get().subscriptions.get().products.get()
    for _ in range(20):
        build.file(build.ebook()).publication.products.add(product, build.item())
    title.products.add(product, build.item())
    file, browser = build.file(title), client_for(subscriber)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(file.get_absolute_url()).status_code == 302
    assert len(queries) <= 6, [query["sql"] for query in queries]


def test_no_signed_url_stays_anywhere_behind_a_click(
    client_for: type[Client], subscriber: User, file: File, caplog: pytest.LogCaptureFixture
) -> None:
    browser = client_for(subscriber)
    with caplog.at_level("DEBUG"):
        signature = parse_qs(urlsplit(browser.get(file.get_absolute_url()).headers["Location"]).query)[
            "X-Amz-Signature"
        ][0]
    assert signature not in caplog.text
    assert "minted id=" in caplog.text
    assert signature not in dumped_database()


def dumped_database() -> str:
    with connection.cursor() as cursor:
        rows: list[object] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the names are the database's own
            rows.extend(cursor.fetchall())
    return repr(rows)
