import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from billing import notices
from billing.models import Grant, Notice, Price, Subscription
from sandbox.stripe import StripeServer
from tests import build
from tests.billing.till import Till
from tests.conftest import ClientFor


@dataclass
class Guest:
    """Somebody without an account, at a browser that has seen the page of plans."""

    till: Till
    browser: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.browser.get("/plans/")

    def press(self, price: Price) -> HttpResponse:
        return self.browser.post(f"/checkout/{price.stripe_id}/")

    def pay(self, price: Price, *, email: str = "gus@example.com", outcome: str = "pay") -> None:
        self.till.press(self.press(price).headers["Location"], outcome, email=email)


@dataclass
class Postbox:
    """Everybody's letter box: `come` rings, lets the background work, and returns the mail that has come by that."""

    till: Till
    work: Callable[..., int]

    def come(self, to: str = "nadia@example.com", **how: bool) -> list[Any]:
        self.till.ring_last()
        before = len(mail.outbox)
        self.work(**how)
        return [message for message in mail.outbox[before:] if message.to == [to]]

    def one(self, to: str = "nadia@example.com", **how: bool) -> Any:
        """Return the only mail that has come."""
        (message,) = self.come(to, **how)
        return message

    def subjects(self, to: str = "nadia@example.com") -> list[str]:
        return sorted(str(message.subject) for message in self.come(to))


@pytest.fixture
def post(till: Till, work: Callable[..., int]) -> Postbox:
    return Postbox(till, work)


@pytest.fixture
def till(db: None, stripe: StripeServer) -> Till:
    return Till(stripe)


@pytest.fixture
def guest(till: Till) -> Guest:
    return Guest(till)


@pytest.fixture
def press(client_for: type[ClientFor]) -> Callable[[User, Price], HttpResponse]:
    """Press the button of a price on the page of plans."""
    return lambda person, price: client_for(person).post(f"/checkout/{price.stripe_id}/")


@pytest.fixture
def member(newcomer: User, till: Till, press: Callable[[User, Price], HttpResponse]) -> User:
    """Nadia has pressed a plan's button and paid at Stripe; no bell has rung yet."""
    till.press(press(newcomer, till.sell()).headers["Location"], "pay")
    return newcomer


@pytest.fixture
def settled(member: User, post: Postbox) -> Subscription:
    """Nadia's membership, her first mails read."""
    post.come()
    return Subscription.objects.get()


def links(message: Any) -> list[str]:
    """Return the addresses in a mail's text, but that of the site itself below it."""
    return [one.rstrip(".") for one in re.findall(r"https?://\S+", message.body) if one != settings.SITE_URL]


def kinds() -> list[str]:
    return sorted(Notice.objects.values_list("kind", flat=True))


def reasons() -> dict[str, str]:
    """Return why notices were dropped, by kind."""
    return dict(Notice.objects.filter(dropped_at__isnull=False).values_list("kind", "error"))


def give(*people: User) -> list[Notice]:
    """Write a mail to each: somebody gave them a book."""
    for person in people:
        with transaction.atomic():
            grant = Grant.objects.create(user=person, product=build.item(name="Atlas"), reason="x")
            notices.grant_given(grant)
    return list(Notice.objects.order_by("pk"))


def crowd(count: int) -> list[Notice]:
    return give(*[build.person() for _ in range(count)])
