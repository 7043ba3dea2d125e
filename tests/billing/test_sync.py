"""Converge: the same end for every order, duplicate and loss of bells; a late answer never overwrites a later one."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from billing import entitlements, gateway, sync
from billing.models import Checkout, Customer, Price, Product, Purchase, Subscription, WebhookEvent
from tests import build
from tests.billing.till import HOUR, Till, ring

pytestmark = pytest.mark.django_db
Press = Callable[[User, Price], HttpResponse]


def held(person: User, *, now: datetime | None = None) -> set[int]:
    return {pk for pk, _ in entitlements.held(person.pk, now=now or timezone.now())}


def forget() -> None:
    for model in (WebhookEvent, Subscription, Purchase, Customer):
        model.objects.all().delete()


def test_a_single_bell_of_many_is_enough(member: User, till: Till) -> None:
    for event in till.stripe.events("checkout.session.completed", "invoice.paid", "customer.subscription.created"):
        forget()
        ring(event)
        assert held(member), event["type"]


def test_late_answer_is_skipped(member: User, till: Till) -> None:
    """The first asker's answer arrives after the second's: it says `active`, and the truth is `canceled`."""
    till.ring_all()
    customer = Customer.objects.get()
    early = sync.take_ticket(customer.stripe_id)
    stale = gateway.fetch_customer(customer.stripe_id)
    till.stripe.call("DELETE", f"subscriptions/{Subscription.objects.get().stripe_id}")
    assert sync.converge(customer.stripe_id)
    assert not sync.apply(stale, ticket=early, now=timezone.now())
    assert Subscription.objects.get().status == "canceled"
    assert not held(member)


def test_late_answer_would_win_if_tickets_were_not_checked(
    member: User, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the check taken out, the test above has to fail, or it shows nothing."""
    monkeypatch.setattr(Customer, "has_applied", lambda *_: False)
    with pytest.raises(AssertionError):
        test_late_answer_is_skipped(member, till)


def test_unknown_customer_belongs_to_nobody_without_our_metadata(newcomer: User, till: Till) -> None:
    """An e-mail address binds nobody: anyone may type any address at a Payment Link."""
    made = till.stripe.call("POST", "customers", email=newcomer.email)
    sync.converge(made["id"])
    assert Customer.objects.get().user is None


@pytest.mark.parametrize(
    "metadata", [{"user": "1"}, {"user": "{pk}", "site": "https://other.example"}, {"user": "x", "site": "{site}"}]
)
def test_metadata_that_we_did_not_set_binds_nobody(
    newcomer: User, till: Till, settings: object, metadata: dict[str, str]
) -> None:
    filled = {name: value.format(pk=newcomer.pk, site="http://testserver") for name, value in metadata.items()}
    made = till.stripe.call("POST", "customers", email=newcomer.email, metadata=filled)
    sync.converge(made["id"])
    assert Customer.objects.get().user is None


def test_customer_deleted_at_stripe_is_out_and_kept_w110(member: User, till: Till) -> None:
    till.ring_all()
    customer = Customer.objects.get()
    till.stripe.call("DELETE", f"customers/{customer.stripe_id}")
    till.ring_all()
    customer.refresh_from_db()
    assert customer.deleted
    assert not customer.current
    assert Subscription.objects.get().ended_at is not None
    assert not held(member)


def test_customer_that_stripe_does_not_know_loses_nothing(member: User, till: Till) -> None:
    """A key of the wrong account answers `resource_missing` for everybody; that must not lock everybody out."""
    till.ring_all()
    Customer.objects.update(stripe_id="cus_of_another_account")
    with pytest.raises(gateway.Gone):
        sync.converge("cus_of_another_account")
    assert held(member)


def test_subscription_that_vanished_at_stripe_is_ended(member: User, till: Till, now: datetime) -> None:
    till.ring_all()
    build.subscribed(member, Product.objects.get(), now=now)
    assert Subscription.objects.filter(entitlements.live(now=now)).count() == 2
    sync.converge(Customer.objects.get().stripe_id)
    assert Subscription.objects.filter(entitlements.live(now=timezone.now())).count() == 1


def test_renewal_unpaid_gives_grace_from_the_open_invoice(member: User, till: Till) -> None:
    """Stripe rolls the period first, so the grace runs from when the invoice was due, not from the period's end."""
    till.ring_all()
    customer = till.stripe.store.all("customer")[0]
    till.stripe.use_card(customer["id"], "declines")
    end = Subscription.objects.get().current_period_end
    till.stripe.advance(int((end - timezone.now()).total_seconds()) + 2 * HOUR)
    till.ring_all()
    found = Subscription.objects.get()
    assert found.status == "past_due"
    assert timedelta(minutes=55) < found.unpaid_since - end < timedelta(minutes=65)
    assert found.current_period_end > end + timedelta(days=25)
    last = found.unpaid_since + timedelta(days=7)
    assert held(member, now=last - timedelta(seconds=1))
    assert not held(member, now=last)


def test_product_first_heard_of_with_a_subscription_is_fetched_w103(member: User, till: Till) -> None:
    Price.objects.all().delete()
    Product.objects.all().delete()
    ring(till.stripe.events("customer.subscription.created")[0])
    assert Subscription.objects.get().price.unit_amount == 1200
    assert held(member) == {Product.objects.get().pk}


@pytest.mark.parametrize("ask", [sync.converge, lambda _: sync.reconcile()], ids=["bell", "lists"])
def test_product_first_heard_of_with_a_purchase_is_fetched_w103(
    newcomer: User, till: Till, press: Press, ask: Callable[[str], object]
) -> None:
    atlas = till.sell("Atlas", interval="once", amount=1900)
    till.press(press(newcomer, atlas).headers["Location"], "pay")
    name = newcomer.customers.get().stripe_id
    Checkout.objects.all().delete()
    Price.objects.all().delete()
    Product.objects.all().delete()
    ask(name)
    assert Purchase.objects.get().product == Product.objects.get(name="Atlas")
    assert held(newcomer) == {Product.objects.get().pk}


def test_nothing_is_half_written_when_stripe_fails_midway(member: User, till: Till) -> None:
    customer = member.customers.get()
    for path in ("/v1/customers/", "/v1/subscriptions", "/v1/checkout/sessions"):
        till.stripe.fail_next("nonsense", times=3, path=path)
        with pytest.raises(gateway.GatewayDown):
            sync.converge(customer.stripe_id)
        till.stripe.faults.clear()
        assert not Subscription.objects.exists()
    customer.refresh_from_db()
    assert customer.applied_ticket == 0


@pytest.mark.parametrize("fault", ["500", "503", "429", "401", "reset", "nonsense"])
def test_failing_stripe_is_down_and_never_an_end(member: User, till: Till, fault: str) -> None:
    till.ring_all()
    till.stripe.fail_next(fault, times=3)
    with gateway.within(3), pytest.raises(gateway.GatewayDown):
        sync.converge(Customer.objects.get().stripe_id)
    assert held(member)


def test_deadline_bounds_all_tries_together(member: User, till: Till) -> None:
    till.stripe.fail_next("hang", times=9, seconds=20)
    started = timezone.now()
    with gateway.within(1), pytest.raises(gateway.GatewayDown):
        sync.converge(member.customers.get().stripe_id)
    assert timezone.now() - started < timedelta(seconds=3)
