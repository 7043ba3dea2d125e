"""Which mail follows from what our rows say now: written into the outbox beside them, once for each thing that happened.

Nothing here remembers what was before. Each notice's key names what it is about, so rows that are written again (a replay, a
reconcile, another bell) ask for the same keys, and those stand already. What is older than Notice.FRESH is no news, and
of a customer of old nothing that happened before we met. Whether a notice is still true is asked again when it is sent, by billing.news.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext

from billing import outbox
from billing.models import Customer, Grant, Invoice, Notice, Product, Purchase, Refund, Subscription, WebhookEvent
from billing.news import HOLDING, owes

Kind = Notice.Kind
# Stripe's own warning comes three days ahead; the hour allows for the way.
TRIAL_WARNING = timedelta(days=3, hours=1)
TRIAL_BELL = "customer.subscription.trial_will_end"
BOUGHT = (Kind.WELCOME, Kind.RECEIPT)
# How long a bank may take over a debit or a refund, and how long after it was due a missing payment is still worth a mail.
SLOW = timedelta(days=30)
# How long the news of a customer may take from Stripe to us.
DELAY = timedelta(hours=1)
Written = Iterator[Notice]


def write(customer: Customer, *, now: datetime) -> None:
    """Put into the outbox what this customer's rows give cause for. Call it in the transaction that wrote them.

    A customer whose person has left is told nothing, and neither is one that is deleted at Stripe and nobody's.
    """
    if customer.user_id is None and not customer.is_guest:
        return
    fresh, met = now - Notice.FRESH, customer.created_at - DELAY
    of_old = met > fresh and is_of_old(customer)
    since = met if of_old else fresh
    wanted = [
        *(
            note
            for one in customer.subscriptions.all()
            for note in _of_subscription(customer, one, since=since, now=now)
        ),
        *_of_invoices(customer, since=since, now=now),
        *_of_purchases(customer, since=since, now=now),
        *_of_refunds(customer, since=since, now=now),
    ]
    wanted = [one for one in wanted if one.occurred_at > since]
    if customer.user_id is None:
        wanted = list(_to_a_guest(customer, wanted, since=since))
    for one in wanted:
        one.customer, one.user_id = customer, customer.user_id
        if of_old and customer.synced_at is None and one.occurred_at == now and one.kind != Kind.TRIAL_ENDING:
            # It has no time of its own, and may be as old as the customer: kept as told, so that the next look does not tell it either.
            one.dropped_at, one.error = now, gettext("This was so before the site came to know the customer.")
    outbox.put(wanted)


def is_of_old(customer: Customer) -> bool:
    """Return whether this customer had dealt with Stripe for a while when we came to know them.

    A first import meets people who paid for years. What happened before that they have long been told, by whoever served them then.
    """
    before = {"created_at__lt": customer.created_at - DELAY - Notice.FRESH}
    dealt = (customer.subscriptions, customer.invoices, customer.purchases)
    return any(rows.filter(**before).exists() for rows in dealt)


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
    """Tell a person of their grant, or of its new end. Call it in the transaction that gives or extends it."""
    note = _note(Kind.GRANTED, str(grant.pk), grant.created_at, grant.ending)
    note.user_id = grant.user_id
    outbox.put([note])


def _note(kind: str, about: str, occurred_at: datetime, *more: object) -> Notice:
    key = ":".join([kind, about, *map(str, more)])
    return Notice(key=key, kind=kind, about=about, occurred_at=occurred_at)


def _to_a_guest(customer: Customer, wanted: list[Notice], *, since: datetime) -> Written:
    """In place of a welcome, a guest gets the mail with the code that makes what they bought somebody's: one for each time they bought."""
    yield from (one for one in wanted if one.kind != Kind.WELCOME)
    bought = [(one.occurred_at, _cause(one.about)) for one in wanted if one.kind in BOUGHT]
    # What a promotion code made free comes without a receipt, and is to be claimed too.
    outright = customer.purchases.filter(state=Purchase.State.PAID, created_at__gt=since)
    bought += outright.values_list("created_at", "session_id")
    if bought:
        occurred_at, cause = max(bought)
        yield _note(Kind.CLAIM, customer.stripe_id, occurred_at, cause)


def _cause(about: str) -> str:
    """Return what a payment was for: the first invoice of a subscription is the same purchase as the subscription itself."""
    first_bill = Invoice.objects.filter(stripe_id=about, billing_reason="subscription_create")
    return first_bill.values_list("subscription__stripe_id", flat=True).first() or about


