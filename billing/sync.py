"""Make our rows match Stripe, customer by customer. The only writer of what billing.rows and billing.notices write.

A ticket is taken and committed just before Stripe is asked; an answer is applied only if no later ticket's has been. So the answer to
a later ticket is never older than an earlier bell, and order, duplicates, replays and lost events do not matter. Stripe is asked
outside any transaction: on SQLite a held write lock would stop every download.
"""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from billing import gateway, notices, rows
from billing.catalogue import mirror_missing
from billing.gateway import CustomerSnapshot
from billing.models import Customer, WebhookEvent

logger = logging.getLogger(__name__)
BATCH = 500


@dataclass(frozen=True)
class Report:
    """What a reconcile of all customers did."""

    applied: int
    overtaken: int
    unknown: int


def converge(customer_id: str) -> bool:
    """Ask Stripe for this customer and apply the answer; False when a later answer had been applied meanwhile.

    Raises gateway.GatewayError, and then no row has changed but the ticket. A customer that Stripe does not know raises
    gateway.Gone and takes nothing away: that is what a key of the wrong account looks like.
    """
    ticket = take_ticket(customer_id)
    rung = list(WebhookEvent.objects.unhandled().filter(customer_id=customer_id).values_list("pk", flat=True))
    try:
        snapshot = gateway.fetch_customer(customer_id)
    except gateway.Gone:
        Customer.objects.filter(stripe_id=customer_id, user=None, synced_at=None).delete()
        raise
    mirror_missing(_products(snapshot))
    return apply(snapshot, ticket=ticket, now=timezone.now(), rung=rung)


def reconcile() -> Report:
    """Converge all customers from Stripe's lists, a hundred a call; those missing in the lists are asked for one by one.

    Raises gateway.GatewayError; what was applied until then stays, and is right.
    """
    tickets = take_tickets()
    rung = WebhookEvent.objects.unhandled_by_customer()
    applied = overtaken = unknown = 0
    for snapshot in gateway.fetch_customers():
        ticket = tickets.pop(snapshot.id, None) or _first_ticket(snapshot.id)
        mirror_missing(_products(snapshot))
        done = ticket is not None and apply(snapshot, ticket=ticket, now=timezone.now(), rung=rung.get(snapshot.id, ()))
        applied, overtaken = applied + done, overtaken + (not done)
    for customer_id in Customer.objects.filter(stripe_id__in=tickets, deleted=False).values_list(
        "stripe_id", flat=True
    ):
        try:
            applied += converge(customer_id)
        except gateway.Gone:
            logger.error(
                "Stripe does not know a customer of ours: is the key that of another account? customer=%s", customer_id
            )
            unknown += 1
    return Report(applied=applied, overtaken=overtaken, unknown=unknown)


def take_ticket(customer_id: str) -> int:
    """Return the next ticket of this customer, committed; a customer that we hear of first gets a row that belongs to nobody."""
    while True:
        with transaction.atomic(durable=True):
            if Customer.objects.filter(stripe_id=customer_id).update(ticket=F("ticket") + 1):
                return Customer.objects.values_list("ticket", flat=True).get(stripe_id=customer_id)
        first = _first_ticket(customer_id)
        if first is not None:
            return first


def take_tickets() -> dict[str, int]:
    """Take the next ticket of every customer at once, committed, and return them by Stripe id."""
    with transaction.atomic(durable=True):
        # Locked before they are counted up: a ticket that a bell takes in between would else be handed out twice.
        held = list(Customer.objects.select_for_update().order_by("pk").values_list("pk", "stripe_id", "ticket"))
        for start in range(0, len(held), BATCH):
            batch = [pk for pk, _, _ in held[start : start + BATCH]]
            Customer.objects.filter(pk__in=batch).update(ticket=F("ticket") + 1)
    return {stripe_id: ticket + 1 for _, stripe_id, ticket in held}


def _first_ticket(customer_id: str) -> int | None:
    """Make the row of an unknown customer; None when somebody else has just made it."""
    try:
        with transaction.atomic():
            return Customer.objects.create(stripe_id=customer_id, ticket=1).ticket
    except IntegrityError:
        return None


def apply(snapshot: CustomerSnapshot, *, ticket: int, now: datetime, rung: Collection[int] = ()) -> bool:
    """Write what Stripe said into our rows, all or nothing, unless a later ticket's answer stands there already.

    `rung` are the bells (pks) that had been recorded before Stripe was asked: the answer holds their news, so they are done.
    """
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(stripe_id=snapshot.id)
        if customer.has_applied(ticket):
            return False
        _write_customer(customer, snapshot)
        rows.write(customer, snapshot, now=now)
        notices.write(customer, now=now)
        if rung:
            WebhookEvent.objects.filter(pk__in=rung).update(handled_at=now, parked_at=None)
        customer.applied_ticket, customer.synced_at = ticket, now
        customer.save()
        return True


def _write_customer(customer: Customer, snapshot: CustomerSnapshot) -> None:
    customer.deleted = snapshot.deleted
    if snapshot.deleted:
        customer.current = False
        return
    customer.email = snapshot.email
    if customer.user_id is None and (named := _named_person(snapshot)):
        customer.user_id = get_user_model().objects.filter(pk=named).values_list("pk", flat=True).first()
        others = Customer.objects.filter(user=customer.user_id, current=True, deleted=False).exclude(pk=customer.pk)
        # Without its person it is that of a deleted account, and no guest's: nobody is to claim it.
        customer.current = customer.user_id is not None and not others.exists()


def _named_person(snapshot: CustomerSnapshot) -> int | None:
    """Return whom we named in the customer's metadata when it became theirs. An e-mail address binds nobody."""
    person = snapshot.metadata.get("user", "")
    if snapshot.metadata.get("site") != settings.SITE_URL or not re.fullmatch("[0-9]{1,18}", person):
        return None
    return int(person)


def _products(snapshot: CustomerSnapshot) -> set[str]:
    subscribed = {product for one in snapshot.subscriptions for product in one.product_ids}
    return subscribed | {one.product_id for one in snapshot.purchases}
