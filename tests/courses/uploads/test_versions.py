"""A replaced file: the old one serves until the new one is checked, readers get one or the other whole, and the old can come back."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from config.models import AuditEntry
from courses.models import Download, File, FileVersion
from tests import build
from tests.courses.uploads.hands import Work, arrived, ask, begun, delivered, send, uploaded
from tests.courses.uploads.samples import BAD, PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
State = FileVersion.State
OTHER = PDF.replace(b"x" * 3000, b"y" * 2000)


def served(browser: Client, file: File) -> bytes:
    """Click on Download, and follow."""
    return ask("GET", browser.get(file.get_absolute_url()).headers["Location"])[1]


def test_29_a_replacement_serves_only_once_it_is_checked(
    now: datetime, work: Work, subscriber: User, client_for: type[Client]
) -> None:
    old, browser = uploaded("a.pdf", PDF, now, work), client_for(subscriber)
    new = begun("b.pdf", len(OTHER), now, of=old.file)
    assert served(browser, old.file) == PDF
    send(new, OTHER, now=now)
    assert served(browser, old.file) == PDF
    arrived("b.pdf", OTHER, now, of=old.file)
    assert served(browser, old.file) == PDF
    work()
    assert served(browser, old.file) == OTHER


def test_29_a_replacement_that_is_refused_changes_nothing(
    now: datetime, work: Work, subscriber: User, client_for: type[Client]
) -> None:
    old = uploaded("a.pdf", PDF, now, work)
    uploaded("b.pdf", BAD["pdf cut short"][1], now, work, of=old.file)
    assert served(client_for(subscriber), old.file) == PDF


def test_29_the_old_one_can_be_restored_and_the_history_says_who_and_when(
    now: datetime, work: Work, subscriber: User, owner: User, client_for: type[Client]
) -> None:
    old = uploaded("first.pdf", PDF, now, work)
    new = uploaded("second.pdf", OTHER, now, work, of=old.file)
    desk, page = client_for(owner), f"/admin/courses/file/{old.file_id}/change/"
    restoring = f"/admin/courses/file/{old.file_id}/versions/{old.pk}/restore/"
    assert restoring in desk.get(page).content.decode()
    assert desk.post(restoring).headers["Location"] == page
    assert served(client_for(subscriber), old.file) == PDF
    entry = AuditEntry.objects.get(act="file.restored")
    assert (entry.actor, entry.before, entry.after) == (owner, {"version": new.pk}, {"version": old.pk})
    shown = desk.get(page).content.decode()
    assert "first.pdf" in shown
    assert hashlib.sha256(OTHER).hexdigest() in shown
    assert "an older version serves again, " + owner.email in shown


@pytest.mark.parametrize("state", ["rejected", "aborted", "uploading", "verifying"])
def test_what_never_was_ready_cannot_be_restored(state: str, owner: User, client_for: type[Client]) -> None:
    file = build.file()
    version = build.version(file, ready=False, state=state)
    client_for(owner).post(f"/admin/courses/file/{file.pk}/versions/{version.pk}/restore/")
    version.refresh_from_db()
    assert (version.state, version.ready_at) == (state, None)


@pytest.mark.parametrize("who", ["nobody", "subscriber", "helper"])
def test_restoring_and_looking_are_for_those_who_may_change_files(
    request: pytest.FixtureRequest, client_for: type[Client], who: str, settings: Any
) -> None:
    settings.STAFF_MFA = "optional"
    file = build.file()
    version = file.versions.get()
    helper = build.person("hal@example.com", is_staff=True)
    people = {"nobody": None, "helper": helper}
    person = people[who] if who in people else request.getfixturevalue(who)
    browser = client_for(person) if person else Client()
    address = f"/admin/courses/file/{file.pk}/versions/{version.pk}/"
    wanted = 403 if who == "helper" else 302
    for answer in (browser.post(f"{address}restore/"), browser.get(address)):
        assert answer.status_code == wanted
        assert "X-Amz" not in answer.headers.get("Location", "")
    assert not Download.objects.exists()


def test_staff_can_have_a_drafts_file_and_an_older_version(
    now: datetime, work: Work, owner: User, client_for: type[Client]
) -> None:
    old = uploaded("first.pdf", PDF, now, work)
    uploaded("second.pdf", OTHER, now, work, of=old.file)
    old.file.publication.state = "draft"
    old.file.publication.save()
    answer = client_for(owner).get(f"/admin/courses/file/{old.file_id}/versions/{old.pk}/")
    assert ask("GET", answer.headers["Location"])[1] == PDF
    assert Download.objects.get().user == owner


def test_readers_see_that_a_file_was_updated_and_after_a_restore_only_who_has_the_other(
    now: datetime, work: Work, subscriber: User, owner: User, client_for: type[Client]
) -> None:
    old = uploaded("a.pdf", PDF, now, work)
    title, browser = old.file.publication.get_absolute_url(), client_for(subscriber)
    assert "Updated since" not in browser.get(title).content.decode()
    served(browser, old.file)
    assert "Updated since" not in browser.get(title).content.decode()
    uploaded("b.pdf", OTHER, now, work, of=old.file)
    assert "Updated since" in browser.get(title).content.decode()
    client_for(owner).post(f"/admin/courses/file/{old.file_id}/versions/{old.pk}/restore/")
    assert "Updated since" not in browser.get(title).content.decode(), "this reader has the very one that serves"


def test_readers_of_a_lesson_see_it_too(subscriber: User, client_for: type[Client], now: datetime) -> None:
    lesson = build.lesson()
    for holder in (lesson, lesson.course):
        file = build.file(holder, role="attachment")
        Download.objects.create(
            user=subscriber,
            version=file.versions.get(),
            purpose="download",
            created_at=now,
            expires_at=now + timedelta(minutes=2),
        )
        build.version(file, ready_at=timezone.now())
        page = client_for(subscriber).get(holder.get_absolute_url()).content.decode()
        assert page.count("Updated since") == 1


@pytest.mark.django_db(transaction=True)
def test_u72_u75_two_replace_one_file_while_a_hundred_download_and_each_gets_one_of_them_whole(
    now: datetime, work: Work, subscriber: User, client_for: type[Client], settings: Any
) -> None:
    settings.BUDGETS = settings.BUDGETS | {"LINKS_PER_MINUTE": 1000}
    file = uploaded("old.pdf", PDF, now, work).file
    bodies = {name: PDF.replace(b"x" * 3000, name.encode() * 3000) for name in ("p", "q")}
    sums = {hashlib.sha256(body).hexdigest() for body in (PDF, *bodies.values())}
    together = Barrier(6)

    def replace(name: str) -> int:
        together.wait(20)
        version = arrived(f"{name}.pdf", bodies[name], timezone.now(), of=file)
        connection.close()
        return version.pk

    def download(_: int) -> list[str]:
        browser = client_for(subscriber)
        together.wait(20)
        got = [hashlib.sha256(served(browser, file)).hexdigest() for _ in range(25)]
        connection.close()
        return got

    with ThreadPoolExecutor(6) as pool:
        replacing = [pool.submit(replace, name) for name in bodies]
        downloads = [pool.submit(download, number) for number in range(4)]
        replaced = [each.result(60) for each in replacing]
        work()
        received = [each for several in downloads for each in several.result(60)]
    assert len(received) == 100
    assert set(received) <= sums
    assert FileVersion.objects.filter(pk__in=replaced, state=State.READY).count() == 2
    last = FileVersion.objects.ready().order_by("-ready_at", "-pk").first()
    assert last is not None
    assert served(client_for(subscriber), file) == delivered(last)
