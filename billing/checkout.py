"""From a click on a price to the address of Stripe's Checkout: one customer a person, one open session a thing, nothing paid twice."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from billing import gateway, sync
from billing.gateway import Order, Session
from billing.models import Checkout, Customer, Grant, Price, Product, Purchase, Subscription

logger = logging.getLogger(__name__)
# While one of these stands, the portal or its open invoice is the place to go on; a second subscription would be paid twice.
STANDING = ("trialing", "active", "past_due", "unpaid", "paused", "incomplete")
TRIES = 3
DAY = 24 * 3600


class Why(StrEnum):
    """What stands in the way of paying."""

    HELD = "held"
    UNFINISHED = "unfinished"
    ON_ITS_WAY = "on_its_way"
    BEING_PAID = "being_paid"


class AlreadyHeld(Exception):
    """The person has what they would pay for, or is paying for it already; nothing is to be charged."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class PersonGone(Exception):
    """The account was deleted while its owner pressed the button."""


def start(user_id: int, email: str, price: Price) -> str:
    """Return the address of a Checkout session for this person and price.

    Raises AlreadyHeld; PersonGone; gateway.GatewayDown, and then trying again goes on where this try stopped; gateway.GatewayRefused.
    """
    try:
        return _open(user_id, customer_for(user_id, email), price)
    except gateway.Gone as error:
        if error.param != "customer":
            raise
        # Our customer is no longer Stripe's (test data wiped, account changed): the person gets a new one, once.
        Customer.objects.filter(user=user_id, current=True).update(current=False)
        return _open(user_id, customer_for(user_id, email), price)


def customer_for(user_id: int, email: str) -> Customer:
    """Return the person's current customer, made at Stripe if there is none, and stored before it is used.

    Parallel clicks and a crash after Stripe's answer get the same customer, by an idempotency key that counts a person's customers.
    """
    held = list(Customer.objects.filter(user=user_id).order_by("pk"))
    current = next((one for one in held if one.current and not one.deleted), None)
    if current is not None:
        return current
    metadata = {"user": str(user_id), "site": settings.SITE_URL}
    with fresh_key(f"{user_id}-{len(held)}") as key:
        stripe_id = gateway.create_customer(email, metadata=metadata, key=key)
    return _bind(stripe_id, user_id, email)


def _bind(stripe_id: str, user_id: int, email: str) -> Customer:
    try:
        with transaction.atomic():
            if not get_user_model().objects.select_for_update().filter(pk=user_id).exists():
                raise PersonGone
            # The webhook may have been quicker, and then the row is there, perhaps without its person.
            customer, _ = Customer.objects.get_or_create(
                stripe_id=stripe_id, defaults={"user_id": user_id, "email": email}
            )
            if Customer.objects.filter(pk=customer.pk, user=None).update(user=user_id):
                customer.refresh_from_db()
            return customer
    except IntegrityError:
        return Customer.objects.get(user=user_id, current=True, deleted=False)


@contextmanager
def fresh_key(name: str) -> Iterator[str]:
    """Give an idempotency key for `name`: the same one each time, until Stripe itself fails under it.

    Stripe keeps the answer to a key for a day, its own failures too: without another key nobody could try again before tomorrow.
    """
    failures = f"checkout-failures:{name}"
    count = cache.get(failures, 0)
    try:
        yield f"{name}-{count}" if count else name
    except gateway.GatewayDown as error:
        if error.failed:
            cache.set(failures, count + 1, timeout=DAY)
        raise


def refuse_twice(user_id: int, price: Price) -> None:
    """Raise AlreadyHeld where this price would be paid for something that the person has, or is paying for."""
    product = price.product
    mine = Subscription.objects.filter(customer__user=user_id, status__in=STANDING, ended_at=None)
    same = mine.filter(products__kind=Product.Kind.PLAN) if product.kind == Product.Kind.PLAN else mine
    if product.kind != Product.Kind.PLAN:
        same = same.filter(products=product) if price.interval != Price.Interval.ONCE else same.none()
    if status := same.values_list("status", flat=True).first():
        raise AlreadyHeld(Why.UNFINISHED if status == "incomplete" else Why.HELD)
    bought = Purchase.objects.filter(customer__user=user_id, product=product)
    if bought.filter(state=Purchase.State.PAID).exists() or _given_for_good(user_id, product):
        raise AlreadyHeld(Why.HELD)
    if bought.filter(state=Purchase.State.PENDING).exists():
        raise AlreadyHeld(Why.ON_ITS_WAY)


