"""Whose link is this: URLs, errors of the bucket, lines of its log; who, what, when, from where, does it work, and why not."""

import gzip
import re
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from moto import mock_aws

from accounts import personal
from accounts.models import User
from config.models import AuditEntry
from courses import clues, fetched, rekeying, serving, storage, tracing
from courses.models import Download, Fetch, FileVersion
from courses.sources import Source
from tests import build
from tests.courses.uploads.hands import Work, ask, uploaded
from tests.courses.uploads.samples import PDF
from tests.effort import tries

pytestmark = pytest.mark.django_db
HOME = Source("203.0.113.9", "203.0.113.0/24", "Firefox, Linux")


@pytest.fixture
def version() -> FileVersion:
    return build.file(build.ebook(title="The Book of Tides")).versions.select_related("file").get()


def minted(person: User | None, version: FileVersion, now: datetime, **options: Any) -> str:
    return serving.mint(person, version, Download.Purpose.DOWNLOAD, now=now, source=HOME, **options).url


def line(url: str, *, at: datetime, address: str = "198.51.100.7", request: str = "", **fields: Any) -> str:
    """A line as Amazon writes it, for a GET of this URL."""
    values = {
        "status": 200,
        "code": "-",
        "sent": 11,
        "size": 11,
        "agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    } | fields
    path = re.sub(r"^https?://[^/]+/(lectern-content/)?", "/", url)
    name = request or uuid.uuid4().hex[:16].upper()
    answer = f"{values['status']} {values['code']} {values['sent']} {values['size']}"
    return (
        f"79a59df9 lectern-content [{at:%d/%b/%Y:%H:%M:%S +0000}] {address} arn:aws:iam::1:user/reader {name} "
        f'REST.GET.OBJECT {path[1:].split("?")[0]} "GET {path} HTTP/1.1" {answer} 12 11 "-" "{values["agent"]}" '
        f"- hostid= SigV4 TLS_AES_128_GCM_SHA256 QueryString bucket.s3.amazonaws.com TLSv1.3 - -"
    )


# --- Reading what is pasted -------------------------------------------------------------------


def test_a_link_tells_who_what_when_from_where_and_that_it_works(
    subscriber: User, version: FileVersion, now: datetime
) -> None:
    found = tracing.trace(f"look: <{minted(subscriber, version, now)}> thanks", now=now)
    assert found.person == subscriber
    assert found.file == version.file
    assert (found.download.address, found.download.agent) == ("203.0.113.9", "Firefox, Linux")  # type: ignore[union-attr]
    assert (found.works, found.reasons, found.notes) == (True, [], [])
    assert found.permalink.endswith(version.file.get_absolute_url())


def test_a_link_that_ran_out_says_when(subscriber: User, version: FileVersion, now: datetime) -> None:
    url = minted(subscriber, version, now)
    found = tracing.trace(url, now=now + timedelta(minutes=5))
    assert found.works is False
    assert "It ran out" in found.reasons[0]
    assert tracing.trace(url, now=now + timedelta(seconds=119)).works


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=120", "X-Amz-Expires=86400"),
        ("response-content-type=application%2Fpdf", "response-content-type=text%2Fhtml"),
    ],
)
def test_a_link_that_was_altered_says_so_first(
    subscriber: User, version: FileVersion, now: datetime, old: str, new: str
) -> None:
    url = minted(subscriber, version, now)
    assert old in url
    found = tracing.trace(url.replace(old, new), now=now + timedelta(minutes=5))
    assert "altered" in found.reasons[0]
    assert "ran out" in found.reasons[1], "when it ran out is our row's word, not the altered URL's"


def test_a_trace_put_in_by_hand_names_nobody_as_proven(
    subscriber: User, newcomer: User, version: FileVersion, now: datetime
) -> None:
    mine, other = minted(newcomer, version, now), minted(subscriber, version, now)
    trace = {url: re.search(r"x-dl=([0-9a-f-]+)", url)[1] for url in (mine, other)}  # type: ignore[index]
    found = tracing.trace(mine.replace(trace[mine], trace[other]), now=now)
    assert found.works is False
    assert "cannot be trusted" in found.reasons[0]


