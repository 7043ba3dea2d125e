"""Which mail follows from what: once for each thing that happened, whatever is replayed, lost, late or imported."""

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
from billing.models import Customer, Grant, Invoice, Notice, Price, Purchase, Subscription, WebhookEvent
from tests import build
from tests.billing.conftest import Guest, Postbox
from tests.billing.till import DAY, HOUR, Till, ring

pytestmark = pytest.mark.django_db
Press = Callable[[User, Price], HttpResponse]


def kinds() -> list[str]:
    return sorted(Notice.objects.values_list("kind", flat=True))


def reasons() -> dict[str, str]:
    return dict(Notice.objects.filter(dropped_at__isnull=False).values_list("kind", "error"))


@pytest.fixture
def settled(member: User, post: Postbox) -> Subscription:
    """Nadia's membership, her first mails read."""
    post.come()
    return Subscription.objects.get()


# --- Once -------------------------------------------------------------------------------------


def test_member_whose_bells_ring_again_and_again_is_written_to_once(member: User, till: Till, post: Postbox) -> None:
    till.ring_all()
    assert len(post.come()) == 2
    for event in till.stripe.events() * 2:
        WebhookEvent.objects.all().delete()
        ring(event)
    sync.reconcile()
    sync.reconcile()
    assert post.come() == []
    assert kinds() == ["receipt", "welcome"]


def test_bells_in_any_order_write_the_same(member: User, till: Till, post: Postbox) -> None:
    for event in reversed(till.stripe.events()):
        ring(event)
    assert len(post.come()) == 2
    assert kinds() == ["receipt", "welcome"]


