"""Bad inputs 1 to 44: the click on a file, by whom it is not for, in ways it was not meant, and about what is not there."""

import http.client
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.forms import modelform_factory
from django.http import HttpResponseRedirect
from django.test import Client

from accounts.models import User
from billing.models import Product, Subscription
from config import health
from courses import invariants, storage
from courses.models import Download, Ebook, File, FileVersion
from tests import build
from tests.courses.uploads.hands import Work, ask, uploaded
from tests.courses.uploads.samples import PDF
from tests.effort import tries
from tests.house.scene import LEAST, start
from tests.visits import Visit

pytestmark = pytest.mark.django_db
Knock = Callable[..., Visit]
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def file(plan: Product) -> File:
    return build.file(build.ebook(title="Slack water"), name="Slack water")


@pytest.fixture
def real(bucket: Any, plan: Product, now: datetime, work: Work) -> File:
    """A file whose bytes are in the bucket."""
    return uploaded("tides.pdf", PDF, now, work).file


def minted(visit: Visit) -> str:
    """Return the signed address that a click was given, and hold what goes with every one."""
    assert visit.status == 302, visit.page[:300]
    assert "X-Amz-Signature=" in visit.location
    assert visit.response.headers["Cache-Control"] == "no-store, private"
    assert len(visit.lines) == 1
    assert "minted id=" in visit.lines[0]
    assert "X-Amz" not in visit.lines[0]
    return visit.location


@pytest.mark.once
def test_t3_links_work_until_their_second_and_not_after(real: File, now: datetime, time_machine: Any) -> None:
    """Of any lifetime, asked for at any moment: five seconds before their end all open, five seconds after it none."""
    dice, version = random.Random(3), real.versions.get()
    for _ in range(tries(20, 100)):
        ttl, minted_at = dice.randint(30, 900), now + timedelta(seconds=dice.randrange(86400))
        time_machine.move_to(minted_at)
        link = storage.sign_get(version.key, "x.pdf", content_type="application/pdf", ttl=ttl, trace="t").url
        time_machine.move_to(minted_at + timedelta(seconds=ttl - 5))
        assert ask("GET", link)[0] == 200
        time_machine.move_to(minted_at + timedelta(seconds=ttl + 5))
        assert ask("GET", link)[0] == 403


# --- Who may not, or no longer ----------------------------------------------------------------


def test_d1_stranger_signs_in_and_comes_back(file: File, knock: Knock) -> None:
    visit = knock(Client(), "get", file.get_absolute_url())
    assert (visit.status, visit.location) == (302, f"/account/login/?next={file.get_absolute_url()}")
    assert visit.before == visit.after


def test_d2_newcomer_is_offered_what_opens_it(newcomer: User, file: File, client_for: Any, knock: Knock) -> None:
    build.price(build.plan(name="Full membership"))
    assert "Full membership" in knock(client_for(newcomer), "get", file.get_absolute_url()).refused(403).page


STATES: dict[str, tuple[dict[str, Any], bool]] = {
    "d3 canceled, the period over": ({"status": "canceled", "ended_at": -DAY}, False),
    "d4 cancelled, the period runs": ({"status": "active", "cancel_at": DAY}, True),
    "d5 past due, in the grace": ({"status": "past_due", "unpaid_since": -DAY}, True),
    "d6 past due, the grace over": ({"status": "past_due", "unpaid_since": -8 * DAY}, False),
    "d7 incomplete": ({"status": "incomplete"}, False),
    "d8 incomplete_expired": ({"status": "incomplete_expired"}, False),
    "d9 unpaid": ({"status": "unpaid"}, False),
    "d10 paused": ({"status": "paused"}, False),
}


@pytest.mark.parametrize(("fields", "opens"), STATES.values(), ids=STATES)
def test_subscriber_whose_subscription_is(
    newcomer: User, plan: Product, now: datetime, file: File, client_for: Any, knock: Knock, fields: Any, opens: bool
) -> None:
    moved = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    build.subscribed(newcomer, plan, now=now, **moved)
    visit = knock(client_for(newcomer), "get", file.get_absolute_url())
    if opens:
        minted(visit)
    else:
        visit.refused(403)


def test_d11_subscriber_of_another_plan_is_offered_this_one(subscriber: User, client_for: Any, knock: Knock) -> None:
    title = build.ebook(access="restricted")
    title.products.add(build.plan(name="Patrons"))
    knock(client_for(subscriber), "get", build.file(title).get_absolute_url()).refused(403)


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_d12_subscriber_does_not_find_what_is_not_published(
    subscriber: User, client_for: Any, knock: Knock, state: str
) -> None:
    knock(client_for(subscriber), "get", build.file(build.ebook(state=state)).get_absolute_url()).refused(404)


