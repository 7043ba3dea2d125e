"""The owner sees what waits, went out, failed and was dropped, and sends again what did not go."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from billing import outbox, sending
from billing.models import Notice
from config.audit import AuditEntry
from tests import build
from tests.billing.conftest import give
from tests.smtp_peer import Peer

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[..., int]


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
