"""One person's links: shutting them out, lifting their limits, asking for a new sign-in, and the signs of sharing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from accounts import dashboard
from accounts.models import User
from config.models import AuditEntry
from courses import budgets, fetched, serving, sharing
from courses.models import Allowance, Download, FileVersion, LimitReached, SharingSign
from courses.sources import source
from tests import build
from tests.courses.test_tracing import line
from tests.courses.uploads.hands import Work

pytestmark = pytest.mark.django_db
AGENTS = [
    f"Mozilla/5.0 ({system}) {browser}"
    for system in ("Windows", "Macintosh", "Android")
    for browser in ("Firefox/1", "Chrome/1 Safari/1")
]


@pytest.fixture
def version() -> FileVersion:
    return build.file(build.ebook()).versions.select_related("file").get()


def click(person: User, version: FileVersion, now: datetime, place: int = 0, agent: int = 0) -> str:
    here = source(f"10.0.{place}.5", AGENTS[agent])
    return serving.mint(person, version, Download.Purpose.DOWNLOAD, now=now, source=here).url


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    session = browser.session
    UserSession.objects.create(user=person, session_key=session.session_key, ip="10.0.0.1", user_agent="x")
    return browser


def address(person: User, act: str = "") -> str:
    return f"/admin/accounts/user/{person.pk}/{act}"


def test_shutting_out_stops_minting_ends_sessions_and_says_the_second_the_last_link_ends(
    owner: User, client_for: type[Client], subscriber: User, version: FileVersion, now: datetime
) -> None:
    browser, desk = signed_in(subscriber), client_for(owner)
    assert browser.get(version.file.get_absolute_url()).status_code == 302
    last = Download.objects.get().expires_at
    shown = f"{last + timedelta(microseconds=999_999):%H:%M:%S} UTC"
    assert "gets no link any more" in desk.get(address(subscriber, "shut-out/")).content.decode()
    assert not desk.post(address(subscriber, "shut-out/"), {"reason": ""}).headers.get("Location")
    page = desk.post(address(subscriber, "shut-out/"), {"reason": "Sold their password"}, follow=True).content.decode()
    assert f"Their last link ends at {shown}" in page
    assert "link of theirs works now" in page
    answer = browser.get(version.file.get_absolute_url())
    assert (answer.status_code, "login" in answer.headers["Location"]) == (302, True)
    assert not UserSession.objects.filter(user=subscriber).exists()
    assert Download.objects.count() == 1
    entry = AuditEntry.objects.get(act="person.shut_out")
    assert (entry.reason, entry.person, (entry.after or {})["sessions"]) == ("Sold their password", subscriber, 1)


def test_nobody_shuts_themselves_or_who_stands_above_them_out(
    owner: User, client_for: type[Client], subscriber: User
) -> None:
    assert client_for(owner).post(address(owner, "shut-out/"), {"reason": "x"}).status_code == 403
    helper = build.person("helper@example.com", is_staff=True)
    helper.user_permissions.set(Permission.objects.all())
    assert client_for(helper).post(address(owner, "shut-out/"), {"reason": "x"}).status_code == 403
    assert User.objects.get(pk=owner.pk).is_active


def test_lifting_limits_lets_a_person_go_on_and_is_recorded(
    owner: User, client_for: type[Client], subscriber: User, settings: Any, now: datetime
) -> None:
    settings.BUDGETS = settings.BUDGETS | {"FILES_PER_DAY": 1}
    first, second = (build.file(build.ebook()) for _ in range(2))
    browser = client_for(subscriber)
    assert [browser.get(one.get_absolute_url()).status_code for one in (first, second)] == [302, 429]
    desk = client_for(owner)
    assert "They met their limit on files in a day" in desk.get(address(subscriber)).content.decode()
    desk.post(address(subscriber, "lift/"), {"days": "7", "reason": "Teaches with it"})
    assert browser.get(second.get_absolute_url()).status_code == 302
    assert "Their limits are lifted until" in desk.get(address(subscriber)).content.decode()
    assert AuditEntry.objects.get(act="person.limits_lifted").reason == "Teaches with it"
    assert Allowance.objects.get().until > now + timedelta(days=6)


def test_a_person_asked_to_sign_in_again_is_told_why_and_not_locked_out(
    owner: User, client_for: type[Client], subscriber: User, version: FileVersion, now: datetime, work: Work
) -> None:
    SharingSign.objects.create(user=subscriber, networks=9, agents=1, sessions=1, addresses=1, seen_at=now)
    browser = signed_in(subscriber)
    client_for(owner).post(address(subscriber, "sign-in-again/"), {"reason": "Nine networks in a day"})
    work()
    assert "login" in browser.get(version.file.get_absolute_url()).headers["Location"]
    (letter,) = mail.outbox
    assert letter.to == [subscriber.email]
    assert "used from many places at once" in letter.body
    assert SharingSign.objects.get().asked_at is not None
    assert signed_in(subscriber).get(version.file.get_absolute_url()).status_code == 302


def test_somebody_with_a_phone_a_laptop_a_home_and_an_office_shows_no_sign(
    subscriber: User, version: FileVersion, now: datetime
) -> None:
    for hour in range(20):
        click(subscriber, version, now - timedelta(hours=hour), place=hour % 4, agent=hour % 3)
    assert sharing.watch(now=now) == 0


@pytest.mark.parametrize("what", ["networks", "agents", "addresses", "sessions"])
def test_each_sign_of_sharing_is_seen_and_shown(
    owner: User, client_for: type[Client], subscriber: User, version: FileVersion, now: datetime, what: str
) -> None:
    if what == "sessions":
        for _ in range(8):
            signed_in(subscriber)
    for number in range(6):
        click(subscriber, version, now, place=number * (what == "networks"), agent=number * (what == "agents"))
    if what == "addresses":
        url = click(subscriber, version, now)
        fetched.take_in([line(url, at=now, address=f"198.51.{number}.7") for number in range(4)], fetched.Report())
    assert sharing.watch(now=now) == 1
    desk = client_for(owner)
    assert "many</span>" in desk.get(address(subscriber)).content.decode()
    assert "1 account seems to be used by several people." in desk.get("/admin/").content.decode()
    assert subscriber.email in desk.get("/admin/courses/sharingsign/").content.decode()
    SharingSign.objects.update(asked_at=now)
    assert sharing.watch(now=now + timedelta(hours=1)) == 1
    assert not sharing.unanswered(now=now + timedelta(hours=1)).exists(), "what was answered stays answered for a day"


def test_the_dashboard_says_what_of_links_needs_a_look(owner: User, subscriber: User, now: datetime) -> None:
    LimitReached.objects.create(user=subscriber, limit="FILES_PER_DAY", at=now)
    texts = [alarm.text for alarm in dashboard.alarms(owner, now=now)]
    assert "1 person met a limit on links this week." in texts


def test_the_exposure_page_shows_every_live_link_by_file_person_and_end(
    owner: User, client_for: type[Client], subscriber: User, newcomer: User, version: FileVersion, now: datetime
) -> None:
    for person in (subscriber, subscriber, newcomer):
        click(person, version, now)
    with time_machine.travel(now - timedelta(hours=1)):
        click(subscriber, version, now - timedelta(hours=1))
    dead = build.file(build.ebook(title="Moved")).versions.select_related("file").get()
    click(subscriber, dead, now)
    FileVersion.objects.filter(pk=dead.pk).update(key=build.version(build.file()).key)
    page = client_for(owner).get("/admin/courses/download/live/").content.decode()
    assert "3 links work now" in page
    assert f"{max(Download.objects.values_list('expires_at', flat=True)):%H:%M:%S} UTC" in page
    assert subscriber.email in page
    assert newcomer.email in page
    assert "Moved" not in page
    assert ("…TKEY" in page, "READERTESTKEY" in page) == (True, False)


def test_budgets_are_held_by_their_names_in_the_settings(settings: Any) -> None:
    assert set(settings.BUDGETS) == set(budgets.WINDOWS)