def test_a_link_of_a_key_that_is_not_ours_says_which(
    subscriber: User, version: FileVersion, now: datetime, settings: Any
) -> None:
    url = minted(subscriber, version, now)
    settings.S3_READER_KEYS = {"ANOTHERKEY": "secret"}
    found = tracing.trace(url, now=now)
    assert "READERTESTKEY" in found.reasons[0]


@pytest.mark.usefixtures("bucket")
def test_a_link_ended_by_moving_the_bytes_says_when_and_by_its_key_alone_whose_it_may_have_been(
    subscriber: User, now: datetime, work: Work
) -> None:
    version = uploaded("a.pdf", PDF, now, work)
    url = minted(subscriber, version, now)
    old = version.key
    (move,) = rekeying.begin(version.file, now=now)
    rekeying.go_on(move, now=now)
    found = tracing.trace(url, now=now)
    assert found.works is False
    assert "were ended" in found.reasons[0]
    assert ask("GET", url)[0] in (403, 404)
    by_key = tracing.trace(
        f"<Error><Code>NoSuchKey</Code><Key>{old}</Key><RequestId>ABC123</RequestId></Error>", now=now
    )
    assert by_key.file == version.file
    assert [one.user for one in by_key.others] == [subscriber]
    assert "were ended" in by_key.notes[0]


def test_access_that_ended_and_a_version_replaced_are_told_of_a_link_that_still_works(
    subscriber: User, version: FileVersion, now: datetime
) -> None:
    url = minted(subscriber, version, now)
    subscriber.customers.get().subscriptions.update(status="canceled", ended_at=now)
    build.version(version.file, ready_at=now + timedelta(seconds=1))
    found = tracing.trace(url, now=now + timedelta(seconds=2))
    assert found.works
    assert any("replaced" in note for note in found.notes)
    assert any("no new link" in note for note in found.notes)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("how", ["expired", "altered"])
def test_the_buckets_own_error_is_enough(subscriber: User, now: datetime, work: Work, how: str) -> None:
    """S3 puts what it was to verify into SignatureDoesNotMatch, our trace included; of an expired link it shows the request alone."""
    version = uploaded("a.pdf", PDF, now, work)
    if how == "altered":
        url = minted(subscriber, version, now)
        body = f"""<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>READERTESTKEY</AWSAccessKeyId>
            <CanonicalRequest>GET
            /{version.key}
            X-Amz-Algorithm=AWS4-HMAC-SHA256&amp;x-dl={re.search(r"x-dl=([0-9a-f-]+)", url)[1]}
            host:x</CanonicalRequest><RequestId>R1</RequestId></Error>"""  # type: ignore[index]
        found = tracing.trace(body, now=now)
        assert found.person == subscriber
        assert "altered" in found.reasons[0]
        return
    with time_machine.travel(now - timedelta(hours=1)):
        url = minted(subscriber, version, now - timedelta(hours=1))
    status, answer = ask("GET", url)
    assert status == 403
    request = re.search(rb"<RequestId>(\w+)</RequestId>", answer)[1].decode()  # type: ignore[index]
    assert tracing.trace(answer.decode(), now=now).download is None, "the log has not come yet"
    fetched.take_in([line(url, at=now, request=request, status=403, code="AccessDenied", sent=0)], fetched.Report())
    found = tracing.trace(answer.decode(), now=now)
    assert found.person == subscriber
    assert "ran out" in found.reasons[0]


