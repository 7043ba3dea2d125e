"""What Stripe said of a customer, written into our rows: called by billing.sync alone, in its transaction and under its lock."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from billing import entitlements
from billing.gateway import CustomerSnapshot, InvoiceSnapshot, SubscriptionSnapshot
from billing.mirror import Fields, mirror
from billing.models import Customer, Dispute, Invoice, Price, Product, Purchase, Refund, RevenueChange, Subscription
from billing.revenue import monthly

logger = logging.getLogger(__name__)
Keys = dict[Any, int]


def write(customer: Customer, snapshot: CustomerSnapshot, *, now: datetime) -> None:
    """Write all that the snapshot holds."""
    before = {one.stripe_id: one for one in customer.subscriptions.all()}
    subscriptions = _write_subscriptions(customer, snapshot, before, now=now)
    if not snapshot.deleted:
        # What was bought outright, and what was billed, outlives the customer: only subscriptions end with it.
        invoices = _write_invoices(customer, snapshot.invoices, subscriptions)
        purchases = _write_purchases(customer, snapshot)
        _write_money_back(customer, snapshot, invoices, purchases)


def _write_subscriptions(
    customer: Customer, snapshot: CustomerSnapshot, before: dict[str, Subscription], *, now: datetime
) -> Keys:
    billed = defaultdict(list)
    for invoice in snapshot.invoices:
        billed[invoice.subscription_id].append(invoice)
    prices = _pks(Price, (one.price_id for one in snapshot.subscriptions))
    fields = [
        _subscription(one, billed[one.id]) | {"customer_id": customer.pk, "price_id": prices.get(one.price_id)}
        for one in snapshot.subscriptions
    ]
    vanished = [
        one for name, one in before.items() if name not in {row["stripe_id"] for row in fields} and not one.ended_at
    ]
    Subscription.objects.filter(pk__in=[one.pk for one in vanished]).update(status="canceled", ended_at=now)
    written = mirror(Subscription, fields)
    _write_products(snapshot.subscriptions, written)
    _note_revenue(fields, written, before, vanished, now=now)
    return written


def _subscription(one: SubscriptionSnapshot, billed: Iterable[InvoiceSnapshot]) -> Fields:
    return {
        "stripe_id": one.id,
        "status": one.status[:40],
        "amount": one.amount,
        "currency": one.currency,
        "interval": one.interval,
        "interval_count": one.interval_count,
        "current_period_end": one.current_period_end,
        "trial_end": one.trial_end,
        "cancel_at": one.cancel_at,
        "cancel_at_period_end": one.cancel_at_period_end,
        "canceled_at": one.canceled_at,
        "ended_at": one.ended_at,
        "unpaid_since": one.unpaid_since,
        "taken_back": entitlements.taken_back(billed),
        "pause_reason": one.pause_reason[:60],
        "collection_paused": one.collection_paused,
        "card_missing": one.card_missing,
        "created_at": one.created_at,
    }


def _write_products(found: Iterable[SubscriptionSnapshot], written: Keys) -> None:
    """Tie each subscription to its products, writing only what differs."""
    through = Subscription.products.through
    known = _pks(Product, (product for one in found for product in one.product_ids))
    there = set(through.objects.filter(subscription__in=written.values()).values_list("subscription_id", "product_id"))
    wanted = set()
    for one in found:
        mine = [known[product] for product in one.product_ids if product in known]
        if len(mine) != len(one.product_ids):
            logger.error("subscription to an unknown product opens nothing subscription=%s", one.id)
        wanted |= {(written[one.id], product) for product in mine}
    for subscription, product in there - wanted:
        through.objects.filter(subscription=subscription, product=product).delete()
    missing = [through(subscription_id=subscription, product_id=product) for subscription, product in wanted - there]
    if missing:
        through.objects.bulk_create(missing)


def _note_revenue(
    fields: list[Fields], written: Keys, before: dict[str, Subscription], vanished: list[Subscription], *, now: datetime
) -> None:
    """Write down each move of a subscription's monthly revenue. One that is new here moved when it began, others now."""
    changes = [_change(one.pk, one.currency, _revenue(vars(one)), 0, at=now) for one in vanished]
    for row in fields:
        known = before.get(row["stripe_id"])
        was = _revenue(vars(known)) if known else 0
        began = row["trial_end"] or row["created_at"]
        at = row["ended_at"] or (now if known else min(began, now))
        changes.append(_change(written[row["stripe_id"]], row["currency"], was, _revenue(row), at=at))
    RevenueChange.objects.bulk_create([one for one in changes if one.before != one.after])