# --- Addresses that name no file --------------------------------------------------------------

ADDRESSES = {
    "d13 a number": "1",
    "d13 a word": "tides",
    "d13 almost a UUID": "00000000-0000-4000-8000-00000000000g",
    "d14 10 kB": "a" * 10_000,
    "d15 NUL": "%00",
    "d15 NUL after a UUID": "00000000-0000-4000-8000-000000000000%00",
    "d16 a way up": "..%2f..%2fetc%2fpasswd",
    "d17 overlong UTF-8": "%c0%af%c0%ae",
}


@pytest.mark.parametrize("name", ADDRESSES.values(), ids=ADDRESSES)
def test_subscriber_who_asks_for(subscriber: User, client_for: Any, knock: Knock, name: str) -> None:
    knock(client_for(subscriber), "get", f"/files/{name}/").refused(404)


# --- Requests that are no clicks --------------------------------------------------------------


def test_d18_head_tells_what_it_is_and_mints_nothing(
    subscriber: User, file: File, client_for: Any, knock: Knock
) -> None:
    visit = knock(client_for(subscriber), "head", file.get_absolute_url())
    assert (visit.status, visit.before == visit.after, visit.location) == (200, True, "")


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "trace", "options"])
def test_d19_other_methods_are_refused(
    subscriber: User, file: File, client_for: Any, knock: Knock, method: str
) -> None:
    visit = knock(client_for(subscriber), method, file.get_absolute_url()).refused(405)
    assert visit.response.headers["Allow"] == "GET, HEAD"


def test_d20_fetching_ahead_mints_nothing(subscriber: User, file: File, client_for: Any, knock: Knock) -> None:
    knock(client_for(subscriber), "get", file.get_absolute_url(), headers={"Sec-Purpose": "prefetch"}).refused(403)


def test_d21_picture_on_another_site_mints_nothing(subscriber: User, file: File, client_for: Any, knock: Knock) -> None:
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    knock(client_for(subscriber), "get", file.get_absolute_url(), headers=image).refused(403)


@pytest.mark.django_db(transaction=True)
def test_d22_double_click_works_twice_and_is_recorded_as_what_it_was(
    subscriber: User, file: File, client_for: Any
) -> None:
    """Both URLs are good, so both are recorded: a URL without its row could be traced to nobody."""
    browsers, together = [client_for(subscriber), client_for(subscriber)], Barrier(2)

    def click(browser: Client) -> int:
        together.wait(10)
        status = browser.get(file.get_absolute_url()).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, browsers)) == [302, 302]
    assert Download.objects.count() == 2


