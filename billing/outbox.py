"""The outbox of mail about money: what is put into it in a transaction is sent after that, once."""

from collections.abc import Sequence
from datetime import datetime

from billing.models import Notice
from billing.postman import send_notices
from billing.sending import LEASE


def put(notices: Sequence[Notice]) -> None:
    """Keep those notices whose key is not there yet, and have them sent when the caller's transaction is through."""
    keys = [one.key for one in notices]
    there = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    fresh = [one for one in notices if one.key not in there]
    if fresh:
        Notice.objects.bulk_create(fresh, ignore_conflicts=True)
    if any(one.dropped_at is None for one in fresh):
        send_notices.enqueue()


def send_again(notice: Notice, *, now: datetime) -> bool:
    """Let a notice that was dropped, or that waits after a failure, be sent now; False for any other.

    It begins anew, with all its tries before it. One that a worker may have in its hands right now is left to it.
    """
    resting = Notice.objects.filter(pk=notice.pk, sent_at=None).exclude(error="")
    free = resting.filter(dropped_at__isnull=False) | resting.filter(not_before__gt=now + LEASE)
    fresh = {"dropped_at": None, "error": "", "tries": 0, "not_before": None, "created_at": now}
    if not free.update(**fresh):
        return False
    send_notices.enqueue()
    return True
