"""Whoever is stopped in the middle is told why, in words and with a date."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Product, Subscription
from courses.models import File
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def media() -> File:
    return build.file(build.lesson(), role="media")


def told(browser: Client, media: File) -> str:
    answer = browser.get(f"/files/{media.pk}/play/")
    assert answer.status_code == 403
    assert answer.json()["next"] == media.publication.get_absolute_url()
    return str(answer.json()["error"])


def test_each_way_to_be_stopped_has_its_own_words(
    client_for: type[Client], subscriber: User, plan: Product, media: File, now: datetime
) -> None:
    browser = client_for(subscriber)
    ended = datetime(2026, 3, 4, 12, tzinfo=now.tzinfo)
    for fields, words in (
        ({"status": "canceled", "ended_at": ended}, "Your membership ended on March 4, 2026. Your place is kept"),
        ({"status": "canceled", "ended_at": None}, "Your membership has ended. Your place is kept"),
        ({"status": "active", "ended_at": None, "cancel_at": ended}, "Your membership ended on March 4, 2026."),
        (
            {"status": "past_due", "cancel_at": None, "unpaid_since": now - timedelta(days=30)},
            "On hold until the missing payment is made. It opens again as soon as",
        ),
        ({"status": "paused", "pause_reason": "pause_requested"}, "Paused, as you wished"),
        ({"status": "active", "taken_back": "refunded"}, "Closed: your last payment was given back"),
    ):
        Subscription.objects.update(**fields)
        assert words in told(browser, media)


def test_what_is_not_part_of_it_is_said_to_be_so(
    client_for: type[Client], subscriber: User, newcomer: User, media: File
) -> None:
    media.publication.access = "restricted"
    media.publication.save()
    for person in (subscriber, newcomer):
        assert told(client_for(person), media) == "What you have does not open this, or not any more."
    media.publication.state = "archived"
    media.publication.save()
    assert "off the shelves" in told(client_for(subscriber), media)