def _revenue(row: Fields) -> int:
    return monthly(row["amount"], row["interval"], row["interval_count"], status=row["status"])


def _change(subscription: int, currency: str, before: int, after: int, *, at: datetime) -> RevenueChange:
    return RevenueChange(subscription_id=subscription, currency=currency, before=before, after=after, at=at)


def _write_invoices(customer: Customer, found: Iterable[InvoiceSnapshot], subscriptions: Keys) -> Keys:
    return mirror(
        Invoice,
        [
            {
                "stripe_id": one.id,
                "customer_id": customer.pk,
                "subscription_id": subscriptions.get(one.subscription_id),
                "number": one.number[:255],
                "status": one.status[:40],
                "billing_reason": one.billing_reason[:40],
                "currency": one.currency,
                "total": one.total,
                "amount_due": one.amount_due,
                "amount_paid": one.amount_paid,
                "amount_refunded": one.amount_refunded,
                "attempt_count": one.attempt_count,
                "next_payment_attempt": one.next_payment_attempt,
                "needs_action": one.needs_action,
                "on_its_way": one.on_its_way,
                "disputed": one.disputed,
                "covers_until": one.covers_until,
                "created_at": one.created_at,
                "due_at": one.due_at,
                "paid_at": one.paid_at,
            }
            for one in found
        ],
    )


def _write_purchases(customer: Customer, snapshot: CustomerSnapshot) -> Keys:
    products = _pks(Product, (one.product_id for one in snapshot.purchases))
    for one in snapshot.purchases:
        if one.product_id not in products:
            logger.error("purchase of an unknown product opens nothing session=%s", one.session_id)
    written = mirror(
        Purchase,
        [
            {
                "session_id": one.session_id,
                "product_id": products[one.product_id],
                "customer_id": customer.pk,
                "payment_intent": one.payment_intent,
                "invoice": one.invoice_id,
                "amount": one.amount,
                "currency": one.currency,
                "state": one.state,
                "created_at": one.created_at,
            }
            for one in snapshot.purchases
            if one.product_id in products
        ],
        key=("session_id", "product_id"),
    )
    customer.purchases.exclude(pk__in=written.values()).exclude(state=Purchase.State.VANISHED).update(
        state=Purchase.State.VANISHED
    )
    return written


def _write_money_back(customer: Customer, snapshot: CustomerSnapshot, invoices: Keys, purchases: Keys) -> None:
    invoice_of = {intent: invoices[one.id] for one in snapshot.invoices for intent in one.payment_intents}
    purchase_of = {
        one.payment_intent: pk
        for one in snapshot.purchases
        for (session, _), pk in purchases.items()
        if session == one.session_id
    }

    def fields(one: Any) -> Fields:
        return {
            "stripe_id": one.id,
            "customer_id": customer.pk,
            "payment_intent": one.payment_intent,
            "invoice_id": invoice_of.get(one.payment_intent),
            "purchase_id": purchase_of.get(one.payment_intent),
            "amount": one.amount,
            "currency": one.currency,
            "status": one.status[:40],
            "created_at": one.created_at,
        }

    mirror(Refund, [fields(one) for one in snapshot.refunds])
    mirror(
        Dispute,
        [
            fields(one) | {"reason": one.reason[:100], "evidence_due_by": one.evidence_due_by}
            for one in snapshot.disputes
        ],
    )


def _pks(model: type[Price] | type[Product], stripe_ids: Iterable[str]) -> dict[str, int]:
    found = model._default_manager.filter(stripe_id__in=set(stripe_ids)).values_list("stripe_id", "pk")
    return {str(stripe_id): pk for stripe_id, pk in found}
