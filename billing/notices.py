"""Which mail follows from what our rows say now: written into the outbox beside them, once for each thing that happened.

Nothing here remembers what was before. Each notice's key names what it is about, so rows that are written again (a replay, a
reconcile, another bell) ask for the same keys, and those stand already. News older than Notice.FRESH is left alone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from billing import outbox
from billing.models import Customer, Grant, Invoice, Notice, Purchase, Refund, Subscription, WebhookEvent

Kind = Notice.Kind
# Stripe's own warning comes three days ahead; the hour allows for the way.
TRIAL_WARNING = timedelta(days=3, hours=1)
TRIAL_BELL = "customer.subscription.trial_will_end"
BOUGHT = (Kind.WELCOME, Kind.RECEIPT)
HOLDING = ("trialing", "active", "past_due")
# How long after it was due a missing payment is still worth a mail.
OWED = timedelta(days=30)


def write(customer: Customer, *, now: datetime) -> None:
    """Put into the outbox what this customer's rows give cause for. Call it in the transaction that wrote them."""
    since = now - Notice.FRESH
    subscriptions = list(customer.subscriptions.all())
    wanted = [
        *(note for one in subscriptions for note in _of_subscription(one, now=now)),
        *_of_invoices(customer, since=since, now=now),
        *_of_purchases(customer, since=since),
        *_of_refunds(customer, since=since),
    ]
    if customer.user_id is None:
        # Nobody's yet: in place of a welcome goes the mail with the code that makes it somebody's.
        bought = [one.occurred_at for one in wanted if one.kind in BOUGHT] + _bought_outright(customer)
        wanted = [one for one in wanted if one.kind != Kind.WELCOME]
        if bought and customer.is_guest:
            wanted.append(_note(Kind.CLAIM, customer.stripe_id, max(bought)))
    for one in wanted:
        one.customer, one.user_id = customer, customer.user_id
    outbox.put([one for one in wanted if one.occurred_at > since])


def _bought_outright(customer: Customer) -> list[datetime]:
    """Return when things were bought, for nothing too: with a promotion code they come without a receipt, and are to be claimed."""
    return list(customer.purchases.filter(state=Purchase.State.PAID).values_list("created_at", flat=True))


def code_wanted(address: str, *, now: datetime) -> None:
    """Ask for the mail with a code once more, for whatever a guest bought with this address, at most every ten minutes.

    Nothing is returned, because nobody is to learn whether anything waits.
    """
    waiting = Customer.objects.guests().filter(email__iexact=address)
    holding = Q(subscriptions__status__in=HOLDING) | Q(purchases__state=Purchase.State.PAID)
    notes = []
    for customer in waiting.filter(holding).distinct():
        notes.append(_note(Kind.CLAIM, customer.stripe_id, now, int(now.timestamp()) // 600))
        notes[-1].customer = customer
    outbox.put(notes)


def grant_given(grant: Grant) -> None:
    """Tell a person of their grant. Call it in the transaction that gives it."""
    note = _note(Kind.GRANTED, str(grant.pk), grant.created_at)
    note.user_id = grant.user_id
    outbox.put([note])


def _note(kind: str, about: str, occurred_at: datetime, *more: object) -> Notice:
    key = ":".join([kind, about, *map(str, more)])
    return Notice(key=key, kind=kind, about=about, occurred_at=occurred_at)


def _of_subscription(one: Subscription, *, now: datetime) -> Iterator[Notice]:
    if one.status in HOLDING:
        yield _note(Kind.WELCOME, one.stripe_id, one.created_at)
    if one.status == "trialing" and one.trial_end and not one.cancel_at and _trial_is_ending(one, now=now):
        yield _note(Kind.TRIAL_ENDING, one.stripe_id, now, int(one.trial_end.timestamp()))
    if one.status in HOLDING and one.cancel_at and one.canceled_at:
        yield _note(Kind.ENDING, one.stripe_id, one.canceled_at, int(one.canceled_at.timestamp()))
    if one.status == "canceled" and one.ended_at:
        yield _note(Kind.ENDED, one.stripe_id, one.ended_at)


def _trial_is_ending(one: Subscription, *, now: datetime) -> bool:
    """Stripe's bell says so, or, where it was lost, the clock."""
    if one.trial_end and now < one.trial_end <= now + TRIAL_WARNING:
        return True
    return WebhookEvent.objects.filter(type=TRIAL_BELL, object_id=one.stripe_id).exists()


def _of_invoices(customer: Customer, *, since: datetime, now: datetime) -> Iterator[Notice]:
    recent = Q(status=Invoice.Status.PAID, paid_at__gt=since) | Q(status=Invoice.Status.OPEN, due_at__gt=now - OWED)
    for one in customer.invoices.filter(recent).select_related("subscription"):
        if one.status == Invoice.Status.PAID:
            if one.amount_paid > 0 and one.paid_at:
                yield _note(Kind.RECEIPT, one.stripe_id, one.paid_at)
        elif one.subscription and one.subscription.status in ("active", "past_due", "unpaid"):
            # While it is incomplete, the person stands before Checkout and sees what is wrong there.
            if one.needs_action:
                yield _note(Kind.ACTION_REQUIRED, one.stripe_id, now)
            elif one.attempt_count:
                yield _note(Kind.PAYMENT_FAILED, one.stripe_id, now, one.attempt_count)


def _of_purchases(customer: Customer, *, since: datetime) -> Iterator[Notice]:
    for one in customer.purchases.filter(created_at__gt=since - OWED):
        if one.state == Purchase.State.PAID and not one.invoice:
            yield _note(Kind.RECEIPT, one.session_id, one.created_at)
        if one.state == Purchase.State.FAILED:
            yield _note(Kind.PURCHASE_FAILED, one.session_id, max(one.created_at, since + timedelta(seconds=1)))


def _of_refunds(customer: Customer, *, since: datetime) -> Iterator[Notice]:
    for one in Refund.objects.filter(customer=customer, created_at__gt=since, status="succeeded"):
        yield _note(Kind.REFUNDED, one.stripe_id, one.created_at)
