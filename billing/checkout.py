"""From a click on a price to the address of Stripe's Checkout: one customer a person, one open session a thing, no second subscription."""

import logging

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from billing import gateway, sync
from billing.gateway import Order, Session
from billing.models import Checkout, Customer, Price, Product, Purchase, Subscription

logger = logging.getLogger(__name__)
# While one of these stands, the portal is the place to change, mend or resume; a second subscription would be paid twice.
STANDING = ("trialing", "active", "past_due", "unpaid", "paused")
TRIES = 3


class AlreadyHeld(Exception):
    """The person has a subscription that stands, or has bought this thing; nothing is to be paid."""


def start(user_id: int, email: str, price: Price) -> str:
    """Return the address of a Checkout session for this person and price.

    Raises AlreadyHeld; gateway.GatewayDown, and then trying again goes on where this try stopped; gateway.GatewayRefused.
    """
    try:
        return _open(user_id, customer_for(user_id, email), price)
    except gateway.Gone:
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
    stripe_id = gateway.create_customer(email, metadata=metadata, key=f"{user_id}-{len(held)}")
    return _bind(stripe_id, user_id, email)


def _bind(stripe_id: str, user_id: int, email: str) -> Customer:
    try:
        with transaction.atomic():
            # The webhook may have been quicker, and then the row is there, perhaps without its person.
            customer, _ = Customer.objects.get_or_create(
                stripe_id=stripe_id, defaults={"user_id": user_id, "email": email}
            )
            if Customer.objects.filter(pk=customer.pk, user=None).update(user=user_id):
                customer.refresh_from_db()
            return customer
    except IntegrityError:
        return Customer.objects.get(user=user_id, current=True, deleted=False)


def held_already(user_id: int, product: Product) -> bool:
    """Return whether buying this product would pay twice for the same."""
    if product.kind == Product.Kind.PLAN and _standing(user_id):
        return True
    states = (Purchase.State.PAID, Purchase.State.PENDING)
    return Purchase.objects.filter(customer__user=user_id, product=product, state__in=states).exists()


def _standing(user_id: int) -> bool:
    mine = Subscription.objects.filter(customer__user=user_id, status__in=STANDING, ended_at=None)
    return mine.filter(products__kind=Product.Kind.PLAN).exists()


def _open(user_id: int, customer: Customer, price: Price) -> str:
    """Return the address of the one open session, which is stored before anybody is sent to it; the one before is expired first."""
    scope = Checkout.PLANS if price.product.kind == Product.Kind.PLAN else f"product-{price.product_id}"
    checkout, _ = Checkout.objects.get_or_create(customer=customer, scope=scope)
    for _try in range(TRIES):
        if held_already(user_id, price.product):
            raise AlreadyHeld
        checkout.refresh_from_db()
        known = _known(checkout, customer, price)
        if known is not None:
            return known.url
        if held_already(user_id, price.product):
            raise AlreadyHeld
        session = gateway.create_session(order(customer, price, attempt=checkout.attempt))
        if _store(checkout, price, session):
            return session.url
    raise gateway.GatewayDown("other clicks kept replacing this checkout")


def _known(checkout: Checkout, customer: Customer, price: Price) -> Session | None:
    """Return the stored session if it is open for this very price; else see to it that it cannot be paid any more."""
    if not checkout.session_id:
        return None
    try:
        session = gateway.fetch_session(checkout.session_id)
    except gateway.Gone:
        return None
    if session.status == "open":
        if checkout.price_id == price.pk:
            return session
        if _expire(session.id):
            return None
    if session.status != "expired":
        # It has been paid, perhaps a moment ago and before its bell rang.
        sync.converge(customer.stripe_id)
    return None


def _store(checkout: Checkout, price: Price, session: Session) -> bool:
    """Store the session if nobody stored another one meanwhile; the loser's is expired before anybody saw its address."""
    unchanged = Checkout.objects.filter(pk=checkout.pk, attempt=checkout.attempt)
    if unchanged.update(session_id=session.id, price=price, attempt=F("attempt") + 1):
        return True
    checkout.refresh_from_db()
    if checkout.session_id == session.id:
        return True
    _expire(session.id)
    return False


def _expire(session_id: str) -> bool:
    try:
        gateway.expire_session(session_id)
    except gateway.GatewayRefused:
        return False
    return True


def order(customer: Customer, price: Price, *, attempt: int) -> Order:
    metadata = {"user": str(customer.user_id), "site": settings.SITE_URL}
    tried = Subscription.objects.filter(customer__user=customer.user_id).exists()
    return Order(
        customer_id=customer.stripe_id,
        reference=str(customer.user_id),
        price_id=price.stripe_id,
        once=price.interval == Price.Interval.ONCE,
        # One trial a person: who has ever subscribed pays from the first day.
        trial_days=0 if tried else price.trial_days,
        metadata=metadata,
        success_url=settings.SITE_URL + reverse("billing:done") + "?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=settings.SITE_URL + reverse("billing:plans"),
        automatic_tax=settings.STRIPE_AUTOMATIC_TAX,
        promotion_codes=settings.STRIPE_PROMOTION_CODES,
        attempt=attempt,
    )
