"""curl, wget and aria2c: the line drops in the middle, the address runs out, the file is replaced; the bytes are one version's, whole."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing.models import Subscription
from courses.models import Download, DownloadList, File, FileVersion
from sandbox.s3 import BucketServer
from tests import build
from tests.clients import PROGRAMS, Shell, cookie_of, needs, put, replace
from tests.conftest import ClientFor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
OLD, NEW = random.Random(1).randbytes(3_000_000), random.Random(2).randbytes(2_500_000)
WITH_EACH = pytest.mark.parametrize("program", [pytest.param(name, marks=needs[name]) for name in PROGRAMS])


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def clock() -> Iterator[Any]:
    """The clock of the site and of its bucket, which go on, and jump when told to."""
    with time_machine.travel(datetime.now(UTC), tick=True) as moved:
        yield moved


@pytest.fixture(autouse=True)
def _site(live_server: LiveServer, bucket: BucketServer, settings: Any) -> Iterator[None]:
    settings.SITE_URL = live_server.url
    yield
    bucket.chaos.clear()


@pytest.fixture
def file(subscriber: User, bucket: BucketServer) -> File:
    made = build.file(build.ebook(title="潮の本 & “more”", slug="tides"), name="潮の本 & “more”")
    put(made.versions.get(), OLD)
    return made


def begin(shell: Shell, bucket: BucketServer, clock: Any, program: str, address: str, cookie: str = "") -> None:
    """Let the line drop in the middle, and from then on every address that was given be too old."""

    jumped: list[bool] = []

    def run_out(request: Any = None) -> bool:
        if not jumped:
            jumped.append(True)
            clock.shift(timedelta(hours=1))
        return False

    bucket.fail_next(kind="cut", match=lambda request: request.method == "GET")
    bucket.fail_next(match=run_out)
    assert shell.fetch(program, address, "book.pdf", cookie=cookie) != 0
    bucket.chaos.clear()
    run_out()
    assert shell.read("book.pdf")[: len(OLD) // 2] == OLD[: len(OLD) // 2]


# aria2c at the plain address is another matter, below.
GOING_ON = [("curl", "plain"), ("curl", "pinned"), ("wget", "plain"), ("wget", "pinned"), ("aria2c", "pinned")]


@pytest.mark.parametrize(("program", "address"), [pytest.param(*each, marks=needs[each[0]]) for each in GOING_ON])
def test_13_half_a_download_goes_on_after_its_address_ran_out_and_the_file_was_replaced(
    shell: Shell,
    bucket: BucketServer,
    clock: Any,
    live_server: LiveServer,
    subscriber: User,
    file: File,
    program: str,
    address: str,
) -> None:
    path = file.get_absolute_url() if address == "plain" else file.versions.get().get_absolute_url()
    cookie = cookie_of(subscriber)
    begin(shell, bucket, clock, program, live_server.url + path, cookie)
    replace(file, NEW)
    bucket.log.clear()
    assert shell.fetch(program, live_server.url + path, "book.pdf", cookie=cookie) == 0
    assert shell.read("book.pdf") == OLD
    assert [entry.status for entry in bucket.log if entry.method == "GET"][-1] == 206, "it went on"
    assert set(Download.objects.values_list("version", flat=True)) == {file.versions.order_by("pk")[0].pk}


@needs["aria2c"]
def test_aria2_at_the_plain_address_refuses_to_mix(
    shell: Shell, bucket: BucketServer, clock: Any, live_server: LiveServer, subscriber: User, file: File
) -> None:
    """It begins with a request for the whole, so it is told of the new version's size; lists give it pinned addresses."""
    cookie = cookie_of(subscriber)
    begin(shell, bucket, clock, "aria2c", live_server.url + file.get_absolute_url(), cookie)
    replace(file, NEW)
    before = shell.read("book.pdf")
    assert shell.fetch("aria2c", live_server.url + file.get_absolute_url(), "book.pdf", cookie=cookie) != 0
    assert shell.read("book.pdf") == before


@WITH_EACH
def test_whoever_took_both_versions_is_never_given_a_mix(
    shell: Shell, bucket: BucketServer, clock: Any, live_server: LiveServer, subscriber: User, file: File, program: str
) -> None:
    """w75: the plain address cannot tell which of the two was begun, so it refuses, and leaves the beginning as it is."""
    cookie = cookie_of(subscriber)
    begin(shell, bucket, clock, program, live_server.url + file.get_absolute_url(), cookie)
    replace(file, NEW)
    assert shell.fetch("curl", live_server.url + file.get_absolute_url(), "new.pdf", cookie=cookie) == 0
    assert shell.read("new.pdf") == NEW
    before = shell.read("book.pdf")
    assert shell.fetch(program, live_server.url + file.get_absolute_url(), "book.pdf", cookie=cookie) != 0
    assert shell.read("book.pdf") == before


@WITH_EACH
def test_whoever_asks_for_the_rest_of_what_they_have_whole_is_told_so(
    shell: Shell, live_server: LiveServer, subscriber: User, file: File, program: str
) -> None:
    address, cookie = live_server.url + file.versions.get().get_absolute_url(), cookie_of(subscriber)
    assert shell.fetch(program, address, "book.pdf", cookie=cookie) == 0
    assert shell.fetch(program, address, "book.pdf", cookie=cookie) == 0
    assert shell.read("book.pdf") == OLD
    assert Download.objects.count() == (2 if program == "aria2c" else 1), "aria2 asks for the whole before it looks"