def _given_for_good(user_id: int, product: Product) -> bool:
    return Grant.objects.filter(user=user_id, product=product, ends_at=None, revoked_at=None).exists()


def _open(user_id: int, customer: Customer, price: Price) -> str:
    """Return the address of the one open session, which is stored before anybody is sent to it; the one before is expired first."""
    checkout, _ = Checkout.objects.get_or_create(customer=customer, scope=scope(price))
    for _try in range(TRIES):
        refuse_twice(user_id, price)
        checkout.refresh_from_db()
        known = settled(checkout.session_id, wanted=checkout.price_id == price.pk)
        if known is not None and known.status == "open":
            return known.url
        refuse_twice(user_id, price)
        with fresh_key(f"{customer.stripe_id}-{checkout.attempt}") as key:
            session = gateway.create_session(order(price, customer=customer, key=key))
        if _store(checkout, price, session):
            return session.url
    raise gateway.GatewayDown("other clicks kept replacing this checkout")


def scope(price: Price) -> str:
    """Return what a session is the only open one for: all plans together, or one product."""
    return Checkout.PLANS if price.product.kind == Product.Kind.PLAN else f"product-{price.product_id}"


def settled(session_id: str, *, wanted: bool) -> Session | None:
    """Return the session as it stands, and see to it that it is open only where `wanted`, and in our rows where it was paid.

    Raises AlreadyHeld while somebody is just paying it: then it can neither be closed nor be followed by another.
    """
    if not session_id:
        return None
    try:
        session = gateway.fetch_session(session_id)
    except gateway.Gone:
        return None
    if session.status == "open":
        if wanted:
            return session
        if expire(session.id):
            return replace(session, status="expired", url="")
        session = gateway.fetch_session(session.id)
        if session.status == "open":
            raise AlreadyHeld(Why.BEING_PAID)
    if session.status == "complete" and session.customer_id:
        # It has been paid, perhaps a moment ago and before its bell rang.
        sync.converge(session.customer_id)
    return session


def _store(checkout: Checkout, price: Price, session: Session) -> bool:
    """Store the session if nobody stored another one meanwhile; the loser's is expired before anybody saw its address."""
    unchanged = Checkout.objects.filter(pk=checkout.pk, attempt=checkout.attempt)
    if unchanged.update(session_id=session.id, price=price, attempt=F("attempt") + 1):
        return True
    checkout.refresh_from_db()
    if checkout.session_id == session.id:
        return True
    expire(session.id)
    return False


def expire(session_id: str) -> bool:
    """Close a session and return whether that was possible: one that is paid, or being paid, stays."""
    try:
        gateway.expire_session(session_id)
    except gateway.GatewayRefused:
        return False
    return True


def order(price: Price, *, customer: Customer | None, key: str) -> Order:
    """Return what Stripe is asked for: on a person's customer, or without one for a guest."""
    person = str(customer.user_id) if customer else ""
    tried = customer is not None and Subscription.objects.filter(customer__user=customer.user_id).exists()
    return Order(
        customer_id=customer.stripe_id if customer else "",
        reference=person,
        price_id=price.stripe_id,
        once=price.interval == Price.Interval.ONCE,
        # One trial a person: who has ever subscribed pays from the first day.
        trial_days=0 if tried else price.trial_days,
        trial_card=price.trial_card,
        trial_end=price.trial_end,
        metadata={"user": person, "site": settings.SITE_URL} if person else {"site": settings.SITE_URL},
        success_url=settings.SITE_URL + reverse("billing:done") + "?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=settings.SITE_URL + reverse("billing:plans"),
        automatic_tax=settings.STRIPE_AUTOMATIC_TAX,
        promotion_codes=settings.STRIPE_PROMOTION_CODES,
        key=key,
    )
