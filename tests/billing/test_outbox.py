"""Sending: every mail once, whatever the mail server does to it, over a real socket."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing import news, sending
from billing.models import Notice
from billing.postman import send_waiting_notices
from config import background
from config.models import BackgroundTask
from tests.billing.conftest import crowd, give
from tests.smtp_peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[..., int]


def later(**delta: float) -> None:
    """Let the postman go his rounds, so much later."""
    with time_machine.travel(timezone.now() + timedelta(**delta)):
        send_waiting_notices.call()


def test_mail_of_a_transaction_that_is_rolled_back_never_was(newcomer: User, work: Work) -> None:
    with transaction.atomic():
        give(newcomer)
        transaction.set_rollback(True)
    assert (work(), mail.outbox, Notice.objects.count()) == (0, [], 0)


def test_mail_is_sent_at_once_and_never_again(newcomer: User, peer: Peer, work: Work) -> None:
    (notice,) = give(newcomer)
    work()
    later(hours=1)
    for _ in range(2):
        sending.send(notice.pk, now=timezone.now())
    assert len(peer.taken) == 1
    assert peer.taken[0]["To"] == "nadia@example.com"
    notice.refresh_from_db()
    assert notice.sent_at is not None
    assert (notice.tries, notice.error, notice.not_before) == (1, "", None)


@pytest.mark.parametrize("mood", ["refuse", "hang", "busy"])
def test_mail_server_that_is_down_loses_none(
    peer: Peer, work: Work, mood: str, caplog: pytest.LogCaptureFixture
) -> None:
    crowd(4)
    peer.mood = mood
    work()
    for minutes in range(1, 6):
        later(minutes=minutes)
    assert peer.taken == []
    assert Notice.objects.waiting().count() == 4
    assert Notice.objects.exclude(error="").exists()
    peer.mood = "ok"
    for hours in (1, 12):
        later(hours=hours)
    assert len(set(peer.ids())) == len(peer.taken) == Notice.objects.filter(sent_at__isnull=False).count() == 4
    assert "@" not in caplog.text


def test_mail_server_that_is_not_there_loses_none(newcomer: User, peer: Peer, work: Work, settings: Any) -> None:
    give(newcomer)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    work()
    assert Notice.objects.get().error.startswith("ConnectionRefusedError")
    settings.EMAIL_PORT = port
    later(minutes=2)
    assert len(peer.taken) == 1


def test_hanging_server_is_asked_once_a_round_and_the_rest_waits(peer: Peer, work: Work) -> None:
    """Twenty bells brought twenty mails; each would wait ten seconds for the server, and hold up all other work."""
    crowd(20)
    peer.mood = "hang"
    assert work() == 20
    assert peer.visits == 1
    assert Notice.objects.exclude(error="").get().error.endswith("timed out")
    later(minutes=1)
    assert peer.visits == 2


def test_round_is_made_every_minute() -> None:
    assert background.habits[send_waiting_notices.module_path].every == timedelta(minutes=1)


def test_pauses_grow_and_after_a_week_the_owner_sees_the_error(newcomer: User, peer: Peer) -> None:
    (notice,) = give(newcomer)
    peer.mood = "busy"
    now, pauses = timezone.now(), []
    while Notice.objects.waiting().exists():
        with time_machine.travel(now):
            sending.send(notice.pk, now=timezone.now())
        notice.refresh_from_db()
        if notice.not_before:
            pauses.append(round((notice.not_before - now) / timedelta(minutes=1)))
            now = notice.not_before + timedelta(seconds=1)
    assert pauses[:7] == [1, 5, 30, 120, 360, 360, 360]
    assert timedelta(days=6, hours=12) < now - notice.created_at < timedelta(days=7, hours=7)
    assert notice.dropped_at is not None
    assert "451" in notice.error
    assert notice.sent_at is None


def test_address_that_is_refused_holds_up_nobody(peer: Peer, work: Work) -> None:
    _first, second, _third = crowd(3)
    assert second.user is not None
    peer.strangers = {second.user.email}
    work()
    assert len(peer.taken) == 2
    second.refresh_from_db()
    assert "550" in second.error
    assert second.not_before is not None


def test_letter_that_cannot_be_written_holds_up_nobody(peer: Peer, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    _first, second, _third = crowd(3)
    written = news.post
    monkeypatch.setattr(news, "post", lambda notice, now: 1 / 0 if notice == second else written(notice, now=now))
    work()
    assert len(peer.taken) == 2
    second.refresh_from_db()
    assert second.error == "ZeroDivisionError: division by zero"


def test_mail_taken_by_a_server_that_did_not_say_so_is_known_by_its_id(newcomer: User, peer: Peer, work: Work) -> None:
    give(newcomer)
    peer.mood = "deaf"
    work()
    assert Notice.objects.get().sent_at is None
    peer.mood = "ok"
    later(minutes=2)
    assert len(peer.taken) == 2
    assert len(set(peer.ids())) == 1
    assert peer.ids()[0].endswith("@testserver>")


def test_mails_about_different_things_have_ids_of_their_own(peer: Peer, work: Work) -> None:
    crowd(5)
    work()
    assert len(set(peer.ids())) == 5


def test_more_than_a_batch_is_sent_without_waiting_for_the_next_minute(peer: Peer, work: Work) -> None:
    crowd(sending.BATCH * 2 + 3)
    BackgroundTask.objects.exclude(pk=BackgroundTask.objects.order_by("enqueued_at").first().pk).delete()  # type: ignore[union-attr]
    work()
    assert len(set(peer.ids())) == len(peer.taken) == sending.BATCH * 2 + 3


def test_notice_in_a_workers_hands_is_nobody_elses_until_its_lease_is_over(newcomer: User) -> None:
    (notice,) = give(newcomer)
    now = timezone.now()
    assert sending.take(notice.pk, now=now)
    assert not sending.take(notice.pk, now=now + sending.LEASE - timedelta(seconds=1))
    assert sending.take(notice.pk, now=now + sending.LEASE)


def test_sending_inside_a_transaction_is_refused(newcomer: User) -> None:
    (notice,) = give(newcomer)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        sending.send(notice.pk, now=timezone.now())