def test_d23_two_hundred_clicks_in_a_minute_are_slowed_down(
    subscriber: User, file: File, client_for: Any, knock: Knock, settings: Any
) -> None:
    browser = client_for(subscriber)
    statuses = [browser.get(file.get_absolute_url()).status_code for _ in range(199)]
    assert set(statuses) == {302, 429}
    assert statuses.count(302) == Download.objects.count() <= settings.BUDGETS["LINKS_PER_MINUTE"]
    visit = knock(browser, "get", file.get_absolute_url()).refused(429)
    assert int(visit.response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=100-"}], ids=["d24 opened again", "d25 resumed"])
def test_link_that_has_expired_is_dead_and_one_click_makes_another(
    subscriber: User, real: File, client_for: Any, knock: Knock, now: datetime, time_machine: Any, headers: Any
) -> None:
    """The dead link answers at the bucket's own address, which is not ours to dress; the way on is the address that pages hold."""
    browser = client_for(subscriber)
    time_machine.move_to(now)
    old = minted(knock(browser, "get", real.get_absolute_url()))
    assert ask("GET", old, headers=headers)[0] in (200, 206)
    time_machine.move_to(now + timedelta(minutes=5))
    assert ask("GET", old, headers=headers)[0] == 403
    status, body = ask("GET", minted(knock(browser, "get", real.get_absolute_url(), headers=headers)), headers=headers)
    assert (status, body) == ((206, PDF[100:]) if headers else (200, PDF))


def test_13_a_links_address_is_worth_nothing_for_another_object_later_or_altered(
    subscriber: User, real: File, client_for: Any, knock: Knock, now: datetime, time_machine: Any
) -> None:
    time_machine.move_to(now)
    other = FileVersion.objects.create(
        file=build.file(build.ebook()), size=3, content_type="application/pdf", state="ready", ready_at=now
    )
    good = minted(knock(client_for(subscriber), "get", real.get_absolute_url()))
    key = real.versions.get().key
    altered = {
        "another object": good.replace(key, other.key),
        "a longer life": re.sub("X-Amz-Expires=[0-9]+", "X-Amz-Expires=900", good),
        "another moment": re.sub("(X-Amz-Date=[0-9]{8}T)[0-9]{6}", r"\g<1>000001", good),
        "another name": good.replace("filename%3D%22", "filename%3D%22x", 1),
        "another trace": re.sub("x-dl=.", "x-dl=_", good),
        "another signature": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "no signature": re.sub("&X-Amz-Signature=[0-9a-f]+", "", good),
    }
    assert ask("GET", good)[0] == 200
    for what, address in altered.items():
        assert address != good, what
        # As Amazon does: 400 where the query is no complete signature any more.
        assert ask("GET", address)[0] == (400 if what == "no signature" else 403), what
    time_machine.move_to(now + timedelta(seconds=121))
    assert ask("GET", good)[0] == 403


# --- Titles that would break a header or a disk -----------------------------------------------

NAMES = {
    "d26 CR and LF": ("a\r\nSet-Cookie: x=1", "a Set-Cookie x=1.pdf"),
    "d27 quotes": ('He said "no"', "He said no.pdf"),
    "d28 semicolon and comma": ("a; b, c", "a; b, c.pdf"),
    "d29 CJK": ("潮の本", "潮の本.pdf"),
    "d30 emoji": ("Tides 🌊", "Tides 🌊.pdf"),
    "d31 right to left": ("invoice\u202efdp.exe", "invoice fdp.exe.pdf"),
    "d32 as long as a column takes": ("x" * 255, "x" * 146 + ".pdf"),
    "d33 empty": ("", "download.pdf"),
    "d34 a device": ("CON", "download-CON.pdf"),
    "d34 a way up": ("..", "download.pdf"),
    "d34 a hidden file": (".htaccess", "htaccess.pdf"),
}


@pytest.mark.parametrize(("title", "name"), NAMES.values(), ids=NAMES)
def test_subscriber_saves_a_file_whose_name_is(
    subscriber: User, real: File, client_for: Any, knock: Knock, title: str, name: str
) -> None:
    """The header is the bucket's own answer to the signed address."""
    File.objects.update(name=title)
    target = minted(knock(client_for(subscriber), "get", real.get_absolute_url()))
    disposition = header_of(target, "Content-Disposition")
    assert disposition.isascii()
    assert disposition.startswith('attachment; filename="')
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == name


@pytest.mark.parametrize("title", ["x" * 300, "a\0b"], ids=["d32 300 characters", "d35 NUL"])
def test_name_that_no_column_takes_is_refused_and_would_be_harmless(title: str) -> None:
    assert "name" in modelform_factory(File, fields=["name"])({"name": title}).errors
    disposition = storage.content_disposition(storage.download_name(title, "application/pdf"))
    assert (disposition.isascii(), disposition.isprintable()) == (True, True)
    assert disposition.endswith(".pdf")
    assert len(disposition) < 400


def header_of(url: str, name: str) -> str:
    parts = urlsplit(url)
    wire = http.client.HTTPConnection(parts.netloc, timeout=10)
    wire.request("GET", f"{parts.path}?{parts.query}")
    answer = wire.getresponse()
    answer.read()
    wire.close()
    assert answer.status == 200
    return str(answer.headers[name])


# --- A bucket, a key or a person that is gone -------------------------------------------------


def test_d37_bucket_that_is_away_keeps_nobody_from_a_link(
    subscriber: User, file: File, client_for: Any, knock: Knock, settings: Any
) -> None:
    """Signing asks nobody. That the bucket is silent is what the health page is for."""
    settings.S3_ENDPOINT_URL = settings.S3_BUCKET_ORIGIN = "http://127.0.0.1:9"
    minted(knock(client_for(subscriber), "get", file.get_absolute_url()))
    assert health.probe() is False


@pytest.mark.parametrize("name", ["S3_READER_KEY_ID", "S3_READER_SECRET"])
def test_d38_site_without_the_readers_key_does_not_start(tmp_path: Path, name: str) -> None:
    """Keys here do not expire by themselves; a site without one would sign dead links, so there is none."""
    with pytest.raises(ImproperlyConfigured, match=name):
        start(tmp_path, LEAST | {name: ""})


def test_d39_link_minted_before_the_end_lives_no_longer_than_its_minutes(
    subscriber: User, real: File, client_for: Any, knock: Knock, now: datetime, time_machine: Any, settings: Any
) -> None:
    browser = client_for(subscriber)
    time_machine.move_to(now)
    old = minted(knock(browser, "get", real.get_absolute_url()))
    Subscription.objects.update(status="canceled", ended_at=now)
    knock(browser, "get", real.get_absolute_url()).refused(403)
    time_machine.move_to(now + (settings.DOWNLOAD_TTL - 5) * SECOND)
    assert ask("GET", old)[0] == 200
    time_machine.move_to(now + (settings.DOWNLOAD_TTL + 5) * SECOND)
    assert ask("GET", old)[0] == 403


@pytest.mark.parametrize("end", ["banned", "deleted"])
def test_d40_person_who_is_banned_or_deleted_is_out_at_the_next_click(
    subscriber: User, file: File, client_for: Any, knock: Knock, end: str
) -> None:
    """The session is nobody's from then on, so the answer is a stranger's."""
    browser = client_for(subscriber)
    if end == "banned":
        User.objects.filter(pk=subscriber.pk).update(is_active=False)
    else:
        subscriber.delete()
    visit = knock(browser, "get", file.get_absolute_url())
    assert (visit.status, visit.location) == (302, f"/account/login/?next={file.get_absolute_url()}")
    assert visit.before == visit.after


def test_d41_subscription_that_ends_now_is_over(
    subscriber: User, file: File, client_for: Any, knock: Knock, now: datetime, time_machine: Any
) -> None:
    browser = client_for(subscriber)
    Subscription.objects.update(cancel_at=now)
    time_machine.move_to(now - SECOND, tick=False)
    minted(knock(browser, "get", file.get_absolute_url()))
    time_machine.move_to(now, tick=False)
    knock(browser, "get", file.get_absolute_url()).refused(403)


def test_d42_longest_address_that_we_sign_is_sent_whole(
    subscriber: User, client_for: Any, knock: Knock, now: datetime
) -> None:
    """Django's own limit once cut at 2,048; no floor below it may come back."""
    title: Ebook = build.ebook()
    target = minted(knock(client_for(subscriber), "get", build.file(title, name="潮" * 255).get_absolute_url()))
    assert 800 < len(target) <= 2000
    assert len(HttpResponseRedirect("https://bucket.example/?" + "x" * 4000).headers["Location"]) > 4000


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "", "a\tb"])
def test_d43_forged_host_is_refused(subscriber: User, file: File, client_for: Any, knock: Knock, host: str) -> None:
    visit = knock(client_for(subscriber), "get", file.get_absolute_url(), headers={"Host": host}).refused(400)
    assert "evil" not in visit.page + visit.lines[0]


