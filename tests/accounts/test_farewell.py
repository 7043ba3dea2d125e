"""The last mail to a deleted account: not lost to a mail server that is down, and the address forgotten with it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import personal
from accounts.models import Farewell, User
from config.models import BackgroundTask
from tests.smtp_peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[..., int]


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
