"""Several workers, and one that dies: each mail once, and nobody waits for the mail server."""

import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from accounts.models import User
from billing import sending
from billing.models import Notice
from tests import build
from tests.billing.conftest import crowd, give
from tests.billing.test_concurrency import together
from tests.config.test_worker_processes import WORK, until, worker
from tests.smtp_peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[..., int]


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