@pytest.mark.parametrize("value", ["garbage", "x" * 10_000, "é;=", "../../etc/passwd", "\\0"])
def test_d44_broken_session_cookie_is_nobodys(file: File, knock: Knock, settings: Any, value: str) -> None:
    visit = knock(
        Client(), "get", file.get_absolute_url(), headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={value}"}
    )
    assert (visit.status, visit.location) == (302, f"/account/login/?next={file.get_absolute_url()}")
    assert visit.before == visit.after


@pytest.mark.parametrize("state", ["uploading", "verifying", "rejected", "aborted"])
def test_d36_file_whose_bytes_are_not_ready_is_not_there(
    subscriber: User, client_for: Any, knock: Knock, state: str
) -> None:
    made = build.file(ready=False)
    FileVersion.objects.update(state=state)
    knock(client_for(subscriber), "get", made.get_absolute_url()).refused(404)


def test_d36_object_that_is_gone_from_the_bucket_is_our_page_and_an_alarm(
    subscriber: User, real: File, client_for: Any, knock: Knock
) -> None:
    """Whoever clicks in a browser reads our words and not the bucket's; the row stays, and the daily look tells the owner."""
    version = FileVersion.objects.get(file=real)
    storage.delete_object(version.key)
    click = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    visit = knock(client_for(subscriber), "get", real.get_absolute_url(), headers=click | {"Sec-Fetch-User": "?1"})
    assert (visit.status, visit.location) == (503, "")
    assert "<Error>" not in visit.page
    assert any(f"object refused version={version.pk}" in line for line in visit.lines)
    assert not Download.objects.exists()
    assert list(invariants.bytes_are_there([version])) == [f"version {version.pk} has no bytes in the bucket"]
    assert FileVersion.objects.get().state == "ready"
