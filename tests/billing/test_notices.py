"""Which mail follows from what: once for each thing that happened, whatever is replayed, lost, late or imported."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import news, notices, sync
from billing.models import Invoice, Notice, Price, Product, Purchase, Subscription, WebhookEvent
from tests import build
from tests.billing.conftest import Postbox, kinds, reasons
from tests.billing.till import DAY, HOUR, Till, ring

pytestmark = pytest.mark.django_db
Press = Callable[[User, Price], HttpResponse]


def test_member_whose_bells_ring_again_and_again_is_written_to_once(member: User, till: Till, post: Postbox) -> None:
    till.ring_last()
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


def test_purchase_heard_of_before_its_invoice_has_one_receipt_and_one_code(till: Till, now: datetime) -> None:
    """Stripe writes the invoice of a purchase after the money is there."""
    customer = build.customer(None, email="gus@example.com", synced_at=now)
    purchase = Purchase.objects.create(
        session_id="cs_1", customer=customer, product=build.item(), amount=900, currency="usd", state="paid",
        created_at=now,
    )  # fmt: skip
    notices.write(customer, now=now)
    assert kinds() == ["claim", "receipt"]
    purchase.invoice = "in_1"
    purchase.save()
    build.invoice(customer, now=now, stripe_id="in_1", status="paid", amount_paid=900, paid_at=now, number="LECT-7")
    notices.write(customer, now=now)
    assert kinds() == ["claim", "receipt"]
    notice = Notice.objects.get(kind="receipt")
    assert "LECT-7" in str(news.post(notice, now=now).letter.context)


def test_guests_plan_heard_of_before_its_first_invoice_has_one_code(till: Till, plan: Product, now: datetime) -> None:
    customer = build.customer(None, email="gus@example.com", synced_at=now)
    values = {"status": "active", "current_period_end": now + timedelta(days=30), "created_at": now}
    one = Subscription.objects.create(customer=customer, stripe_id="sub_1", **values)
    one.products.set([plan])
    notices.write(customer, now=now)
    assert kinds() == ["claim"]
    build.invoice(customer, now=now, subscription=one, status="paid", paid_at=now, billing_reason="subscription_create")
    notices.write(customer, now=now)
    assert kinds() == ["claim", "receipt"]


def test_purchase_for_nothing_has_a_code_and_no_receipt(till: Till, now: datetime) -> None:
    customer = build.customer(None, email="gus@example.com", synced_at=now)
    Purchase.objects.create(
        session_id="cs_1", customer=customer, product=build.item(), amount=0, currency="usd", state="paid",
        created_at=now,
    )  # fmt: skip
    notices.write(customer, now=now)
    assert kinds() == ["claim"]


def test_cancellation_heard_of_too_late_is_no_news(settled: Subscription, till: Till, post: Postbox) -> None:
    till.stripe.call("POST", f"subscriptions/{settled.stripe_id}", cancel_at_period_end=True)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert post.come() == []
