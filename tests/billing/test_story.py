"""The whole path at the till, with the real SDK: click, pay, bells, access, cancel, out."""

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import entitlements
from billing.models import Customer, Price, Subscription
from tests.billing.till import DAY, Till

Press = Callable[[User, Price], HttpResponse]


def held(person: User) -> set[int]:
    return {pk for pk, _ in entitlements.held(person.pk, now=timezone.now())}


def test_newcomer_pays_and_is_in_when_the_bells_have_rung(newcomer: User, till: Till, press: Press) -> None:
    price = till.sell()
    answer = press(newcomer, price)
    assert answer.status_code == 303
    assert not held(newcomer)
    till.press(answer.headers["Location"], "pay")
    assert not held(newcomer)
    till.ring_all()
    assert held(newcomer) == {price.product_id}


def test_member_who_cancelled_in_the_portal_is_in_to_the_last_day(member: User, till: Till) -> None:
    till.ring_all()
    customer = member.customers.get()
    subscription = till.subscription_of(customer.stripe_id)
    till.stripe.call("POST", f"subscriptions/{subscription['id']}", cancel_at_period_end=True)
    till.ring_all()
    mirrored = Subscription.objects.get()
    assert mirrored.cancel_at == mirrored.current_period_end
    assert held(member)
    assert not dict(entitlements.held(member.pk, now=mirrored.cancel_at))
    till.stripe.advance(32 * DAY)
    till.ring_all()
    mirrored.refresh_from_db()
    assert mirrored.status == "canceled"
    assert not held(member)


def test_every_customer_row_is_bound_to_the_person_who_clicked(member: User, till: Till) -> None:
    Customer.objects.all().delete()
    till.ring_all()
    assert Customer.objects.get().user == member
    assert held(member)
    assert Customer.objects.get().synced_at > timezone.now() - timedelta(minutes=1)
