"""All files of a title: the page, the sums, and lists, which are never more than the person they were made for."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import Subscription
from courses import parcels
from courses.models import Course, Download, DownloadList
from tests import build
from tests.courses.test_downloads import dumped_database

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    made: Course = build.course(title="Reading the tide", slug="tides")
    for number in (1, 2):
        lesson = build.lesson(made, title="Ebb")
        for name, role, content_type in [("Film", "media", "video/mp4"), ("Sheet", "attachment", "application/pdf")]:
            build.file(lesson, name=name, role=role).versions.update(content_type=content_type, sha256=f"{number}" * 64)
        build.file(lesson, name="English", role="captions", language="en").versions.update(content_type="text/vtt")
    for _ in range(2):
        build.file(made, name="Readme")
    build.file(made, name="Not yet", ready=False)
    return made


def names(course: Course) -> list[str]:
    return [item.name for item in parcels.items(course)]


def test_files_are_named_after_their_lessons_in_order_and_each_name_is_there_once(course: Course) -> None:
    lessons = [f"0{n} {name}" for n in (1, 2) for name in ("Ebb.mp4", "Ebb.en.vtt", "Sheet.pdf")]
    assert names(course) == [*lessons, "Readme.pdf", "Readme (2).pdf"]


def test_names_that_differ_in_case_alone_or_only_after_they_are_cut_are_told_apart() -> None:
    book = build.ebook()
    for name in ("Tides", "TIDES", "潮" * 200, "潮" * 201, "x" * 255, "x" * 254):
        build.file(book, name=name)
    found = [item.name for item in parcels.items(book)]
    assert len({name.casefold() for name in found}) == 6
    assert all(len(name.encode()) <= 150 and name.endswith(".pdf") for name in found)


def test_a_sample_is_no_part_of_the_parcel() -> None:
    book = build.ebook()
    build.file(book, name="Sample", role="sample")
    assert parcels.items(book) == []


def test_member_sees_sizes_and_sums_and_a_page_that_costs_no_more_for_more_files(
    client_for: type[Client], subscriber: User, course: Course
) -> None:
    browser = client_for(subscriber)
    with CaptureQueriesContext(connection) as few:
        page = browser.get("/downloads/course/tides/").content.decode()
    assert "8 files" in page
    assert "1" * 64 in page
    assert "X-Amz" not in page
    assert len(re.findall(r'data-href="/files/[0-9a-f-]{36}/\d+/"', page)) == 8
    for _ in range(10):
        build.file(build.lesson(course), name="More", role="media")
    with CaptureQueriesContext(connection) as many:
        browser.get("/downloads/course/tides/")
    assert len(many) == len(few)
    assert not Download.objects.exists()


def test_sums_are_what_sha256sum_reads(client_for: type[Client], subscriber: User, course: Course) -> None:
    answer = client_for(subscriber).get("/downloads/course/tides/SHA256SUMS")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="SHA256SUMS"')
    assert answer.content.decode().splitlines()[0] == f"{'1' * 64}  01 Ebb.mp4"


@pytest.mark.parametrize("path", ["/downloads/course/tides/", "/downloads/course/tides/SHA256SUMS"])
def test_14_those_who_may_not_get_the_offer_or_the_way_in(
    client_for: type[Client], newcomer: User, lapsed: User, course: Course, path: str
) -> None:
    assert Client().get(path).headers["Location"] == "/account/login/?next=/downloads/course/tides/"
    for person in (newcomer, lapsed):
        answer = client_for(person).get(path)
        assert answer.status_code == 403
        assert "/files/" not in answer.content.decode()


def test_a_title_that_is_not_published_or_of_another_kind_has_no_parcel(
    client_for: type[Client], subscriber: User, course: Course
) -> None:
    browser = client_for(subscriber)
    assert browser.get("/downloads/ebook/tides/").status_code == 404
    Course.objects.update(state="draft", published_at=None)
    assert browser.get("/downloads/course/tides/").status_code == 404
    assert browser.post("/downloads/course/tides/list/", {"for": "curl"}).status_code == 404


# --- Lists ------------------------------------------------------------------------------------


def make(browser: Client, form: str = "curl") -> str:
    answer = browser.post("/downloads/course/tides/list/", {"for": form})
    assert answer.status_code == 200
    return answer.content.decode()


def addresses(text: str) -> list[str]:
    return re.findall(r"http://testserver(/lists/[\w-]+/[0-9a-f-]{36}/\d+/)", text)


def test_a_list_opens_each_file_of_its_title_without_a_session_and_in_its_persons_name(
    client_for: type[Client], subscriber: User, course: Course
) -> None:
    text = make(client_for(subscriber))
    assert len(addresses(text)) == 8
    for address in addresses(text):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert "/lists/" not in answer.headers["Location"]
        assert answer.headers["Cache-Control"] == "no-store, private"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
    assert set(Download.objects.values_list("user", flat=True)) == {subscriber.pk}


def test_a_lists_key_is_kept_nowhere_and_logged_nowhere(
    client_for: type[Client], subscriber: User, course: Course, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        address = addresses(make(client_for(subscriber)))[0]
        Subscription.objects.update(status="canceled")
        odd = [re.sub(r"\d+/$", "999999/", address), f"{address}x", address[:50]]
        refused = [Client().get(each) for each in (address, *odd)]
        DownloadList.objects.all().delete()
        refused.append(Client().get(address))
    assert [answer.status_code for answer in refused] == [403, 403, 404, 404, 410]
    assert all(answer.headers["Content-Type"].startswith("text/plain") for answer in refused)
    key = address.split("/")[2]
    assert key not in caplog.text
    assert key not in dumped_database()


def test_a_list_opens_nothing_of_another_title_though_its_person_may(
    client_for: type[Client], subscriber: User, course: Course
) -> None:
    other = build.file(build.ebook()).versions.get()
    browser = client_for(subscriber)
    key = addresses(make(browser))[0].split("/")[2]
    assert browser.get(other.get_absolute_url()).status_code == 302
    assert Client().get(f"/lists/{key}{other.get_absolute_url().removeprefix('/files')}").status_code == 404
    assert Client().get(f"/lists/{key}/").status_code == 404


def test_a_list_lends_nobody_a_session(client_for: type[Client], subscriber: User, course: Course) -> None:
    stranger = Client()
    stranger.get(addresses(make(client_for(subscriber)))[0])
    assert stranger.get("/library/").status_code == 302
    assert not stranger.cookies


@pytest.mark.parametrize("method", ["head", "prefetch"])
def test_a_look_at_an_address_of_a_list_mints_nothing(
    client_for: type[Client], subscriber: User, course: Course, method: str
) -> None:
    address = addresses(make(client_for(subscriber)))[0]
    answer = Client().head(address) if method == "head" else Client().get(address, headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == (200 if method == "head" else 403)
    assert not Download.objects.exists()


def test_a_list_ends_after_a_day(client_for: type[Client], subscriber: User, course: Course, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        address = addresses(make(client_for(subscriber)))[0]
    with time_machine.travel(now + timedelta(hours=24, seconds=-1), tick=False):
        assert Client().get(address).status_code == 302
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        assert Client().get(address).status_code == 410


def test_only_its_own_person_ends_a_list(
    client_for: type[Client], subscriber: User, newcomer: User, course: Course
) -> None:
    address = addresses(make(client_for(subscriber)))[0]
    path = f"/downloads/lists/{DownloadList.objects.get().pk}/end/"
    assert client_for(newcomer).post(path).status_code == 404
    assert client_for(subscriber).get(path).status_code == 405
    assert Client().get(address).status_code == 302
    assert client_for(subscriber).post(path).status_code == 302
    assert Client().get(address).status_code == 410


def test_owner_who_signs_a_person_out_everywhere_ends_their_lists_too(
    client_for: type[Client], subscriber: User, owner: User, course: Course
) -> None:
    address = addresses(make(client_for(subscriber)))[0]
    client_for(owner).post(f"/admin/accounts/user/{subscriber.pk}/sign-out/", {"reason": "A lost telephone"})
    assert Client().get(address).status_code == 410


def test_nobody_holds_more_than_five_lists(client_for: type[Client], subscriber: User, course: Course) -> None:
    first, *_, last = [addresses(make(client_for(subscriber)))[0] for _ in range(6)]
    assert DownloadList.objects.count() == 5
    assert [Client().get(address).status_code for address in (first, last)] == [410, 302]


def test_a_list_is_made_by_a_form_of_ours_alone(subscriber: User, course: Course) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(subscriber)
    assert browser.post("/downloads/course/tides/list/", {"for": "curl"}).status_code == 403
    assert browser.get("/downloads/course/tides/list/").status_code == 405
    assert not DownloadList.objects.exists()


def test_a_list_shares_its_persons_budget(
    client_for: type[Client], subscriber: User, course: Course, settings: Any
) -> None:
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 2}
    statuses = [Client().get(address).status_code for address in addresses(make(client_for(subscriber)))[:3]]
    assert statuses == [302, 302, 503]


@pytest.mark.parametrize("form", ["curl", "aria2"])
def test_what_a_title_is_called_breaks_no_list(client_for: type[Client], subscriber: User, form: str) -> None:
    """w12 and its like: a line break, a quote or an option in a title stays a part of a comment or of a name."""
    book = build.ebook(title='A\n"b\\c\nurl = "http://evil.example/', slug="tides")
    build.file(book, name='x"\noutput = "/etc/passwd')
    answer = client_for(subscriber).post("/downloads/ebook/tides/list/", {"for": form})
    lines = answer.content.decode().splitlines()
    assert not [
        line for line in lines if "evil" in line and not line.startswith(("#", "output = ", "  dir=", "create-"))
    ]
    assert not [line for line in lines if line.startswith(("url", "http")) and "evil" in line]
    assert not [line for line in lines if "passwd" in line and not line.startswith(("output = ", "  out="))]
    assert not [line for line in lines if "/etc/" in line]
