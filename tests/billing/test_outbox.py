"""Sending: every mail once, whatever the mail server and the workers do to it. Over a real socket, with the database the site has."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts import personal
from accounts.models import Farewell, User
from billing import news, notices, outbox, sending
from billing.models import Grant, Notice
from billing.postman import send_waiting_notices
from config import background
from config.audit import AuditEntry
from config.models import BackgroundTask
from tests import build
from tests.billing.smtp_peer import Peer
from tests.config.test_worker_processes import WORK, until, worker

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[..., int]


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    """The mail server, which the site finds where its settings say."""
    with Peer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.5
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = None
        yield server


def give(*people: User) -> list[Notice]:
    """Write a mail to each: somebody gave them a book."""
    for person in people:
        with transaction.atomic():
            grant = Grant.objects.create(user=person, product=build.item(name="Atlas"), reason="x")
            notices.grant_given(grant)
    return list(Notice.objects.order_by("pk"))


def crowd(count: int) -> list[Notice]:
    return give(*[build.person() for _ in range(count)])


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


def together(*acts: Callable[[], object]) -> None:
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait(10)
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result(60)


def sent_by_many(peer: Peer) -> None:
    """Four workers at the same moment, on the same thirty mails."""
    crowd(30)
    together(*[sending.send_due] * 4)
    while Notice.objects.waiting().exists():
        sending.send_due()
    assert len(peer.taken) == len(set(peer.ids())) == 30
    assert not Notice.objects.exclude(tries=1).exists()


def test_workers_side_by_side_send_each_mail_once(peer: Peer) -> None:
    sent_by_many(peer)


def test_workers_side_by_side_would_send_twice_without_the_lease(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control that shows the test above can fail."""
    monkeypatch.setattr(sending, "take", lambda pk, now: Notice.objects.due(now=now).filter(pk=pk).exists())
    with pytest.raises(AssertionError):
        sent_by_many(peer)


def test_notice_in_a_workers_hands_is_nobody_elses_until_its_lease_is_over(newcomer: User) -> None:
    (notice,) = give(newcomer)
    now = timezone.now()
    assert sending.take(notice.pk, now=now)
    assert not sending.take(notice.pk, now=now + sending.LEASE - timedelta(seconds=1))
    assert sending.take(notice.pk, now=now + sending.LEASE)


def test_worker_killed_while_the_server_held_the_mail_loses_none(
    newcomer: User, peer: Peer, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has it, the worker dies before it hears so: after the lease it goes out again, and is known to be the same."""
    (notice,) = give(newcomer)
    peer.mood = "stall"
    monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{peer.port}")
    with worker(tmp_path / "log", *WORK) as child:
        until(lambda: peer.taken, "the mail is on its way")
        child.send_signal(signal.SIGKILL)
        child.wait()
    notice.refresh_from_db()
    assert notice.sent_at is None
    assert notice.not_before is not None
    peer.mood = "ok"
    sending.send_due()
    assert len(peer.taken) == 1, "its lease still runs"
    with time_machine.travel(notice.not_before + timedelta(seconds=1)):
        sending.send_due()
    assert len(peer.taken) == 2
    assert len(set(peer.ids())) == 1
    notice.refresh_from_db()
    assert notice.sent_at is not None


def test_everybody_else_writes_on_while_the_mail_server_hangs(peer: Peer, settings: Any) -> None:
    """No transaction is held while the mail server is spoken to: on SQLite every download would stop for as long."""
    settings.EMAIL_TIMEOUT = 3
    crowd(1)
    peer.mood = "hang"
    took: list[float] = []

    def writing() -> None:
        until(lambda: peer.visits, "the server is asked")
        for _ in range(20):
            began = time.monotonic()
            build.person()
            took.append(time.monotonic() - began)
            time.sleep(0.02)

    began = time.monotonic()
    together(sending.send_due, writing)
    assert time.monotonic() - began > 2.5
    assert max(took) < 1


def test_sending_inside_a_transaction_is_refused(newcomer: User) -> None:
    (notice,) = give(newcomer)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        sending.send(notice.pk, now=timezone.now())


def test_last_mail_to_a_deleted_account_survives_a_server_that_is_down(
    newcomer: User, peer: Peer, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    peer.mood = "busy"
    personal.delete(newcomer)
    work(failing=True)
    assert Farewell.objects.get().address == "nadia@example.com"
    assert not BackgroundTask.objects.filter(traceback__contains="@").exists()
    peer.mood = "ok"
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        work(failing=True)
    assert [message["To"] for message in peer.taken] == ["nadia@example.com"]
    assert not Farewell.objects.exists(), "the address is forgotten with the last mail"
    assert "@" not in caplog.text


def test_last_mail_that_no_server_takes_for_a_week_is_forgotten_with_its_address(
    newcomer: User, peer: Peer, work: Work
) -> None:
    peer.mood = "busy"
    personal.delete(newcomer)
    work(failing=True)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        work(failing=True)
    assert not Farewell.objects.exists()


# --- The owner --------------------------------------------------------------------------------


@pytest.fixture
def desk(owner: User, client_for: Any, settings: Any) -> Any:
    settings.STAFF_MFA = "optional"
    return client_for(owner)


def test_owner_sees_what_waits_went_out_failed_and_was_dropped(desk: Any, newcomer: User, now: datetime) -> None:
    for state in (
        {},
        {"error": "SMTPDataError: 451", "not_before": now},
        {"sent_at": now},
        {"dropped_at": now, "error": "It is over."},
    ):
        build.notice(newcomer, now=now, **state)
    page = desk.get("/admin/billing/notice/").content.decode()
    for words in ("nadia@example.com", "SMTPDataError: 451", "It is over."):
        assert words in page
    for state in ("waiting", "failing", "sent", "dropped"):
        one = desk.get(f"/admin/billing/notice/?state={state}").content.decode()
        assert f'<td class="field-state">{state}</td>' in one
        assert one.count('class="field-state"') == 1


def test_owner_sends_again_what_did_not_go_and_that_is_recorded(
    desk: Any, owner: User, newcomer: User, peer: Peer, work: Work
) -> None:
    (notice,) = give(newcomer)
    Notice.objects.update(dropped_at=timezone.now(), error="SMTPDataError: 451", tries=30)
    press = {"action": "send_again", "_selected_action": [notice.pk]}
    assert b"1 mail is on its way." in desk.post("/admin/billing/notice/", press, follow=True).content
    work()
    assert len(peer.taken) == 1
    entry = AuditEntry.objects.get(act="notice.sent_again")
    assert (entry.actor, entry.person, entry.target_pk) == (owner, newcomer, str(notice.pk))
    assert b"1 was left alone" in desk.post("/admin/billing/notice/", press, follow=True).content
    work()
    assert len(peer.taken) == 1


def test_one_in_a_workers_hands_is_not_sent_again(newcomer: User) -> None:
    (notice,) = give(newcomer)
    now = timezone.now()
    Notice.objects.update(error="SMTPDataError: 451")
    assert sending.take(notice.pk, now=now)
    assert not outbox.send_again(notice, now=now)


def test_helper_who_may_only_look_cannot_send_again(desk: Any, newcomer: User, now: datetime) -> None:
    assert desk.get("/admin/billing/notice/add/").status_code == 403
    notice = build.notice(newcomer, now=now)
    assert desk.post(f"/admin/billing/notice/{notice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert b'name="_save"' not in desk.get(f"/admin/billing/notice/{notice.pk}/change/").content
