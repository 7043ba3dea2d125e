"""What the site clears up by itself, once a day."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from config.tasks import clear_up
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def signed_in(person: User, key: str, *, until: timedelta) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + until)
    UserSession.objects.create(user=person, session_key=key, ip="192.0.2.1", user_agent="Firefox")


def test_sessions_that_ran_out_go_with_where_they_were_opened_from(newcomer: User) -> None:
    signed_in(newcomer, "over", until=-timedelta(seconds=1))
    signed_in(newcomer, "runs", until=timedelta(days=1))
    UserSession.objects.create(user=build.person(), session_key="signed out", ip="192.0.2.2", user_agent="Safari")
    clear_up.call()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["runs"]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == ["runs"]