def _of_subscription(customer: Customer, one: Subscription, *, since: datetime, now: datetime) -> Written:
    if one.status in HOLDING and one.created_at > since and _is_new_member(customer, one):
        yield _note(Kind.WELCOME, one.stripe_id, one.created_at)
    if one.status == "trialing" and one.trial_end and _trial_is_ending(one, now=now):
        yield _note(Kind.TRIAL_ENDING, one.stripe_id, now, int(one.trial_end.timestamp()))
    if one.status in HOLDING and one.cancel_at and one.canceled_at:
        yield _note(Kind.ENDING, one.stripe_id, one.canceled_at, int(one.canceled_at.timestamp()))
    if one.status == "canceled" and one.ended_at and one.ended_at > since and _was_open(one):
        yield _note(Kind.ENDED, one.stripe_id, one.ended_at)


def _is_new_member(customer: Customer, one: Subscription) -> bool:
    """Only a plan makes a member, and who was one already when this began has changed plans, which is no reason to be welcomed."""
    if not one.products.filter(kind=Product.Kind.PLAN).exists():
        return False
    mine = Q(customer__user=customer.user_id) if customer.user_id else Q(customer=customer)
    before = Q(created_at__lt=one.created_at) | Q(created_at=one.created_at, pk__lt=one.pk)
    earlier = Subscription.objects.filter(mine, before, products__kind=Product.Kind.PLAN)
    running = Q(ended_at=None, status__in=HOLDING) | Q(ended_at__gt=one.created_at - DELAY)
    return not any(_was_open(other) for other in earlier.filter(running).distinct())


def _was_open(one: Subscription) -> bool:
    """A subscription whose first payment never came has opened nothing, and nothing ends with it."""
    return one.trial_end is not None or one.invoices.filter(status=Invoice.Status.PAID).exists()


def _trial_is_ending(one: Subscription, *, now: datetime) -> bool:
    """The clock says so, or Stripe's bell for this very end, whose clock may be ahead of ours. What is cancelled by then costs nothing."""
    if not one.trial_end or (one.cancel_at and one.cancel_at <= one.trial_end):
        return False
    if now < one.trial_end <= now + TRIAL_WARNING:
        return True
    bells = WebhookEvent.objects.filter(type=TRIAL_BELL, object_id=one.stripe_id)
    return bells.filter(created_at__gte=one.trial_end - TRIAL_WARNING).exists()


def _of_invoices(customer: Customer, *, since: datetime, now: datetime) -> Written:
    recent = Q(status=Invoice.Status.PAID, paid_at__gt=since) | Q(status=Invoice.Status.OPEN, due_at__gt=now - SLOW)
    for one in customer.invoices.filter(recent).select_related("subscription"):
        if one.status == Invoice.Status.PAID:
            if one.amount_paid > 0 and one.paid_at:
                yield _note(Kind.RECEIPT, _receipt_about(one), one.paid_at)
        elif one.subscription:
            yield from _of_debt(one, one.subscription, now=now)


def _receipt_about(invoice: Invoice) -> str:
    """Return what a receipt is about: a purchase made outright may be heard of before the invoice that Stripe writes for it."""
    bought = Purchase.objects.filter(invoice=invoice.stripe_id) if invoice.subscription_id is None else None
    session = bought.values_list("session_id", flat=True).first() if bought is not None else None
    return session or invoice.stripe_id


def _of_debt(one: Invoice, owed: Subscription, *, now: datetime) -> Written:
    """While it is incomplete, the person stands before Checkout and sees what is wrong there. A debit on its way has not failed."""
    if one.needs_action and (owed.status == "active" or owes(owed)):
        yield _note(Kind.ACTION_REQUIRED, one.stripe_id, now, one.attempt_count)
    elif one.attempt_count and not one.on_its_way and owes(owed):
        yield _note(Kind.PAYMENT_FAILED, one.stripe_id, now, one.attempt_count)


def _of_purchases(customer: Customer, *, since: datetime, now: datetime) -> Written:
    for one in customer.purchases.filter(created_at__gt=since - SLOW):
        if one.state == Purchase.State.PAID and not one.invoice and one.amount > 0:
            yield _note(Kind.RECEIPT, one.session_id, _slowly(one.created_at, since=since, now=now))
        if one.state == Purchase.State.FAILED:
            yield _note(Kind.PURCHASE_FAILED, one.session_id, _slowly(one.created_at, since=since, now=now))


def _of_refunds(customer: Customer, *, since: datetime, now: datetime) -> Written:
    for one in Refund.objects.filter(customer=customer, created_at__gt=since - SLOW, status="succeeded"):
        yield _note(Kind.REFUNDED, one.stripe_id, _slowly(one.created_at, since=since, now=now))


def _slowly(begun: datetime, *, since: datetime, now: datetime) -> datetime:
    """What began too long ago to be news is news all the same when a bank took its time: its end has no time of its own."""
    return begun if begun > since else now
