"""Mail about new titles: to those who want it, each title once, and ended by one click from the mail itself."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts import news
from accounts.models import Announcement, Delivery, User
from accounts.tasks import look_for_news
from tests import build

HOUR = timedelta(hours=1)


@pytest.fixture
def reader(subscriber: User) -> User:
    subscriber.wants_news = True
    subscriber.save()
    return subscriber


@pytest.fixture
def go_round(work: Callable[..., int]) -> Callable[..., list[Any]]:
    """Look for news at a moment, send what there is, and return the mails that came of it."""

    def at(moment: datetime) -> list[Any]:
        before = len(mail.outbox)
        with time_machine.travel(moment, tick=False):
            look_for_news.call()
            work()
        return mail.outbox[before:]

    return at


def test_a_reader_hears_of_a_title_once(go_round: Any, reader: User, newcomer: User, now: datetime) -> None:
    course = build.course(title="Reading the tide", summary="Why water moves.", published_at=now - 2 * HOUR)
    build.ebook(title="Secret", state="draft")
    build.ebook(title="Old", published_at=now - timedelta(days=8))
    (message,) = go_round(now)
    assert message.to == [reader.email]
    assert message.subject == "New: Reading the tide"
    for body in (message.body, message.alternatives[0].content):
        assert f"http://testserver{course.get_absolute_url()}" in body
        assert "Open to you." in body
        assert "Secret" not in body
        assert "Old" not in body
    for later in (0, 1, 25, 24 * 30):
        assert go_round(now + later * HOUR) == []


def test_titles_of_a_day_come_in_one_mail(go_round: Any, reader: User, now: datetime) -> None:
    build.course(title="First", published_at=now - 2 * HOUR)
    assert len(go_round(now)) == 1
    build.ebook(title="Second", published_at=now, access="restricted")
    build.ebook(title="Third", published_at=now + HOUR, access="members")
    assert go_round(now + 3 * HOUR) == []
    (message,) = go_round(now + 25 * HOUR)
    assert message.subject == "2 new titles: Second and more"
    assert "First" not in message.body
    assert "Sold on its own." in message.body


def test_what_was_taken_back_within_the_hour_is_not_told(go_round: Any, reader: User, now: datetime) -> None:
    book = build.ebook(published_at=now - HOUR / 2)
    assert go_round(now) == []
    type(book).objects.update(state="draft")
    assert go_round(now + HOUR) == []


@pytest.mark.parametrize("change", [{"wants_news": False}, {"is_active": False}])
def test_who_does_not_want_it_or_is_gone_hears_nothing(
    go_round: Any, reader: User, now: datetime, change: dict[str, Any]
) -> None:
    build.ebook(published_at=now - 2 * HOUR)
    User.objects.update(**change)
    assert go_round(now) == []
    User.objects.update(wants_news=True, is_active=True)
    assert go_round(now + 25 * HOUR) == []  # It was news then, to those who asked then.


def test_an_address_that_was_never_confirmed_gets_nothing(go_round: Any, reader: User, now: datetime) -> None:
    reader.emailaddress_set.update(verified=False)
    build.ebook(published_at=now - 2 * HOUR)
    assert go_round(now) == []


def test_whoever_changes_their_mind_before_it_is_sent_gets_nothing(
    reader: User, now: datetime, work: Callable[..., int]
) -> None:
    build.ebook(published_at=now - 2 * HOUR)
    assert news.write_issue(now=now) is not None
    User.objects.update(wants_news=False)
    news.send_due()
    assert mail.outbox == []
    assert Delivery.objects.get().dropped_at is not None


def test_a_mail_server_that_fails_costs_no_mail_and_sends_none_twice(
    go_round: Any, reader: User, newcomer: User, now: datetime, settings: Any
) -> None:
    User.objects.update(wants_news=True)
    build.ebook(published_at=now - 2 * HOUR)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert go_round(now) == []
    settings.EMAIL_BACKEND = working
    sent = go_round(now + HOUR)
    assert sorted(message.to[0] for message in sent) == sorted([reader.email, newcomer.email])
    assert go_round(now + 2 * HOUR) == []


def test_two_workers_send_it_once(reader: User, now: datetime) -> None:
    """What one has taken, the other leaves alone; what a dead one took is sent after its lease, with the same Message-ID."""
    build.ebook(published_at=now - 2 * HOUR)
    news.write_issue(now=now)
    one = Delivery.objects.get()
    assert news.deliver(one.pk, now=now)
    assert news.deliver(one.pk, now=now)
    assert len(mail.outbox) == 1
    Delivery.objects.update(sent_at=None, not_before=now + news.LEASE)
    assert news.deliver(one.pk, now=now + news.LEASE / 2)
    assert len(mail.outbox) == 1
    assert news.deliver(one.pk, now=now + news.LEASE)
    assert mail.outbox[0].extra_headers["Message-ID"] == mail.outbox[1].extra_headers["Message-ID"]


def test_many_readers_are_told_in_batches(
    reader: User, now: datetime, monkeypatch: pytest.MonkeyPatch, go_round: Any
) -> None:
    monkeypatch.setattr("accounts.news.BATCH", 2)
    for _ in range(4):
        build.person(wants_news=True)
    build.ebook(published_at=now - 2 * HOUR)
    assert len(go_round(now)) == 5
    assert Announcement.objects.count() == 1


@pytest.fixture
def link(go_round: Any, reader: User, now: datetime) -> str:
    """The address in the header of Sam's mail."""
    build.ebook(published_at=now - 2 * HOUR)
    (message,) = go_round(now)
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<http://testserver(/\S+)>", message.extra_headers["List-Unsubscribe"])
    assert found is not None
    assert found[1] in message.body
    assert found[1] in message.alternatives[0].content
    return found[1]


def test_a_mail_program_ends_it_by_one_post(link: str, reader: User) -> None:
    """RFC 8058: no cookie, no token of a form, and the body List-Unsubscribe=One-Click."""
    bare = Client(enforce_csrf_checks=True)
    assert bare.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert reader.wants_news is False


def test_a_scanner_that_follows_links_ends_nothing(link: str, reader: User) -> None:
    page = Client().get(link).content.decode()
    Client().head(link)
    reader.refresh_from_db()
    assert reader.wants_news is True
    assert "Stop this mail" in page
    assert "That mail is stopped" in Client().post(link).content.decode()
    assert "That mail is stopped" in Client().get(link).content.decode()


@pytest.mark.parametrize("token", ["1", "1:abc", "{}:{}", "ABCDE"])
def test_a_stranger_ends_nobodys_mail(reader: User, token: str) -> None:
    token = token.format(reader.pk, "A" * 43)
    assert Client().post(f"/account/news/stop/{token}/").status_code == 404
    reader.refresh_from_db()
    assert reader.wants_news is True


def test_a_subscriber_chooses_on_their_own_page(client: Client, subscriber: User, newcomer: User) -> None:
    assert client.post("/account/news/", {"wants_news": "1"})["Location"].startswith("/account/login/")
    client.force_login(subscriber)
    assert 'name="wants_news" value="1">' in client.get("/account/").content.decode()
    client.post("/account/news/", {"wants_news": "1"})
    assert 'name="wants_news" value="1" checked>' in client.get("/account/").content.decode()
    client.post("/account/news/", {})
    assert not User.objects.filter(wants_news=True).exists()
    assert client.get("/account/news/").status_code == 405