def test_a_line_of_the_log_and_a_bare_id_are_enough(subscriber: User, version: FileVersion, now: datetime) -> None:
    url = minted(subscriber, version, now)
    assert tracing.trace(line(url, at=now), now=now).person == subscriber
    assert tracing.trace(str(Download.objects.get().pk), now=now).person == subscriber


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "http://[",
        "https://x/?X-Amz-Signature=1&X-Amz-Credential=%00",
        "<Error>",
        "x-dl=1",
        "\x00",
        "a" * 50_000,
        "0b7e6c1e-3d2f-4a58-9c1d-5f0a7b3e2d11",
    ],
)
def test_what_says_nothing_is_answered_kindly(text: str, now: datetime) -> None:
    found = tracing.trace(text, now=now)
    assert (found.download, found.works) == (None, None)
    assert found.notes


@given(st.text(max_size=400))
@examples(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_it(text: str) -> None:
    clues.read(text)
    clues.read(
        f"https://x/content/{uuid.UUID(int=1)}?X-Amz-Signature={text}&X-Amz-Credential=READERTESTKEY/{text}&X-Amz-Date={text}"
    )
    clues.read_line(text)


def test_the_published_example_of_aws_is_genuine_and_one_letter_less_is_not(settings: Any) -> None:
    settings.S3_READER_KEYS = {"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
    url = (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    read = storage.read_signed(url)
    assert read is not None
    assert (read.genuine, read.expires_at) == (True, datetime(2013, 5, 25, tzinfo=UTC))
    for other in (url.replace("test.txt", "test.tx"), url[:-1] + "5", url.replace("=86400", "=86401"), url + "&x-dl=1"):
        assert storage.read_signed(other).genuine is False  # type: ignore[union-attr]


# --- The log ----------------------------------------------------------------------------------


def test_t7_a_thousand_lines_lead_to_a_thousand_right_people(version: FileVersion, now: datetime) -> None:
    people = User.objects.bulk_create([User(email=f"p{number}@example.com") for number in range(1000)])
    links = Download.objects.bulk_create(
        [
            Download(
                user=one, version=version, purpose="download", created_at=now, expires_at=now + timedelta(minutes=2)
            )
            for one in people
        ]
    )
    lines = [
        line(f"https://b/{version.key}?X-Amz-Expires=120&x-dl={one.pk}&X-Amz-Signature=00", at=now) for one in links
    ]
    wrong = [one for one, person in zip(lines, people, strict=True) if tracing.trace(one, now=now).person != person]
    assert (len(lines), wrong) == (1000, [])
    report = fetched.take_in(lines, fetched.Report())
    assert (report.fetches, Fetch.objects.count()) == (1000, 1000)
    assert set(Fetch.objects.values_list("user", flat=True)) == {one.pk for one in people}


def test_the_log_tells_whether_it_was_fetched_how_much_and_from_how_many_addresses(
    subscriber: User, version: FileVersion, now: datetime
) -> None:
    url = minted(subscriber, version, now)
    lines = [
        line(url, at=now, address="198.51.100.7"),
        line(url, at=now, address="198.51.100.7", status=206, sent=4),
        line(url, at=now, address="2001:db8::1", status=403, code="AccessDenied", sent=0),
    ]
    fetched.take_in(lines, fetched.Report())
    found = tracing.trace(url, now=now)
    assert (len(found.fetches), found.addresses) == (3, 2)
    assert sorted((one.status, one.sent, one.partial) for one in found.fetches) == [
        (200, 11, False),
        (206, 4, True),
        (403, 0, True),
    ]
    assert [(str(title), sent) for title, sent, _count in fetched.volume_by_title(since=now)] == [
        ("The Book of Tides", 15)
    ]
    assert fetched.volume_by_person(since=now) == [(subscriber.pk, 15, 3)]


def test_reading_the_same_log_twice_changes_nothing_and_bad_lines_stop_nothing(
    subscriber: User, version: FileVersion, now: datetime
) -> None:
    url = minted(subscriber, version, now)
    good = line(url, at=now, request="ABCDEF0123456789")
    lines = [
        good, "", "garbage", good[:200], "\ufffd\x00 x", good.replace("REST.GET.OBJECT", "REST.PUT.OBJECT"), good.replace("[", ""),
        good.replace(str(now.year), "9x9"), good.replace("x-dl=", "y="), good,
        line(url.replace(str(Download.objects.get().pk), "'; DROP TABLE--"), at=now),
        line(url.replace(str(Download.objects.get().pk), str(uuid.uuid4())), at=now),
        line(url, at=now, agent='Mozilla "quoted" \\x22 (X11)', request="QUOTED"),
    ]  # fmt: skip
    first = fetched.take_in(lines, fetched.Report())
    again = fetched.take_in(lines, fetched.Report())
    assert (first.lines, first.bad, first.other, first.unknown) == (13, 6, 2, 2)
    assert (first.fetches, again.fetches, Fetch.objects.count()) == (4, 0, 4)
    assert Fetch.objects.filter(user=subscriber).count() == 2
    assert Fetch.objects.get(pk="QUOTED").agent == "another program"


def test_a_log_of_any_length_is_read_in_little_memory(
    subscriber: User, version: FileVersion, now: datetime, tmp_path: Path
) -> None:
    template = line(minted(subscriber, version, now), at=now, request="REQUESTNUMBER000")
    log, fetches = tmp_path / "big.log.gz", tries(1_500, 5_000)
    with gzip.open(log, "wt") as out:
        for number in range(4 * fetches):
            out.write(template.replace("REQUESTNUMBER000", f"R{number // 4:015d}") + "\n")
        out.write("x" * 5_000_000 + "\n")
    said = BytesIO()
    tracemalloc.start()
    call_command("import_access_logs", str(log), stdout=_Text(said))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Fetch.objects.count() == fetches
    assert peak < 30 * 1024**2, f"{peak / 1024**2:.0f} MiB"
    assert f"{fetches} fetches".encode() in said.getvalue()


class _Text:
    """What a command writes to, as bytes."""

    def __init__(self, out: BytesIO) -> None:
        self.out = out

    def write(self, text: str) -> None:
        self.out.write(text.encode())


def test_the_log_is_read_from_its_prefix_in_the_bucket(
    subscriber: User, version: FileVersion, now: datetime, settings: Any
) -> None:
    lines = "\n".join(line(minted(subscriber, version, now), at=now) for _ in range(3))
    settings.S3_REGION, settings.S3_ADDRESSING_STYLE = "eu-central-1", "virtual"
    settings.S3_ENDPOINT_URL = "https://s3.eu-central-1.amazonaws.com"
    settings.S3_LOG_BUCKET, settings.S3_LOG_PREFIX = "lectern-logs", "access/"
    with mock_aws():
        amazon = boto3.client("s3", region_name="eu-central-1")
        amazon.create_bucket(Bucket="lectern-logs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        amazon.put_object(Bucket="lectern-logs", Key="access/2026-11-25-01", Body=lines.encode())
        amazon.put_object(Bucket="lectern-logs", Key="other/2026-11-25-01", Body=lines.encode())
        call_command("import_access_logs")
        call_command("import_access_logs")
    assert Fetch.objects.filter(user=subscriber).count() == 3


def test_a_command_without_a_log_or_with_a_missing_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="S3_LOG_BUCKET"):
        call_command("import_access_logs")
    with pytest.raises(CommandError, match="could not be read"):
        call_command("import_access_logs", str(tmp_path / "none.log"))


# --- Privacy ----------------------------------------------------------------------------------


def test_from_where_is_forgotten_after_thirty_days_and_with_the_account_at_once(
    subscriber: User, newcomer: User, version: FileVersion, now: datetime
) -> None:
    for person, ago in ((newcomer, 31), (newcomer, 29), (subscriber, 1)):
        at = now - timedelta(days=ago)
        fetched.take_in([line(minted(person, version, at), at=at)], fetched.Report())
    fetched.forget(now=now)
    assert sorted(newcomer.downloads.values_list("address", flat=True)) == ["", "203.0.113.9"]
    assert sorted(newcomer.fetches.values_list("address", flat=True)) == ["", "198.51.100.7"]
    personal.delete(newcomer)
    assert Download.objects.filter(user=None, address="", network="", agent="").count() == 2
    assert Fetch.objects.filter(user=None, address="", network="", agent="").count() == 2
    assert Download.objects.exclude(address="").get().user == subscriber


def test_of_a_visitor_it_is_never_kept_and_the_database_holds_to_it(version: FileVersion, now: datetime) -> None:
    minted(None, version, now)
    assert Download.objects.get().address == ""
    with pytest.raises(Exception, match="download_of_nobody_from_nowhere"):
        Download.objects.update(address="203.0.113.9")


def test_a_click_keeps_address_network_and_browser_in_two_words(
    client_for: type[Client], subscriber: User, version: FileVersion
) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"
    client_for(subscriber).get(
        version.file.get_absolute_url(), REMOTE_ADDR="203.0.113.77", headers={"User-Agent": agent}
    )
    row = Download.objects.get()
    assert (row.address, row.network, row.agent) == ("203.0.113.77", "203.0.113.0/24", "Edge, Windows")
    assert (row.key, row.signer) == (version.key, "READERTESTKEY")


# --- The page ---------------------------------------------------------------------------------


def test_the_owner_pastes_a_link_and_mails_a_fresh_one(
    owner: User, client_for: type[Client], subscriber: User, version: FileVersion, now: datetime, work: Work
) -> None:
    url, browser = minted(subscriber, version, now), client_for(owner)
    page = browser.post("/admin/courses/download/trace/", {"text": url}).content.decode()
    assert subscriber.email in page
    assert "The Book of Tides" in page
    assert "203.0.113.9" in page
    assert "It still works." in page
    assert "X-Amz" not in page
    assert AuditEntry.objects.get(act="link.traced").person == subscriber
    browser.post(f"/admin/courses/download/{Download.objects.get().pk}/send/")
    work()
    (letter,) = mail.outbox
    assert letter.to == [subscriber.email]
    assert version.file.get_absolute_url() in letter.body
    assert "X-Amz" not in str(letter.message())
    assert AuditEntry.objects.filter(act="link.sent", person=subscriber).exists()


def test_nothing_is_mailed_to_whoever_would_not_be_let_in(
    owner: User, client_for: type[Client], subscriber: User, version: FileVersion, now: datetime, work: Work
) -> None:
    minted(subscriber, version, now)
    subscriber.customers.get().subscriptions.update(status="canceled", ended_at=now)
    page = client_for(owner).post(f"/admin/courses/download/{Download.objects.get().pk}/send/", follow=True)
    work()
    assert "would not be let in" in page.content.decode()
    assert mail.outbox == []


def test_nothing_that_was_pasted_stays_anywhere(
    owner: User,
    client_for: type[Client],
    subscriber: User,
    version: FileVersion,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = minted(subscriber, version, now)
    signature = url.rpartition("X-Amz-Signature=")[2]
    with caplog.at_level("DEBUG"):
        client_for(owner).post("/admin/courses/download/trace/", {"text": url})
        fetched.take_in([line(url, at=now)], fetched.Report())
    assert signature not in caplog.text
    with connection.cursor() as cursor:
        for table in ("courses_fetch", "courses_download", "config_auditentry", "django_session", "django_admin_log"):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own
            assert signature not in repr(cursor.fetchall())


def test_the_command_answers_the_same(
    subscriber: User, version: FileVersion, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("trace", minted(subscriber, version, now))
    said = capsys.readouterr().out
    assert subscriber.email in said
    assert "Works:  yes" in said
    with pytest.raises(SystemExit):
        call_command("trace", "nothing here")
