"""The record of who did what to whom, when, from where and why. It knows no app, and any app may write into it.

    with transaction.atomic():
        grant = Grant.objects.create(…)
        audit.record("grant.given", request=request, target=grant, person=grant.user, reason=form.cleaned_data["reason"])

Write it in the transaction of the act itself, so that neither stands without the other. Every change through the admin is recorded by
the admin site. What is kept about people is little: see `config.models.AuditEntry`; the address (IP) empties itself with the account of
whoever acted, and for everybody after ADDRESSES_KEPT.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from config.models import AuditEntry

__all__ = ["AuditEntry", "about", "forget_addresses", "record"]

ADDRESSES_KEPT = timedelta(days=365)
LONGEST_VALUE = 300
SECRET = re.compile(r"secret|password|token|api_?key|signature", re.IGNORECASE)
Values = dict[str, Any] | None


def record(
    act: str,
    *,
    request: HttpRequest | None = None,
    actor: Any = None,
    target: Model | None = None,
    person: Any = None,
    reason: str = "",
    before: Values = None,
    after: Values = None,
) -> AuditEntry:
    """Write down an act: a dotted word such as "grant.given".

    The actor is whoever is signed in on `request`, unless one is named; without either it was the site itself, as in a task. `person` is
    the member whom it concerns. `before` and `after` are a few plain values; raises ValueError when one is named like a secret.
    """
    if actor is None and request is not None and request.user.is_authenticated:
        actor = request.user
    return AuditEntry.objects.create(
        act=act,
        actor_id=actor.pk if actor else None,
        actor_label=label_of(actor) if actor else ("visitor" if request else "the site"),
        person_id=person.pk if person else None,
        person_label=label_of(person) if person else "",
        target_model=target._meta.label_lower if target else "",
        target_pk=str(target.pk) if target else "",
        target_label=label_of(target) if target else "",
        address=address_of(request) if request else "",
        reason=reason,
        before=small(before),
        after=small(after),
    )


def about(person: Any) -> QuerySet[AuditEntry]:
    """Return all that was done about this person, the newest first, with who did it."""
    return AuditEntry.objects.filter(person=person.pk).select_related("actor")


def forget_addresses(*, now: datetime) -> int:
    """Empty the addresses (IP) that are older than a year; return how many. The database lets nothing else of an entry change."""
    old: QuerySet[AuditEntry] = QuerySet(AuditEntry).filter(at__lt=now - ADDRESSES_KEPT).exclude(address="")
    return old.update(address="")


def label_of(thing: Model) -> str:
    """Return words for a row that outlive it. An e-mail address must not: a person is a number here, as is whatever carries one."""
    if isinstance(thing, AbstractBaseUser):
        return f"person {thing.pk}"
    words = str(thing)[:200]
    return words if words and "@" not in words else f"{thing._meta.verbose_name} {thing.pk}"


def address_of(request: HttpRequest) -> str:
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return ""


def small(values: Values) -> Values:
    """Return the values with long texts cut. Raises ValueError for a name that promises a secret."""
    if values is None:
        return None
    if named := [name for name in values if SECRET.search(name)]:
        raise ValueError(f"a secret does not belong into the record: {named[0]}")
    return {name: value[:LONGEST_VALUE] if isinstance(value, str) else value for name, value in values.items()}


def person_of(thing: Model) -> Any:
    """Return the person a row is, or belongs to; None where that cannot be seen from the row itself."""
    if isinstance(thing, AbstractBaseUser):
        return thing
    holder = getattr(thing, "user", None)
    return holder if isinstance(holder, get_user_model()) else None
