"""What Stripe said of a customer and what stands in our rows after it, field by field; what it says no more has ended."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing import entitlements, sync
from billing.gateway import CustomerSnapshot
from billing.models import Customer, Dispute, Invoice, Price, Product, Purchase, Refund, RevenueChange, Subscription
from tests import build
from tests.billing.snapshots import JUNE, customer, dispute, invoice, payment, purchase, refund, subscription

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = JUNE - 9 * DAY


@pytest.fixture(autouse=True)
def nadia(db: None) -> Customer:
    """Nadia's customer; two products and a price of the first are known."""
    build.price(build.plan(stripe_id="prod_1"), stripe_id="price_1")
    build.item(stripe_id="prod_2")
    return build.customer(build.person(), stripe_id="cus_1")


def tell(snapshot: CustomerSnapshot, *, now: datetime = NOW) -> None:
    assert sync.apply(snapshot, ticket=sync.take_ticket(snapshot.id), now=now)


def same(row: Any, snapshot: Any, *names: str) -> None:
    """Each value of the snapshot stands in the row, but for those named."""
    said = {name: value for name, value in asdict(snapshot).items() if name not in names}
    assert {name: getattr(row, name) for name in said} == said


# --- Subscriptions ----------------------------------------------------------------------------


def test_subscription_is_written_whole(nadia: Customer) -> None:
    moments = ("current_period_end", "trial_end", "cancel_at", "canceled_at", "ended_at", "unpaid_since", "created_at")
    odd = {name: JUNE + days * DAY for days, name in enumerate(moments)}
    flags = dict.fromkeys(("cancel_at_period_end", "collection_paused", "card_missing"), True)
    words = {"status": "past_due", "currency": "eur", "interval": "year", "pause_reason": "dispute"}
    found = subscription(**odd | flags | words, amount=9900, interval_count=2)
    tell(customer(subscriptions=(found,)))
    row = Subscription.objects.get()
    same(row, found, "id", "customer_id", "price_id", "product_ids")
    assert (row.stripe_id, row.customer, row.price.stripe_id) == ("sub_1", nadia, "price_1")
    assert [one.stripe_id for one in row.products.all()] == ["prod_1"]


def test_words_of_stripe_are_cut_to_what_we_have_room_for() -> None:
    long = "x" * 300
    one = invoice(number=long, status=long, billing_reason=long)
    told = payment("pi_1", refund("re_1", "pi_1", status=long), dispute("dp_1", "pi_1", status=long, reason=long))
    tell(customer(subscriptions=(subscription(status=long, pause_reason=long),), invoices=(one,), payments=(told,)))
    held, billed = Subscription.objects.get(), Invoice.objects.get()
    assert (held.status, held.pause_reason) == ("x" * 40, "x" * 60)
    assert (billed.number, billed.status, billed.billing_reason) == ("x" * 255, "x" * 40, "x" * 40)
    assert (Refund.objects.get().status, Dispute.objects.get().status) == ("x" * 40, "x" * 40)
    assert Dispute.objects.get().reason == "x" * 100


def test_each_subscription_is_closed_by_its_own_invoices_alone() -> None:
    given_back = invoice("in_2", subscription_id="sub_2", amount_refunded=1200)
    both = (subscription("sub_1"), subscription("sub_2"), subscription("sub_3"))
    tell(customer(subscriptions=both, invoices=(invoice(), given_back)))
    taken = dict(Subscription.objects.values_list("stripe_id", "taken_back"))
    assert taken == {"sub_1": "", "sub_2": "refunded", "sub_3": ""}


def test_subscription_that_stripe_names_no_more_ended_now_and_what_had_ended_stays(nadia: Customer) -> None:
    other = build.subscribed(build.person(), Product.objects.first(), now=NOW).customers.get()
    ended = subscription("sub_2", status="unpaid", ended_at=NOW - DAY)
    tell(customer(subscriptions=(subscription("sub_1"), ended, subscription("sub_3"))))
    tell(customer(subscriptions=(subscription("sub_3"),)), now=NOW + DAY)
    found = {one.stripe_id: (one.status, one.ended_at) for one in nadia.subscriptions.all()}
    assert found == {
        "sub_1": ("canceled", NOW + DAY),
        "sub_2": ("unpaid", NOW - DAY),
        "sub_3": ("active", None),
    }
    assert other.subscriptions.get().status == "active"


