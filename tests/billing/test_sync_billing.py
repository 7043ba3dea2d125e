"""The nightly reconcile: everything that was missed is made good, a hundred customers a call."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from billing import entitlements, gateway, sync
from billing.models import Customer, Price, Product, Subscription
from tests import build
from tests.billing.till import Till

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("sync_billing", *arguments, stdout=out)
    return out.getvalue()


def crowd(till: Till, count: int) -> list[str]:
    """Make so many customers at Stripe, each with a subscription."""
    price = till.sell().stripe_id
    ids = []
    for _ in range(count):
        made = till.stripe.call("POST", "customers", email="c@example.com")
        till.stripe.use_card(made["id"], "good")
        till.stripe.call("POST", "subscriptions", customer=made["id"], items=[{"price": price}])
        ids.append(made["id"])
    return ids


def test_lost_bells_are_made_good(member: User, till: Till) -> None:
    assert "1 customers confirmed" in run()
    assert dict(entitlements.held(member.pk, now=timezone.now()))


def test_pages_are_followed_to_the_end_and_each_holds_a_hundred(till: Till) -> None:
    crowd(till, 230)
    till.stripe.calls.clear()
    assert "230 customers confirmed" in run()
    assert Subscription.objects.filter(status="active").count() == 230
    assert till.stripe.calls.count(("GET", "/v1/subscriptions")) == 3
    assert till.stripe.calls.count(("GET", "/v1/customers")) == 3
    # Customers, subscriptions, invoices and payments in three pages each; disputes, sessions, products and prices in one.
    assert len(till.stripe.calls) <= 4 * 3 + 4


def test_second_run_changes_nothing(member: User, till: Till) -> None:
    run()
    before = list(Subscription.objects.values())
    assert "1 customers confirmed" in run()
    assert list(Subscription.objects.values()) == before


def test_bell_that_rings_during_the_run_wins(member: User, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists were read, then the subscription ended and its bell rang; the lists' older news must not bring it back."""
    run()
    customer = Customer.objects.get().stripe_id
    written = sync.apply

    def slowly(snapshot: Any, **at: Any) -> bool:
        monkeypatch.setattr(sync, "apply", written)
        till.stripe.call("DELETE", f"subscriptions/{till.subscription_of(customer)['id']}")
        sync.converge(customer)
        return written(snapshot, **at)

    monkeypatch.setattr(sync, "apply", slowly)
    assert "0 customers confirmed, 1 overtaken" in run()
    assert Subscription.objects.get().status == "canceled"


def test_customer_whose_first_bell_rings_during_the_run_is_left_to_it(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bell takes the first ticket and asks after the lists were read, so it knows more than they do."""
    (name,), ask = crowd(till, 1), gateway.fetch_customers

    def slowly() -> Iterator[Any]:
        for snapshot in ask():
            sync.take_ticket(snapshot.id)
            yield snapshot

    monkeypatch.setattr(gateway, "fetch_customers", slowly)
    assert sync.reconcile() == sync.Report(applied=0, overtaken=1, unknown=0)
    assert not Subscription.objects.exists()
    assert sync.converge(name)
    assert Subscription.objects.get().status == "active"


def test_product_first_heard_of_in_the_lists_is_fetched_w103(member: User, till: Till) -> None:
    Price.objects.all().delete()
    Product.objects.all().delete()
    run()
    assert dict(entitlements.held(member.pk, now=timezone.now())) == {Product.objects.get().pk: "plan"}


def test_customer_deleted_at_stripe_is_found_missing_in_the_lists(member: User, till: Till) -> None:
    run()
    till.stripe.call("DELETE", f"customers/{Customer.objects.get().stripe_id}")
    run()
    assert Customer.objects.get().deleted
    assert not dict(entitlements.held(member.pk, now=timezone.now()))


def test_key_of_another_account_is_named_and_takes_nothing(subscriber: User, till: Till) -> None:
    with pytest.raises(CommandError, match="another account"):
        run()
    assert dict(entitlements.held(subscriber.pk, now=timezone.now()))


def test_catalogue_alone(member: User, till: Till) -> None:
    """Products withdrawn or gone at Stripe are marked; a local one for grants is left alone."""
    local = build.plan(stripe_id=None, name="Friends")
    gone = build.plan(name="Gone")
    price = Price.objects.get()
    till.stripe.call("POST", f"products/{price.product.stripe_id}", active=False, name="Renamed")
    assert "1 products mirrored, 0 of them for sale" in run("--catalogue")
    assert Product.objects.get(pk=price.product_id).name == "Renamed"
    assert not Product.objects.get(pk=gone.pk).active
    assert Product.objects.get(pk=local.pk).active
    assert not Subscription.objects.exists()


def test_rate_limits_are_waited_out(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(till, 1)
    monkeypatch.setattr("billing.gateway.client.time.sleep", lambda *_: None)
    till.stripe.fail_next("429", times=2, path="/v1/subscriptions")
    assert "1 customers confirmed" in run()


def test_stripe_down_is_said_and_can_be_run_again(member: User, till: Till) -> None:
    till.stripe.fail_next("401", times=1)
    with pytest.raises(CommandError, match="run it again"):
        run()
    run()
    assert Subscription.objects.exists()
