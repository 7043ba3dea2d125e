"""Budgets: honest readers never meet them, a sharer is stopped by the budget plus one, and the stop is a page that helps."""

import json
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from courses import budgets, serving
from courses.models import Allowance, Download, FileVersion, LimitReached
from tests import build
from tests.effort import tries

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)


def small(settings: Any, **limits: int) -> None:
    settings.BUDGETS = settings.BUDGETS | limits


def take(person: User, version: FileVersion, now: datetime, purpose: str = "download") -> bool:
    try:
        serving.mint(person, version, Download.Purpose(purpose), now=now, limited=True)
    except budgets.Spent:
        return False
    return True


@pytest.fixture
def shelf() -> list[FileVersion]:
    """A hundred ebooks with a file each."""
    return [build.file(build.ebook()).versions.select_related("file").get() for _ in range(100)]


def test_d22_a_double_click_is_counted_once(
    client_for: type[Client], subscriber: User, settings: Any, shelf: list[FileVersion]
) -> None:
    small(settings, FILES_PER_TEN_MINUTES=2)
    browser = client_for(subscriber)
    clicks = [shelf[0], shelf[0], shelf[1], shelf[1], shelf[2]]
    assert [browser.get(one.file.get_absolute_url()).status_code for one in clicks] == [302] * 4 + [429]


def test_head_and_prefetch_count_nothing(
    client_for: type[Client], subscriber: User, settings: Any, shelf: list[FileVersion]
) -> None:
    small(settings, FILES_PER_DAY=1)
    browser = client_for(subscriber)
    for version in shelf[:5]:
        browser.head(version.file.get_absolute_url())
        browser.get(version.file.get_absolute_url(), headers={"Sec-Purpose": "prefetch"})
    assert browser.get(shelf[6].file.get_absolute_url()).status_code == 302


def test_what_was_taken_today_is_resumed_though_the_budget_is_spent(
    subscriber: User, settings: Any, shelf: list[FileVersion], now: datetime
) -> None:
    small(settings, FILES_PER_DAY=2)
    assert [take(subscriber, one, now) for one in shelf[:3]] == [True, True, False]
    later = now + timedelta(hours=3)
    assert take(subscriber, shelf[0], later)
    assert take(subscriber, shelf[1], later, "play")
    assert not take(subscriber, shelf[2], later)


def test_d23_two_hundred_clicks_in_a_minute_are_stopped_whatever_they_are_for(
    client_for: type[Client], subscriber: User, shelf: list[FileVersion]
) -> None:
    browser = client_for(subscriber)
    with time_machine.travel(datetime.now(UTC), tick=False):
        answers = [browser.get(shelf[0].file.get_absolute_url()) for _ in range(200)]
    assert [one.status_code for one in answers] == [302] * 120 + [429] * 80
    assert answers[-1].headers["Retry-After"] == "61"
    assert Download.objects.count() == 120
    assert not LimitReached.objects.exists()


def test_the_stop_says_how_many_when_it_resets_and_whom_to_ask(
    client_for: type[Client], subscriber: User, settings: Any, shelf: list[FileVersion], now: datetime
) -> None:
    small(settings, TITLES_PER_DAY=2)
    take(subscriber, shelf[0], now - timedelta(hours=20))
    take(subscriber, shelf[1], now - timedelta(hours=2))
    browser = client_for(subscriber)
    response = browser.get(shelf[2].file.get_absolute_url())
    page = response.content.decode()
    assert response.status_code == 429
    assert "You have opened 2 different titles within a day" in page
    assert f"{now + timedelta(hours=4):%H:%M} UTC" in page
    assert settings.SUPPORT_EMAIL in page
    assert abs(int(response.headers["Retry-After"]) - 4 * 3600) < 60
    played = browser.get(shelf[2].file.get_absolute_url() + "play/")
    assert (played.status_code, "2 different titles" in json.loads(played.content)["error"]) == (429, True)
    assert LimitReached.objects.get().limit == "TITLES_PER_DAY"
    assert Download.objects.count() == 2


def test_it_resets_when_the_page_said(subscriber: User, settings: Any, shelf: list[FileVersion], now: datetime) -> None:
    small(settings, FILES_PER_DAY=1)
    take(subscriber, shelf[0], now)
    with pytest.raises(budgets.Spent) as caught:
        serving.mint(subscriber, shelf[1], Download.Purpose.DOWNLOAD, now=now, limited=True)
    at = caught.value.resets_at
    assert not take(subscriber, shelf[1], at - timedelta(seconds=1))
    assert take(subscriber, shelf[1], at)


