"""Complimentary access, given, extended and taken back by hand. A grant is never deleted: it is part of what happened."""

from datetime import datetime

from django.db import transaction

from billing import notices
from billing.models import Grant, Product


def give(
    user_id: int, product: Product, *, reason: str, given_by: int | None, ends_at: datetime | None, now: datetime
) -> Grant:
    """Open a product to a person from now until `ends_at` (None: for good), and tell them by mail."""
    with transaction.atomic():
        grant = Grant.objects.create(
            user_id=user_id,
            product=product,
            reason=reason,
            given_by_id=given_by,
            starts_at=now,
            ends_at=ends_at,
            created_at=now,
        )
        notices.grant_given(grant)
        return grant


def extend(grant: Grant, *, ends_at: datetime | None) -> None:
    """Let it run until `ends_at` (None: for good), also when it is over or was taken back, and tell the person by mail."""
    with transaction.atomic():
        grant.ends_at, grant.revoked_at = ends_at, None
        grant.save(update_fields=["ends_at", "revoked_at"])
        notices.grant_given(grant)


def revoke(grant: Grant, *, now: datetime) -> None:
    """End it now; one that has not begun never will. What has ended already keeps its end."""
    ends_at = max(now, grant.starts_at)
    grant.ends_at = min(ends_at, grant.ends_at) if grant.ends_at else ends_at
    grant.revoked_at = now
    grant.save(update_fields=["ends_at", "revoked_at"])
