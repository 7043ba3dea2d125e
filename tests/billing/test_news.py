"""What is no longer true when its turn comes is not mailed, and neither is anybody who is not there any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts import personal
from accounts.models import User
from billing import notices, sync
from billing.models import Customer, Grant, Invoice, Price, Purchase, Subscription
from tests import build
from tests.billing.conftest import Guest, Postbox, kinds, reasons
from tests.billing.till import DAY, HOUR, Till, ring

pytestmark = [pytest.mark.django_db, pytest.mark.once]
Press = Callable[[User, Price], HttpResponse]


def cancel(till: Till, subscription: Subscription, *, when: bool = True) -> None:
    till.stripe.call("POST", f"subscriptions/{subscription.stripe_id}", cancel_at_period_end=when)
    till.ring_last()


def test_member_who_cancels_undoes_and_cancels_again_reads_it_twice(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    cancel(till, settled)
    assert len(post.come()) == 1
    cancel(till, settled, when=False)
    assert post.come() == []
    till.stripe.advance(HOUR)
    cancel(till, settled)
    assert len(post.come()) == 1


def test_cancellation_undone_before_its_mail_went_out_is_not_mailed(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    cancel(till, settled)
    cancel(till, settled, when=False)
    assert post.come() == []
    assert reasons() == {"ending": "The cancellation has been undone since."}


def test_cancelled_trial_is_not_warned_of_a_charge(newcomer: User, till: Till, press: Press, post: Postbox) -> None:
    till.press(press(newcomer, till.sell(metadata={"trial_days": "14"})).headers["Location"], "pay")
    till.ring_last()
    cancel(till, Subscription.objects.get())
    post.come()
    till.stripe.advance(12 * DAY)
    till.ring_last()
    assert post.come() == []


def test_trial_that_is_prolonged_is_warned_of_again_and_only_then(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    till.press(press(newcomer, till.sell(metadata={"trial_days": "14"})).headers["Location"], "pay")
    post.come()
    till.stripe.advance(12 * DAY)
    till.ring_last()
    assert len(post.come()) == 1
    one = Subscription.objects.get()
    assert one.trial_end is not None
    later = one.trial_end + timedelta(days=20)
    till.stripe.call(
        "POST", f"subscriptions/{one.stripe_id}", trial_end=int(later.timestamp()), proration_behavior="none"
    )
    till.ring_last()
    assert post.come() == []
    with time_machine.travel(later - timedelta(days=2)):
        notices.write(Customer.objects.get(), now=timezone.now())
        assert post.subjects() == [f"Your trial of Membership ends on {later:%B} {later.day}, {later.year}"]


def test_payment_mended_before_its_mail_went_out_is_not_mailed(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    invoice = till.stripe.renew(settled.stripe_id, "declines")
    till.ring_last()
    till.stripe.pay_invoice(invoice["id"])
    till.ring_last()
    assert post.subjects() == ["Your payment of $12 for Membership"]
    assert reasons() == {"payment_failed": "It is no longer owed."}


def test_attempt_that_was_followed_by_another_is_not_mailed(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.renew(settled.stripe_id, "declines")
    till.ring_last()
    till.stripe.advance(3 * DAY)
    assert post.subjects() == ["Your payment of $12 for Membership did not go through"]
    assert reasons() == {"payment_failed": "It has been tried again since."}


def test_purchase_that_failed_and_was_made_again_is_not_mailed(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    atlas = till.sell("Atlas", interval="once")
    till.press(press(newcomer, atlas).headers["Location"], "async", fails="1")
    till.stripe.advance(9 * DAY)
    till.ring_last()
    till.press(press(newcomer, atlas).headers["Location"], "pay")
    assert post.subjects() == ["Your payment of $12 for Atlas"]
    assert reasons() == {"purchase_failed": "It has been bought since in another way."}


def test_receipt_of_what_was_given_back_at_once_is_not_sent(member: User, till: Till, post: Postbox) -> None:
    till.ring_last()
    till.stripe.refund(Invoice.objects.get().stripe_id)
    assert post.subjects() == ["We have refunded $12"]


def test_account_that_is_switched_off_gets_none(member: User, till: Till, post: Postbox) -> None:
    till.ring_last()
    User.objects.update(is_active=False)
    assert post.come() == []
    assert set(reasons().values()) == {"The account is switched off."}


def test_person_who_has_left_gets_no_mail_about_money(settled: Subscription, till: Till, post: Postbox) -> None:
    """The subscription that they cancelled ends weeks later, and its bells ring; there is nobody to write to any more."""
    cancel(till, settled)
    post.come()
    personal.delete(settled.customer.user)
    assert post.subjects() == ["Your account is deleted"]
    till.stripe.advance(40 * DAY)
    till.ring_all()
    sync.reconcile()
    assert post.come() == []
    assert kinds() == []


def test_guest_who_claimed_and_left_gets_none(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    till.ring_last()
    customer = Customer.objects.get()
    customer.user, customer.current = None, False
    customer.save()
    assert post.come("gus@example.com") == []
    assert set(reasons().values()) == {"The account, or the customer at Stripe, is deleted."}


def test_customer_without_an_address_fit_for_mail_gets_none(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    till.ring_last()
    Customer.objects.update(email="gus@example.com\r\nBcc: all@example.com")
    post.come()
    assert set(reasons().values()) == {"There is no address that mail could be sent to."}


def test_guest_gets_one_code_for_one_purchase_however_it_is_heard_of(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    for event in till.stripe.events():
        ring(event)
    assert kinds() == ["claim", "receipt"]
    assert len(post.come("gus@example.com")) == 2


def test_guest_who_claimed_meanwhile_is_sent_no_code(guest: Guest, till: Till, post: Postbox, newcomer: User) -> None:
    guest.pay(till.sell())
    till.ring_last()
    Customer.objects.update(user=newcomer)
    assert post.subjects() == ["Your payment of $12 for Membership"]
    assert reasons() == {"claim": "It has been claimed since."}


def test_guests_purchase_refunded_meanwhile_is_not_to_be_claimed(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    till.ring_last()
    till.stripe.refund(Invoice.objects.get().stripe_id)
    assert post.subjects("gus@example.com") == ["We have refunded $12"]
    assert reasons()["claim"] == "Nothing waits to be claimed any more."


def test_guest_who_buys_again_gets_another_code(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    post.come("gus@example.com")
    till.stripe.renew(Subscription.objects.get().stripe_id)
    assert post.subjects("gus@example.com") == ["Open Membership with this code", "Your payment of $12 for Membership"]


def test_grant_is_told_once_and_again_when_it_is_prolonged(newcomer: User, post: Postbox, now: datetime) -> None:
    grant = Grant.objects.create(
        user=newcomer, product=build.item(name="Atlas"), reason="x", ends_at=now + timedelta(days=9)
    )
    for _ in range(2):
        notices.grant_given(grant)
    assert len(post.come()) == 1
    grant.ends_at = None
    grant.save()
    notices.grant_given(grant)
    assert "for good" in post.one().body


def test_grant_prolonged_before_its_mail_went_out_is_told_once(newcomer: User, post: Postbox, now: datetime) -> None:
    grant = Grant.objects.create(
        user=newcomer, product=build.item(name="Atlas"), reason="x", ends_at=now + timedelta(days=9)
    )
    notices.grant_given(grant)
    grant.ends_at = None
    grant.save()
    notices.grant_given(grant)
    assert "for good" in post.one().body
    assert reasons() == {"granted": "It has another end by now."}


@pytest.mark.parametrize("change", [{"revoked_at": timezone.now()}, {"ends_at": timezone.now()}])
def test_grant_taken_back_before_its_mail_went_out_is_not_mailed(
    newcomer: User, post: Postbox, change: dict[str, Any], now: datetime
) -> None:
    grant = Grant.objects.create(user=newcomer, product=build.item(), reason="x", starts_at=now - timedelta(days=1))
    notices.grant_given(grant)
    Grant.objects.update(**change)
    assert post.come() == []
    assert reasons() == {"granted": "It has been taken back since, or has ended."}


def test_purchase_tells_of_its_slow_payment_even_after_weeks(newcomer: User, till: Till, now: datetime) -> None:
    """A payment link's purchase has no invoice, and a bank took twelve days over it."""
    customer = build.customer(newcomer, synced_at=now, created_at=now - timedelta(days=12))
    purchase = Purchase.objects.create(
        session_id="cs_1", customer=customer, product=build.item(), amount=900, currency="usd", state="pending",
        created_at=now - timedelta(days=12),
    )  # fmt: skip
    notices.write(customer, now=now)
    assert kinds() == []
    purchase.state = "paid"
    purchase.save()
    for _ in range(2):
        notices.write(customer, now=now)
    assert kinds() == ["receipt"]