@needs["aria2c"]
def test_a_file_fetched_in_pieces_is_one_version_though_it_is_replaced_meanwhile(
    shell: Shell, bucket: BucketServer, live_server: LiveServer, subscriber: User, file: File
) -> None:
    replaced: list[FileVersion] = []

    def replace_once(request: Any) -> bool:
        if request.method == "GET" and not replaced:
            replaced.append(build.version(file))
        return False

    bucket.fail_next(match=replace_once)
    address = live_server.url + file.get_absolute_url()
    # So slow that the first piece is not all of it before the others have begun.
    command = ["aria2c", "--no-conf", "-x3", "-s3", "-k1M", "--max-overall-download-limit=1M", "-o", "book.pdf"]
    result = shell.run(*command, f"--header=Cookie: {cookie_of(subscriber)}", address)
    assert result.returncode == 0, result.stdout
    assert shell.read("book.pdf") == OLD
    assert Download.objects.count() >= 2, "it came in pieces"


# --- Lists ------------------------------------------------------------------------------------


@pytest.fixture
def course(subscriber: User, bucket: BucketServer) -> Any:
    made = build.course(title="Tides: “all” of them", slug="tides")
    for title in ("Ebb / flow", "潮"):
        lesson = build.lesson(made, title=title)
        film = build.file(lesson, name="Film", role="media")
        film.versions.update(content_type="video/mp4")
        put(film.versions.get(), OLD if title == "潮" else NEW)
        sheet = build.file(lesson, name='Work\'s "sheet" #1 $(x)')
        put(sheet.versions.get(), title.encode() * 1000)
    return made


NAMES = ["01 Ebb flow.mp4", "01 Work's sheet #1 $(x).pdf", "02 潮.mp4", "02 Work's sheet #1 $(x).pdf"]
FOLDER = "Tides “all” of them"
COMMANDS = {
    "curl": ["curl", "-sS", "--config", "list.txt"],
    "aria2c": ["aria2c", "--no-conf", "-j1", "--input-file", "list.txt"],
}
WITH_A_LIST = pytest.mark.parametrize("program", [pytest.param(name, marks=needs[name]) for name in COMMANDS])


def take_list(shell: Shell, person: User, program: str) -> str:
    answer = ClientFor(person).post(
        "/downloads/course/tides/list/", {"for": program.rstrip("c") if program != "curl" else "curl"}
    )
    assert answer.status_code == 200
    (shell.folder / "list.txt").write_bytes(answer.content)
    return answer.content.decode()


@WITH_A_LIST
def test_a_list_fetches_a_whole_course_though_lines_drop_and_what_came_can_be_checked(
    shell: Shell, bucket: BucketServer, clock: Any, subscriber: User, course: Any, program: str
) -> None:
    text = take_list(shell, subscriber, program)
    assert "session" not in text
    assert "X-Amz" not in text
    bucket.fail_next(1, kind="cut", match=lambda request: request.method == "GET")
    bucket.fail_next(9, kind="InternalError", match=lambda request: "range" in request.headers)
    shell.run(*COMMANDS[program])
    bucket.chaos.clear()
    clock.shift(timedelta(hours=2))
    result = shell.run(*COMMANDS[program])
    assert result.returncode == 0, result.stdout + result.stderr
    here = sorted(path.name for path in (shell.folder / FOLDER).iterdir())
    assert here == sorted([*NAMES, "SHA256SUMS"])
    checked = shell.run("sh", "-c", f"cd '{FOLDER}' && sha256sum -c SHA256SUMS")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count(": OK") == len(NAMES)
    assert shell.run(*COMMANDS[program]).returncode == 0, "a third time finds all of it there"


@WITH_A_LIST
@pytest.mark.parametrize("how", ["ended", "late", "cancelled", "new password", "switched off"])
def test_a_list_gives_nothing_once_it_is_over(
    shell: Shell, clock: Any, subscriber: User, course: Any, program: str, how: str
) -> None:
    take_list(shell, subscriber, program)
    if how == "ended":
        key = DownloadList.objects.get()
        assert ClientFor(subscriber).post(f"/downloads/lists/{key.pk}/end/").status_code == 302
    if how == "late":
        clock.shift(timedelta(hours=24, seconds=1))
    if how == "cancelled":
        Subscription.objects.update(status="canceled", ended_at=datetime.now(UTC))
    if how == "new password":
        subscriber.set_password("another horse")
        subscriber.save()
    if how == "switched off":
        User.objects.update(is_active=False)
    assert shell.run(*COMMANDS[program]).returncode != 0
    assert not [path for path in shell.folder.rglob("*") if path.suffix in {".mp4", ".pdf"}]
    assert not Download.objects.exists()


@needs["aria2c"]
def test_a_download_manager_waits_when_the_budget_is_used_up(
    shell: Shell, subscriber: User, course: Any, settings: Any
) -> None:
    """A page's 429 is 503 for lists, which aria2 waits for; the wait is shortened here."""
    take_list(shell, subscriber, "aria2c")
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 2}
    listing = shell.folder / "list.txt"
    listing.write_text(
        re.sub("retry-wait=.*", "retry-wait=1", re.sub("max-tries=.*", "max-tries=2", listing.read_text()))
    )
    result = shell.run(*COMMANDS["aria2c"])
    assert result.returncode != 0
    assert Download.objects.count() == 2
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 120}
    assert shell.run(*COMMANDS["aria2c"]).returncode == 0