def test_the_owner_lifts_it_for_a_person(
    subscriber: User, settings: Any, shelf: list[FileVersion], now: datetime
) -> None:
    small(settings, FILES_PER_DAY=1)
    Allowance.objects.create(user=subscriber, until=now + timedelta(days=1))
    assert all(take(subscriber, one, now) for one in shelf[:10])
    Allowance.objects.update(until=now)
    assert not take(subscriber, shelf[20], now)


def test_t8_of_a_thousand_honest_heavy_readers_none_is_stopped(plan: Any, shelf: list[FileVersion]) -> None:
    """Each takes 25 titles in one evening, each tried again once, some by a program that opens four connections."""
    dice, stopped, asked = random.Random(8), 0, 0
    people = User.objects.bulk_create([User(email=f"reader{number}@example.com") for number in range(tries(150, 1000))])
    for person in people:
        at = EVENING + timedelta(minutes=dice.randrange(60))
        rows: list[Download] = []
        for version in dice.sample(shelf, 25):
            at += timedelta(seconds=dice.randrange(5, 300))
            clicks = 1 + dice.choice([1, 1, 1, 4])
            asked += clicks
            for _ in range(clicks - 1):
                rows.append(a_row(person, version, at))
                at += timedelta(seconds=dice.choice([0, 1, 20]))
            rows.append(a_row(person, version, at))
        Download.objects.bulk_create(rows)
        # The last click of the evening sees all the others: had any click been over, this one would be.
        final = budgets.used(person.pk, shelf[0].pk, now=at)
        stopped += any(final.counts[name] > settings.BUDGETS[name] for name in final.counts)
        stopped += peak(rows) > settings.BUDGETS["LINKS_PER_MINUTE"]
    assert asked > 50 * len(people)
    assert stopped == 0


def a_row(person: User, version: FileVersion, at: datetime) -> Download:
    return Download(
        user=person, version=version, purpose="download", created_at=at, expires_at=at + timedelta(minutes=2)
    )


def peak(rows: list[Download]) -> int:
    """The most links within one minute."""
    times = sorted(row.created_at for row in rows)
    return max(sum(at <= other < at + timedelta(minutes=1) for other in times) for at in times)


def test_t8_a_sharer_is_stopped_by_the_budget_plus_one(subscriber: User, shelf: list[FileVersion]) -> None:
    """Two hundred items an hour from five addresses, with one account."""
    more = [build.file(build.ebook()).versions.select_related("file").get() for _ in range(100)]
    got, first_stop = 0, 0
    for place, version in enumerate([*shelf, *more]):
        if take(subscriber, version, EVENING + timedelta(seconds=18 * place)):
            got += 1
        elif not first_stop:
            first_stop = place + 1
    assert got == settings.BUDGETS["TITLES_PER_DAY"]
    assert first_stop == settings.BUDGETS["TITLES_PER_DAY"] + 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_t8_twenty_parallel_clicks_never_exceed_the_budget_by_more_than_one(
    subscriber: User, settings: Any, now: datetime
) -> None:
    small(settings, FILES_PER_DAY=10, FILES_PER_TEN_MINUTES=1000, TITLES_PER_DAY=1000)
    versions = [build.file(build.ebook()).versions.select_related("file").get() for _ in range(15)]
    for version in versions[:5]:
        assert take(subscriber, version, now - timedelta(hours=1))
    rounds = 8
    for number in range(rounds):
        Download.objects.filter(created_at__gt=now - timedelta(minutes=1)).delete()
        gate, got = threading.Barrier(20), []

        def click(place: int, gate: threading.Barrier = gate, got: list[int] = got, salt: int = number) -> None:
            # Two clicks each upon ten new files, when five more are allowed.
            version = versions[5 + (place + salt) % 10]
            gate.wait()
            try:
                if take(subscriber, version, datetime.now(UTC)):
                    got.append(version.pk)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=click, args=(place,)) for place in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(set(got)) <= 6, got
        assert Download.objects.values("version").distinct().count() <= 11
    assert connection.vendor == "postgresql"