def test_subscription_opens_the_products_it_names_now_and_no_others(caplog: pytest.LogCaptureFixture) -> None:
    tell(customer(subscriptions=(subscription("sub_1"), subscription("sub_2"))))
    tell(customer(subscriptions=(subscription("sub_1", product_ids=("prod_2",)), subscription("sub_2"))))
    told = {one.stripe_id: [each.stripe_id for each in one.products.all()] for one in Subscription.objects.all()}
    assert told == {"sub_1": ["prod_2"], "sub_2": ["prod_1"]}
    assert not caplog.records
    through = set(Subscription.products.through.objects.values_list("pk", flat=True))
    tell(customer(subscriptions=(subscription("sub_1", product_ids=("prod_2", "prod_1")), subscription("sub_2"))))
    assert Subscription.products.through.objects.filter(pk__in=through).count() == 2, "what stays is not written again"
    assert Subscription.products.through.objects.count() == 3


def test_unknown_product_opens_nothing_and_the_known_one_beside_it_does(
    nadia: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    odd = subscription("sub_2", product_ids=("prod_9",), price_id="price_9")
    tell(customer(subscriptions=(odd, subscription(product_ids=("prod_9", "prod_1")))))
    assert {pk for pk, _ in entitlements.held(nadia.user_id, now=NOW)} == {Product.objects.get(stripe_id="prod_1").pk}
    assert Subscription.objects.get(stripe_id="sub_2").price is None
    told = [(one.levelname, one.getMessage()) for one in caplog.records]
    text = "subscription to an unknown product opens nothing subscription="
    assert told == [("ERROR", text + "sub_2"), ("ERROR", text + "sub_1")]


# --- Revenue ----------------------------------------------------------------------------------


def moves() -> list[tuple[str, str, int, int, datetime]]:
    found = RevenueChange.objects.order_by("pk").select_related("subscription")
    return [(one.subscription.stripe_id, one.currency, one.before, one.after, one.at) for one in found]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"created_at": NOW - DAY}, NOW - DAY),
        ({"created_at": NOW + DAY}, NOW),
        ({"created_at": NOW - 9 * DAY, "trial_end": NOW - 2 * DAY}, NOW - 2 * DAY),
        ({"created_at": NOW - 9 * DAY, "trial_end": NOW + DAY}, NOW),
        ({"created_at": NOW - 9 * DAY, "ended_at": NOW - 3 * DAY}, NOW - 3 * DAY),
    ],
)
def test_revenue_of_a_new_subscription_began_when_it_did(fields: dict[str, Any], at: datetime) -> None:
    tell(customer(subscriptions=(subscription(currency="eur", **fields),)))
    assert moves() == [("sub_1", "eur", 0, 1200, at)]


def test_revenue_of_a_known_subscription_moves_now_and_only_when_it_moves() -> None:
    first = subscription(created_at=NOW - 9 * DAY)
    tell(customer(subscriptions=(first, subscription("sub_2", status="trialing"))))
    tell(customer(subscriptions=(first, subscription("sub_2", status="trialing"))), now=NOW + DAY)
    assert moves() == [("sub_1", "usd", 0, 1200, NOW - 9 * DAY)]
    dearer = replace(first, amount=14400, interval="year")
    tell(customer(subscriptions=(replace(first, amount=1500),)), now=NOW + DAY)
    tell(customer(subscriptions=(dearer,)), now=NOW + 2 * DAY)
    ended = replace(dearer, status="canceled", ended_at=NOW + 3 * DAY)
    tell(customer(subscriptions=(ended,)), now=NOW + 4 * DAY)
    assert moves()[1:] == [
        ("sub_1", "usd", 1200, 1500, NOW + DAY),
        ("sub_1", "usd", 1500, 1200, NOW + 2 * DAY),
        ("sub_1", "usd", 1200, 0, NOW + 3 * DAY),
    ]


def test_revenue_of_what_vanished_ends_now() -> None:
    tell(customer(subscriptions=(subscription(currency="eur", interval="year", interval_count=2, amount=24000),)))
    tell(customer(), now=NOW + DAY)
    assert moves() == [("sub_1", "eur", 0, 1000, NOW), ("sub_1", "eur", 1000, 0, NOW + DAY)]


# --- Invoices, purchases, money given back ----------------------------------------------------


def test_invoice_is_written_whole(nadia: Customer) -> None:
    moments = ("next_payment_attempt", "covers_until", "created_at", "due_at", "paid_at")
    odd = {name: JUNE + days * DAY for days, name in enumerate(moments)}
    flags = dict.fromkeys(("needs_action", "on_its_way", "disputed"), True)
    sums = {"total": 5, "amount_due": 4, "amount_paid": 3, "amount_refunded": 2, "attempt_count": 7}
    found = invoice(**odd | flags | sums, status="open", currency="eur")
    loose = invoice("in_2", subscription_id="")
    tell(customer(subscriptions=(subscription(),), invoices=(found, loose)))
    row = Invoice.objects.get(stripe_id="in_1")
    same(row, found, "id", "customer_id", "subscription_id", "payment_intents")
    assert (row.customer, row.subscription) == (nadia, Subscription.objects.get())
    assert Invoice.objects.get(stripe_id="in_2").subscription is None