def test_rows_and_notices_stand_or_fall_together(
    member: User, till: Till, post: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written down whole is written again whole, with its mail, when the bell rings again."""
    put = notices.outbox.put
    monkeypatch.setattr(notices.outbox, "put", lambda _: 1 / 0)
    bell = till.stripe.events("customer.subscription.created")[0]
    assert ring(bell).status_code == 500
    assert not Subscription.objects.exists()
    monkeypatch.setattr(notices.outbox, "put", put)
    assert ring(bell).status_code == 200
    assert len(post.come()) == 2


def test_four_days_that_were_lost_are_told_as_they_stand_w109(settled: Subscription, till: Till, post: Postbox) -> None:
    """Declined, tried again, paid: after the reconcile she gets the receipt, and no word of what is mended."""
    invoice = till.stripe.renew(settled.stripe_id, "declines")
    till.stripe.advance(3 * DAY)
    till.stripe.use_card(settled.customer.stripe_id, "good")
    till.stripe.pay_invoice(invoice["id"])
    sync.reconcile()
    till.rung |= {event["id"] for event in till.stripe.events()}
    assert post.subjects() == ["Your payment of $12 for Membership"]


def test_life_of_four_lost_days_is_not_welcomed_after_its_end(member: User, till: Till, post: Postbox) -> None:
    till.stripe.call("DELETE", f"subscriptions/{till.subscription_of(member.customers.get().stripe_id)['id']}")
    sync.reconcile()
    till.rung |= {event["id"] for event in till.stripe.events()}
    assert post.subjects() == ["Membership has ended", "Your payment of $12 for Membership"]
    assert "welcome" not in kinds()


# --- What is no news --------------------------------------------------------------------------


def old_account(till: Till, person: User, *, card: str = "good") -> tuple[str, datetime]:
    """Somebody who has paid at Stripe for half a year, the last time with this card, and the moment just after that."""
    with time_machine.travel(timezone.now() - timedelta(days=190)):
        of_ours = {"user": person.pk, "site": "http://testserver"}
        made = till.stripe.call("POST", "customers", email=person.email, metadata=of_ours)
        till.stripe.use_card(made["id"], "good")
        price = till.sell()
        till.stripe.call("POST", "subscriptions", customer=made["id"], items=[{"price": price.stripe_id}])
        subscription = till.subscription_of(made["id"])["id"]
        for _ in range(5):
            till.stripe.renew(subscription)
        till.stripe.renew(subscription, card)
        till.rung |= {event["id"] for event in till.stripe.events()}
        return str(subscription), till.catch_up()


@pytest.mark.parametrize("card", ["good", "declines", "3ds"])
def test_first_import_writes_to_nobody(newcomer: User, till: Till, post: Postbox, card: str) -> None:
    """Paid two hours ago, or declined two hours ago: they have been told by whoever served them then."""
    subscription, moment = old_account(till, newcomer, card=card)
    with time_machine.travel(moment + timedelta(hours=2)):
        for _ in range(3):
            sync.reconcile()
        assert Subscription.objects.get().stripe_id == subscription
        assert Invoice.objects.count() == 7
        assert post.come() == []
        assert Notice.objects.waiting().count() == 0


def test_imported_member_is_told_what_happens_from_then_on(newcomer: User, till: Till, post: Postbox) -> None:
    subscription, moment = old_account(till, newcomer, card="declines")
    with time_machine.travel(moment + timedelta(hours=2)) as clock:
        sync.reconcile()
        assert post.come() == []
        clock.shift(timedelta(days=3))
        till.stripe.advance(0)
        assert post.subjects() == ["Your payment of $12 for Membership did not go through"]
        till.stripe.pay_invoice(till.stripe.call("GET", f"subscriptions/{subscription}")["latest_invoice"])
        assert post.subjects() == ["Your payment of $12 for Membership"]


def test_old_news_is_not_mailed(member: User, till: Till, post: Postbox) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert post.come() == []
    assert kinds() == []


# --- What did not happen ----------------------------------------------------------------------


def test_subscription_that_never_opened_does_not_end(newcomer: User, till: Till, post: Postbox) -> None:
    customer = build.customer(
        newcomer, stripe_id=till.stripe.call("POST", "customers", email="nadia@example.com")["id"]
    )
    till.stripe.use_card(customer.stripe_id, "declines")
    price = till.sell()
    till.stripe.call("POST", "subscriptions", customer=customer.stripe_id, items=[{"price": price.stripe_id}])
    assert post.come() == []
    till.stripe.advance(24 * HOUR)
    assert post.come() == []
    Subscription.objects.update(status="canceled", ended_at=timezone.now())
    notices.write(customer, now=timezone.now())
    assert kinds() == []


def test_swap_of_plan_is_no_welcome(settled: Subscription, till: Till, post: Postbox) -> None:
    pro = till.sell("Pro", amount=3000)
    items = till.stripe.call("GET", f"subscriptions/{settled.stripe_id}")["items"]["data"]
    till.stripe.call(
        "POST", f"subscriptions/{settled.stripe_id}", items=[{"id": items[0]["id"], "price": pro.stripe_id}],
        proration_behavior="always_invoice",
    )  # fmt: skip
    assert [one.split(" of ")[0] for one in post.subjects()] == ["Your payment"]


def test_second_plan_in_place_of_the_first_is_neither_a_welcome_nor_an_end(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    pro, customer = till.sell("Pro", amount=3000), settled.customer.stripe_id
    till.stripe.call("POST", "subscriptions", customer=customer, items=[{"price": pro.stripe_id}])
    till.stripe.call("DELETE", f"subscriptions/{settled.stripe_id}")
    assert post.subjects() == ["Your payment of $30 for Pro"]
    assert reasons() == {"ended": "Another one is open to them."}


def test_member_who_comes_back_is_welcomed_again(
    settled: Subscription, till: Till, press: Press, post: Postbox
) -> None:
    till.stripe.call("DELETE", f"subscriptions/{settled.stripe_id}")
    post.come()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        till.press(press(settled.customer.user, settled.price).headers["Location"], "pay")
        assert "Welcome to Membership" in post.subjects()


def test_things_bought_outright_make_no_member(newcomer: User, till: Till, press: Press, post: Postbox) -> None:
    till.press(press(newcomer, till.sell("Atlas", interval="once")).headers["Location"], "pay")
    assert post.subjects() == ["Your payment of $12 for Atlas"]


# --- Cancelled, undone, cancelled -------------------------------------------------------------


def cancel(till: Till, subscription: Subscription, *, when: bool = True) -> None:
    till.stripe.call("POST", f"subscriptions/{subscription.stripe_id}", cancel_at_period_end=when)
    till.ring_all()


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
    till.ring_all()
    cancel(till, Subscription.objects.get())
    post.come()
    till.stripe.advance(12 * DAY)
    till.ring_all()
    assert post.come() == []


def test_trial_that_is_prolonged_is_warned_of_again_and_only_then(
    newcomer: User, till: Till, press: Press, post: Postbox
) -> None:
    till.press(press(newcomer, till.sell(metadata={"trial_days": "14"})).headers["Location"], "pay")
    post.come()
    till.stripe.advance(12 * DAY)
    till.ring_all()
    assert len(post.come()) == 1
    one = Subscription.objects.get()
    assert one.trial_end is not None
    later = one.trial_end + timedelta(days=20)
    till.stripe.call(
        "POST", f"subscriptions/{one.stripe_id}", trial_end=int(later.timestamp()), proration_behavior="none"
    )
    till.ring_all()
    assert post.come() == []
    with time_machine.travel(later - timedelta(days=2)):
        notices.write(Customer.objects.get(), now=timezone.now())
        assert post.subjects() == [f"Your trial of Membership ends on {later:%B} {later.day}, {later.year}"]


def test_payment_mended_before_its_mail_went_out_is_not_mailed(
    settled: Subscription, till: Till, post: Postbox
) -> None:
    invoice = till.stripe.renew(settled.stripe_id, "declines")
    till.ring_all()
    till.stripe.pay_invoice(invoice["id"])
    till.ring_all()
    assert post.subjects() == ["Your payment of $12 for Membership"]
    assert reasons() == {"payment_failed": "It is no longer owed."}


def test_receipt_of_what_was_given_back_at_once_is_not_sent(member: User, till: Till, post: Postbox) -> None:
    till.ring_all()
    till.stripe.refund(Invoice.objects.get().stripe_id)
    assert post.subjects() == ["We have refunded $12"]


# --- To whom ----------------------------------------------------------------------------------


def test_account_that_is_switched_off_gets_none(member: User, till: Till, post: Postbox) -> None:
    till.ring_all()
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
    till.ring_all()
    customer = Customer.objects.get()
    customer.user, customer.current = None, False
    customer.save()
    assert post.come("gus@example.com") == []
    assert set(reasons().values()) == {"The account, or the customer at Stripe, is deleted."}


def test_customer_without_an_address_fit_for_mail_gets_none(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    till.ring_all()
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
    till.ring_all()
    Customer.objects.update(user=newcomer)
    assert post.subjects() == ["Your payment of $12 for Membership"]
    assert reasons() == {"claim": "It has been claimed since."}


def test_guests_purchase_refunded_meanwhile_is_not_to_be_claimed(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    till.ring_all()
    till.stripe.refund(Invoice.objects.get().stripe_id)
    assert post.subjects("gus@example.com") == ["We have refunded $12"]
    assert reasons()["claim"] == "Nothing waits to be claimed any more."


def test_guest_who_buys_again_gets_another_code(guest: Guest, till: Till, post: Postbox) -> None:
    guest.pay(till.sell())
    post.come("gus@example.com")
    till.stripe.renew(Subscription.objects.get().stripe_id)
    assert post.subjects("gus@example.com") == ["Open Membership with this code", "Your payment of $12 for Membership"]


# --- Grants -----------------------------------------------------------------------------------


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
