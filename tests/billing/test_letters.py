"""What all mail about money has in common: the reader's language, no way to break out of a line, no secret, whole in text."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing.emails.letter import written
from billing.models import Invoice, Price, Subscription
from tests.billing.conftest import Guest, Postbox, links
from tests.billing.till import DAY, Till

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Press = Callable[[User, Price], HttpResponse]
SITE = "http://testserver"


def test_amounts_and_dates_are_the_languages_own(
    settled: Subscription, till: Till, post: Postbox, settings: Any
) -> None:
    settings.LANGUAGE_CODE = "de"
    till.stripe.refund(Invoice.objects.get().stripe_id, 450)
    body = post.one().body
    assert "4,50\xa0$" in body
    assert re.search(r"\d{1,2}\. [A-ZÄ][a-zä]+ 20\d\d", body)


NAMES = {
    "line ends": "Atlas\r\nBcc: everybody@example.com\r\n\r\nHello",
    "separators": "At\u2028las\x0b\x85of\x1eknots",
    "turned around": "Atlas \u202efdp.exe",
    "markup": '<img src="x" onerror="alert(1)"> & Sons',
    "endless": "Atlas " * 40,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_break_out_of_nothing_a129(newcomer: User, till: Till, press: Press, post: Postbox, name: str) -> None:
    price = till.sell(interval="once")
    type(price.product).objects.update(name=name)
    till.press(press(newcomer, price).headers["Location"], "pay")
    till.ring_last()
    type(price.product).objects.update(name=name[:255])
    message = post.one()
    assert len(message.subject.splitlines()) == 1
    assert len(message.subject) <= 150
    assert "\u202e" not in message.subject + message.body
    assert set(message.message().keys()) == {
        *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date"),
        *("Message-ID", "Reply-To", "Auto-Submitted", "X-Auto-Response-Suppress"),
    }
    assert "\nBcc:" not in message.body
    assert "<img" not in message.alternatives[0].content


def test_every_mail_is_whole_in_text_and_holds_no_secret_t3_t37(
    settled: Subscription, till: Till, press: Press, post: Postbox, guest: Guest, member: User, settings: Any
) -> None:
    """A year's mail of a member and of a guest: no signed URL, no secret, no link but to this site, both parts alike."""
    till.stripe.refund(Invoice.objects.get().stripe_id, 100)
    guest.pay(till.sell("Atlas", interval="once"))
    post.come()
    till.stripe.renew(settled.stripe_id, "declines")
    post.come()
    till.stripe.use_card(settled.customer.stripe_id, "3ds")
    till.stripe.advance(3 * DAY)
    post.come()
    till.stripe.advance(16 * DAY)
    post.come()
    assert len(mail.outbox) >= 8
    for message in mail.outbox:
        html = message.alternatives[0].content
        for part in (message.body, html, str(message.message())):
            for secret in (settings.SECRET_KEY, settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS):
                assert secret not in part
            assert "X-Amz" not in part
            assert till.stripe.url not in part
        assert {one.split("/")[2] for one in re.findall(r"https?://[^\s\"<]+", message.body + html)} == {"testserver"}
        assert set(re.findall(r'href="([^"]+)"', html)) <= set(links(message))
        assert "{{" not in message.body + html
        assert "None" not in message.body
        assert message.extra_headers["Reply-To"] == "help@testserver"
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "List-Unsubscribe" not in message.extra_headers


def test_date_is_the_day_of_the_sites_own_clock(now: datetime) -> None:
    with time_machine.travel("2026-12-31 23:30:00+00:00"):
        assert written(timezone.now()) == "December 31, 2026"
