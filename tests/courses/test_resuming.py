"""Which version a request is answered with, and the page that stays after a click."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from courses.models import Download, File
from sandbox.s3 import BucketServer
from tests import build
from tests.clients import put

pytestmark = pytest.mark.django_db
CLICK = {
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-User": "?1",
}
PARTS = ["bytes=100-", "bytes=0-99", "bytes=5-9", "bytes=-500", "BYTES = 7-", "bytes=0-1,5-9"]


@pytest.fixture
def file() -> File:
    return build.file(build.ebook(title="Slack water"), name="Slack water")


@pytest.fixture
def member(client_for: type[Client], subscriber: User) -> Client:
    return client_for(subscriber)


def key(response: Any) -> str:
    """Return the object that a redirect leads to."""
    assert response.status_code == 302, response.status_code
    return str(re.search(r"content/[0-9a-f-]{36}", response.headers["Location"])[0])  # type: ignore[index]


def replaced(file: File, now: datetime) -> tuple[Any, Any]:
    old = file.versions.get()
    return old, build.version(file, ready_at=now + timedelta(minutes=5))


@pytest.mark.parametrize("part", PARTS)
def test_member_who_goes_on_gets_the_version_they_began_with(
    member: Client, file: File, now: datetime, part: str
) -> None:
    member.get(file.get_absolute_url())
    old, new = replaced(file, now)
    assert key(member.get(file.get_absolute_url(), headers={"Range": part})) == old.key
    assert key(member.get(file.get_absolute_url())) == new.key


@pytest.mark.parametrize("whole", [None, "bytes=0-", "bytes = 0-", "lines=5-"])
def test_member_who_begins_gets_the_newest(member: Client, file: File, now: datetime, whole: str | None) -> None:
    member.get(file.get_absolute_url())
    _, new = replaced(file, now)
    assert key(member.get(file.get_absolute_url(), headers={"Range": whole} if whole else {})) == new.key


@pytest.mark.parametrize("part", PARTS)
def test_member_who_may_have_begun_with_either_is_refused_and_nothing_is_minted(
    member: Client, file: File, now: datetime, part: str
) -> None:
    member.get(file.get_absolute_url())
    replaced(file, now)
    member.get(file.get_absolute_url())
    response = member.get(file.get_absolute_url(), headers={"Range": part})
    assert response.status_code == 409, "not 416: curl and wget take that for all being there"
    assert b"download it again" in response.content
    assert Download.objects.count() == 2


def test_member_who_says_what_they_hold_is_left_to_the_bucket(member: Client, file: File, now: datetime) -> None:
    member.get(file.get_absolute_url())
    _, new = replaced(file, now)
    member.get(file.get_absolute_url())
    answer = member.get(file.get_absolute_url(), headers={"Range": "bytes=5-", "If-Range": '"abc"'})
    assert key(answer) == new.key


@pytest.mark.parametrize(("days", "gets_old"), [(6, True), (8, False)])
def test_a_replaced_version_stays_open_for_a_week_to_those_who_took_it(
    member: Client, file: File, now: datetime, days: int, gets_old: bool
) -> None:
    old = file.versions.get()
    member.get(old.get_absolute_url())
    _, new = replaced(file, now)
    with time_machine.travel(now + timedelta(days=days)):
        assert key(member.get(old.get_absolute_url())) == (old.key if gets_old else new.key)
        part = member.get(old.get_absolute_url(), headers={"Range": "bytes=5-"})
        assert part.status_code == (302 if gets_old else 409)


def test_whoever_never_had_a_replaced_version_is_given_the_newest_and_no_part(
    member: Client, file: File, now: datetime
) -> None:
    old, new = replaced(file, now)
    assert key(member.get(old.get_absolute_url())) == new.key
    assert member.get(old.get_absolute_url(), headers={"Range": "bytes=5-"}).status_code == 409


def test_a_version_of_another_file_or_one_that_is_not_ready_is_not_there(member: Client, file: File) -> None:
    other = build.file(build.ebook()).versions.get()
    unready = build.version(file, ready=False)
    assert [member.get(f"{file.get_absolute_url()}{pk}/").status_code for pk in (other.pk, unready.pk, 0, 9**18)] == [
        404
    ] * 4


@pytest.mark.parametrize(("who", "status"), [("newcomer", 403), ("lapsed", 403)])
def test_14_a_pinned_address_decides_like_any_other(
    request: pytest.FixtureRequest, client_for: type[Client], plan: Any, file: File, who: str, status: int
) -> None:
    address = file.versions.get().get_absolute_url()
    assert client_for(request.getfixturevalue(who)).get(address).status_code == status
    assert Client().get(address).status_code == 302
    assert Client().get(address).headers["Location"] == f"/account/login/?next={address}"
    assert not Download.objects.exists()


def test_head_and_prefetch_of_a_pinned_address_mint_nothing(member: Client, file: File) -> None:
    address = file.versions.get().get_absolute_url()
    assert member.head(address).headers["Content-Length"] == "11"
    assert member.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 403
    assert not Download.objects.exists()


def test_whoever_has_it_all_is_told_so_without_a_mint(member: Client, file: File) -> None:
    address = file.versions.get().get_absolute_url()
    response = member.get(address, headers={"Range": "bytes=11-"})
    assert response.status_code == 416
    assert "Content-Range" not in response.headers
    assert not Download.objects.exists()


# --- The page that stays ----------------------------------------------------------------------


@pytest.fixture
def stored(bucket: BucketServer, file: File) -> File:
    put(file.versions.get(), b"%PDF-1.7 the whole of it")
    return file


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_click_is_answered_with_a_page_that_fetches_the_file_and_mints_nothing_itself(
    member: Client, stored: File, site: str
) -> None:
    response = member.get(stored.get_absolute_url(), headers=CLICK | {"Sec-Fetch-Site": site})
    page = response.content.decode()
    version = stored.versions.get()
    assert response.status_code == 200
    assert f'content="0; url={version.get_absolute_url()}"' in page
    assert version.sha256 in page
    assert "sha256sum -- &#x27;Slack water.pdf&#x27;" in page
    assert f'value="http://testserver{stored.get_absolute_url()}"' in page
    assert "X-Amz" not in page
    assert "content/" not in page
    assert response.headers["Cache-Control"] == "no-store, private"
    assert not Download.objects.exists()
    answer = member.get(version.get_absolute_url(), headers=CLICK | {"Sec-Fetch-User": ""})
    assert key(answer) == version.key


@pytest.mark.parametrize(
    "change", [{"Sec-Fetch-User": ""}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Mode": "cors"}], ids=str
)
def test_whatever_is_no_click_here_is_given_the_file(member: Client, stored: File, change: dict[str, str]) -> None:
    headers = CLICK | change | ({"Sec-Fetch-Dest": "empty"} if "Sec-Fetch-Mode" in change else {})
    assert member.get(stored.get_absolute_url(), headers=headers).status_code == 302


@pytest.mark.parametrize("kind", ["gone", "refused"])
def test_an_object_that_the_bucket_does_not_give_is_a_page_of_ours(
    member: Client, bucket: BucketServer, stored: File, caplog: pytest.LogCaptureFixture, kind: str, settings: Any
) -> None:
    if kind == "gone":
        build.version(stored, ready_at=datetime.fromisoformat("2999-01-01T00:00+00:00"))
    else:
        settings.S3_IDENTITIES = settings.S3_IDENTITIES | {"reader": ("READERTESTKEY", "another-secret")}
    response = member.get(stored.get_absolute_url(), headers=CLICK)
    assert response.status_code == 503
    assert "This file cannot be reached right now" in response.content.decode()
    assert "refresh" not in response.content.decode()
    assert "object refused version=" in caplog.text
    assert not Download.objects.exists()


def test_a_bucket_that_is_unwell_does_not_hold_the_click_up(member: Client, bucket: BucketServer, stored: File) -> None:
    bucket.fail_next(3, kind="InternalError", match=lambda request: request.method == "HEAD")
    assert member.get(stored.get_absolute_url(), headers=CLICK).status_code == 200
    bucket.chaos.clear()
