"""Prepared queries: the same answers as the ORM's own, whatever the parameters, and no parameter lost."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing import entitlements
from billing.prepared import Prepared
from courses import access
from courses.models import FileVersion
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def since(*, joined: datetime, email: str) -> "QuerySet[Any, Any]":
    return User.objects.filter(date_joined__gte=joined, email=email).values_list(
        "pk", "email", "date_joined", "is_staff"
    )


def test_rows_are_what_values_list_gives(now: datetime) -> None:
    prepared = Prepared(since, joined=datetime, email=str)
    early, late = build.person(date_joined=now - timedelta(days=1)), build.person(date_joined=now, is_staff=True)
    for joined in (now - timedelta(days=2), now, now + timedelta(seconds=1)):
        for email in (early.email, late.email, "x'; DROP TABLE accounts_user; --", "100%s", ""):
            assert prepared.rows(joined=joined, email=email) == list(since(joined=joined, email=email))


def test_a_uuid_goes_in_and_comes_out(now: datetime) -> None:
    prepared = Prepared(lambda *, file: FileVersion.objects.filter(file=file).values_list("file_id", "size"), file=UUID)
    file = build.file()
    assert prepared.rows(file=file.pk) == [(file.pk, 11)]


def test_a_query_that_drops_or_changes_a_parameter_is_refused(now: datetime) -> None:
    shifted = Prepared(
        lambda *, joined: User.objects.filter(date_joined__gt=joined - timedelta(days=1)).values_list("pk"),
        joined=datetime,
    )
    with pytest.raises(ValueError, match="does not use joined"):
        shifted.rows(joined=now)


def test_a_changed_setting_changes_the_prepared_rule_too(now: datetime, settings: Any) -> None:
    plan, title = build.plan(), build.ebook()
    person = build.subscribed(build.person(), plan, now=now, status="past_due", unpaid_since=now - timedelta(days=3))
    assert access.decision(person, title, now=now).allowed
    settings.GRACE_DAYS = 2
    assert not access.decision(person, title, now=now).allowed
    assert not list(entitlements.held(person.pk, now=now))


def test_the_sql_is_djangos_own_and_built_once(subscriber: User, now: datetime) -> None:
    title = build.ebook()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            assert access.decision(subscriber, title, now=now).allowed
    assert len(queries) == 3
    assert len({query["sql"] for query in queries}) == 1
