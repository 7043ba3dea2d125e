"""What each mail about what opens says: how it begins, how it ends, what stays and what waits."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import notices
from billing.emails.letter import written
from billing.models import Claim, Customer, Grant, Notice, Price, Subscription
from tests import build
from tests.billing.conftest import Guest, Postbox, links
from tests.billing.till import DAY, HOUR, Till

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Press = Callable[[User, Price], HttpResponse]
SITE = "http://testserver"


def day(moment: datetime | None) -> str:
    assert moment is not None
    return written(moment)


def test_trial_starts_with_its_price_and_ends_with_three_days_notice(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    price = till.sell(metadata={"trial_days": "14"})
    till.press(press(newcomer, price).headers["Location"], "pay")
    welcome = post.one()
    ends = day(Subscription.objects.get().trial_end)
    assert f"It is free until {ends}, and $12 a month after that." in welcome.body
    till.stripe.advance(11 * DAY + HOUR)
    till.ring_last()
    warning = post.one()
    assert warning.subject == f"Your trial of Membership ends on {ends}"
    assert "on that day we charge $12, and it goes on at $12 a month" in warning.body
    assert "Cancel the plan" in warning.body
    assert links(warning) == [f"{SITE}/account/"]
    till.stripe.advance(HOUR)
    assert post.come() == []


def test_charge_that_a_trial_ends_in_is_what_stripe_would_charge(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    """A first invoice at half the price: the warning names what will be charged, and then what it costs after that."""
    price = till.sell(metadata={"trial_days": "14"})
    till.press(press(newcomer, price).headers["Location"], "pay")
    post.come()
    half = till.stripe.call("POST", "coupons", percent_off=50, duration="once")["id"]
    subscription = Subscription.objects.get()
    till.stripe.call("POST", f"subscriptions/{subscription.stripe_id}", discounts=[{"coupon": half}])
    till.stripe.advance(11 * DAY + HOUR)
    till.stripe.fail_next("401", path="create_preview")
    till.ring_last()
    assert post.come() == []
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        warning = post.one(duties=True)
    assert "on that day we charge $6, and it goes on at $12 a month" in warning.body


def test_trial_without_a_card_is_told_what_a_card_would_do(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    price = till.sell(metadata={"trial_days": "14", "trial_card": "optional"})
    till.press(press(newcomer, price).headers["Location"], "pay", email="nadia@example.com")
    post.come()
    till.stripe.use_card(Customer.objects.get().stripe_id, "none")
    till.stripe.advance(11 * DAY + HOUR)
    till.ring_last()
    warning = post.one()
    assert "no card is on file, so nothing is charged by itself" in warning.body
    assert "we charge" not in warning.body


def test_member_who_cancels_reads_the_last_day_and_how_to_undo_it(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    till.stripe.call("POST", f"subscriptions/{settled.stripe_id}", cancel_at_period_end=True)
    message = post.one()
    ends = day(settled.current_period_end)
    assert message.subject == f"Membership ends on {ends}"
    assert "You will not be charged again." in message.body
    assert "undo it on your account page" in message.body
    assert links(message) == [f"{SITE}/account/"]


def test_member_whose_plan_ended_reads_what_stays_and_how_to_come_back(
    settled: Subscription, till: Till, press: Press, post: Postbox, member: User
) -> None:
    till.press(press(member, till.sell("Atlas", interval="once")).headers["Location"], "pay")
    till.stripe.call("POST", f"subscriptions/{settled.stripe_id}", cancel_at_period_end=True)
    post.come()
    till.stripe.advance(32 * DAY)
    message = post.one()
    assert message.subject == "Membership has ended"
    assert "- Atlas" in message.body
    assert f"{SITE}/plans/" in links(message)
    assert "A payment was missing" not in message.body


def test_plan_that_ended_unpaid_says_why(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.renew(settled.stripe_id, "declines")
    post.come()
    till.stripe.advance(16 * DAY)
    message = post.one()
    assert message.subject == "Membership has ended"
    assert "A payment was missing" in message.body


def test_person_given_access_reads_what_until_when_and_the_owners_words(
    newcomer: User, till: Till, post: Postbox, now: datetime
) -> None:
    ends = now + timedelta(days=60)
    grant = Grant.objects.create(
        user=newcomer, product=build.item(name="Atlas"), reason="proofs", message="Dear N,\n\nthank you.", ends_at=ends
    )
    notices.grant_given(grant)
    message = post.one()
    assert message.subject == "Atlas is open to you"
    assert f"You have been given Atlas, free, until {written(ends)}." in message.body
    assert "> Dear N,\n> thank you." in message.body
    assert "proofs" not in message.body
    assert links(message) == [f"{SITE}/library/"]


def test_guest_gets_a_code_that_opens_what_they_bought_b4(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    claim, receipt = sorted(post.come("gus@example.com"), key=lambda one: one.subject)
    assert claim.subject == "Open Membership with this code"
    (code,) = re.findall(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$", claim.body, re.MULTILINE)
    assert links(claim) == [f"{SITE}/account/claim/{code}/"]
    assert code not in receipt.body
    assert f"{SITE}/library/" not in receipt.body
    assert "use the code that we sent to this address" in receipt.body
    assert code.replace("-", "") not in str(list(Claim.objects.values())) + str(list(Notice.objects.values()))
    assert guest.browser.get(f"/account/claim/{code}/").status_code == 200
    guest.browser.post(f"/account/claim/{code}/")
    assert Customer.objects.get().user == User.objects.get(email="gus@example.com")