def test_purchase_is_written_whole(nadia: Customer) -> None:
    found = purchase(state="pending", currency="eur")
    tell(customer(purchases=(found,)))
    row = Purchase.objects.get()
    same(row, found, "customer_id", "invoice_id", "product_id")
    assert (row.customer, row.product.stripe_id, row.invoice) == (nadia, "prod_2", "in_2")
    tell(customer(purchases=(replace(found, state="paid"),)))
    assert Purchase.objects.get().state == "paid"


def test_session_with_two_products_is_two_purchases() -> None:
    tell(customer(purchases=(purchase(), purchase(product_id="prod_1"))))
    assert Purchase.objects.count() == 2


def test_purchase_of_an_unknown_product_opens_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tell(customer(purchases=(purchase("cs_9", product_id="prod_9"), purchase())))
    assert Purchase.objects.get().session_id == "cs_1"
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("ERROR", "purchase of an unknown product opens nothing session=cs_9")
    ]


def test_purchase_that_stripe_names_no_more_opens_nothing(nadia: Customer) -> None:
    other = build.customer(build.person())
    values = {"product": Product.objects.first(), "amount": 1, "currency": "usd", "state": "paid", "created_at": NOW}
    Purchase.objects.create(customer=other, session_id="cs_7", **values)
    tell(customer(purchases=(purchase("cs_1"), purchase("cs_2"))))
    tell(customer(purchases=(purchase("cs_2"),)))
    states = dict(Purchase.objects.values_list("session_id", "state"))
    assert states == {"cs_1": "vanished", "cs_2": "paid", "cs_7": "paid"}


def test_money_given_back_hangs_at_what_it_was_paid_for(nadia: Customer) -> None:
    billed = invoice(payment_intents=("pi_1", "pi_3"))
    back = (
        payment("pi_1", refund("re_1", "pi_1", amount=5), dispute("dp_1", "pi_1", evidence_due_by=JUNE + DAY)),
        payment("pi_2", refund("re_2", "pi_2"), dispute("dp_2", "pi_2", reason="duplicate")),
        payment("pi_3", refund("re_3", "pi_3", status="pending")),
        payment("pi_4", refund("re_4", "pi_4")),
    )
    bought = (purchase(), purchase("cs_9", payment_intent="pi_9"))
    tell(customer(subscriptions=(subscription(),), invoices=(billed,), purchases=bought, payments=back))
    for model, found in ((Refund, customer(payments=back).refunds), (Dispute, customer(payments=back).disputes)):
        for one in found:
            row = model._default_manager.get(stripe_id=one.id)
            same(row, one, "id")
            assert row.customer == nadia
            number = one.id[-1]
            assert (row.invoice and row.invoice.stripe_id) == ("in_1" if number in "13" else None)
            assert (row.purchase and row.purchase.session_id) == ("cs_1" if number == "2" else None)


def test_what_was_bought_and_billed_outlives_the_customer_w110(nadia: Customer) -> None:
    back = (payment("pi_2", refund("re_1", "pi_2")),)
    whole = customer(subscriptions=(subscription(),), invoices=(invoice(),), purchases=(purchase(),), payments=back)
    tell(whole)
    before = [list(model._default_manager.values()) for model in (Invoice, Purchase, Refund)]
    tell(CustomerSnapshot(id="cus_1", email="", deleted=True, metadata={}), now=NOW + DAY)
    assert [list(model._default_manager.values()) for model in (Invoice, Purchase, Refund)] == before
    ended = Subscription.objects.get()
    assert (ended.status, ended.ended_at) == ("canceled", NOW + DAY)
    assert [kind for _, kind in entitlements.held(nadia.user_id, now=NOW + DAY)] == ["item"]


def test_price_that_was_known_is_named_and_others_stand_alone() -> None:
    build.price(Product.objects.first(), stripe_id="price_2")
    tell(customer(subscriptions=(subscription("sub_1"), subscription("sub_2", price_id="price_2"))))
    found = dict(Subscription.objects.values_list("stripe_id", "price__stripe_id"))
    assert found == {"sub_1": "price_1", "sub_2": "price_2"}
    assert Price.objects.count() == 2
