"""The outbox of mail about money: what is put into it in a transaction is sent after that, once."""

from collections.abc import Sequence

from billing.models import Notice
from billing.postman import send_notices


def put(notices: Sequence[Notice]) -> None:
    """Keep those notices whose key is not there yet, and have them sent when the caller's transaction is through."""
    keys = [one.key for one in notices]
    there = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    fresh = [one for one in notices if one.key not in there]
    if fresh:
        Notice.objects.bulk_create(fresh, ignore_conflicts=True)
        send_notices.enqueue()
