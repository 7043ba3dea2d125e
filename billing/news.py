"""From a notice to a letter: the facts are read again, what is no longer true is dropped, and the rest is addressed.

One function a kind, by `about`; each returns the letter or raises Stale with the reason, which the owner reads.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from billing import claims, emails, entitlements, gateway
from billing.emails import Letter
from billing.emails.letter import names
from billing.models import Customer, Grant, Invoice, Notice, Product, Purchase, Refund, Subscription

Kind = Notice.Kind
HOLDING = ("trialing", "active", "past_due")
# Stripe's words for a pause that a missing payment has made.
UNPAID = ("first_payment_failure", "final_payment_failure")


class Stale(Exception):
    """The notice is not to be sent; the text says why, in plain words and without an address."""


@dataclass(frozen=True)
class Reader:
    """Whom a notice is to: a person, or a guest, who is known as a Stripe customer only."""

    address: str
    person_id: int | None
    customer: Customer | None

    @property
    def is_guest(self) -> bool:
        return self.person_id is None

    def holds(self, *, now: datetime) -> dict[int, str]:
        """Return what opens to this reader: kinds by product pk."""
        if self.person_id is not None:
            return dict(entitlements.held(self.person_id, now=now))
        return dict(entitlements.held_by(self.customer.pk, now=now)) if self.customer else {}


@dataclass(frozen=True)
class Post:
    """A letter with its address, and the key that makes its Message-ID."""

    to: str
    letter: Letter
    key: str


def post(notice: Notice, *, now: datetime) -> Post:
    """Address and write what this notice tells. Raises Stale; gateway.GatewayDown where Stripe has to be asked for an amount.

    A claim's code is made here, so call it only to send what it returns.
    """
    reader = reader_of(notice)
    if notice.kind == Kind.CLAIM:
        return _claim(notice, reader, now=now)
    return Post(reader.address, WRITERS[notice.kind](notice, reader, now), notice.key)


def reader_of(notice: Notice) -> Reader:
    """Return whom it goes to now; what was a guest's yesterday may be somebody's. Raises Stale where there is nobody to write to."""
    customer = notice.customer
    person = notice.user or (customer.user if customer else None)
    if person is not None:
        if not person.is_active:
            raise Stale(_("The account is switched off."))
        return Reader(_checked(person.email), person.pk, customer)
    if customer is None or not customer.is_guest:
        raise Stale(_("The account, or the customer at Stripe, is deleted."))
    return Reader(_checked(customer.email), None, customer)


def owes(subscription: Subscription) -> bool:
    """Return whether a payment for this subscription has failed and is still missing."""
    if subscription.status == "paused":
        return subscription.pause_reason in UNPAID
    return subscription.status in ("past_due", "unpaid")


def _checked(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        raise Stale(_("There is no address that mail could be sent to.")) from None
    return address


def _detail(notice: Notice) -> str:
    """Return the last part of the key: which attempt, which cancellation, which end it is about."""
    return notice.key.rsplit(":", 1)[-1]


# --- What opens -------------------------------------------------------------------------------


def _subscription(notice: Notice) -> Subscription:
    found = Subscription.objects.filter(stripe_id=notice.about).select_related("price__product").first()
    if found is None:
        raise Stale(_("The subscription is gone."))
    return found


def _welcome(notice: Notice, reader: Reader, now: datetime) -> Letter:
    subscription = _subscription(notice)
    if not entitlements.is_open(subscription, now=now):
        raise Stale(_("It is not open any more."))
    return emails.welcome(subscription)


def _trial_ending(notice: Notice, reader: Reader, now: datetime) -> Letter:
    subscription = _subscription(notice)
    ends, cancelled = subscription.trial_end, subscription.cancel_at
    if subscription.status != "trialing" or ends is None or ends <= now:
        raise Stale(_("The trial is over."))
    if str(int(ends.timestamp())) != _detail(notice):
        raise Stale(_("The trial has another end by now."))
    if cancelled and cancelled <= ends:
        raise Stale(_("It has been cancelled since."))
    try:
        amount, currency = gateway.preview_amount(subscription.stripe_id)
    except gateway.GatewayRefused:
        amount, currency = subscription.amount, subscription.currency
    return emails.trial_ending(subscription, amount=amount, currency=currency)


def _ending(notice: Notice, reader: Reader, now: datetime) -> Letter:
    subscription = _subscription(notice)
    asked = subscription.canceled_at
    if subscription.cancel_at is None or asked is None or str(int(asked.timestamp())) != _detail(notice):
        raise Stale(_("The cancellation has been undone since."))
    if subscription.status not in HOLDING or subscription.cancel_at <= now:
        raise Stale(_("It has ended since."))
    return emails.ending(subscription)


def _ended(notice: Notice, reader: Reader, now: datetime) -> Letter:
    subscription = _subscription(notice)
    if subscription.status != "canceled":
        raise Stale(_("It has not ended."))
    held, products = reader.holds(now=now), list(subscription.products.all())
    if Product.Kind.PLAN in held.values() or (products and held.keys() >= {one.pk for one in products}):
        raise Stale(_("Another one is open to them."))
    owed = subscription.invoices.filter(status__in=("open", "uncollectible"), attempt_count__gt=0)
    return emails.ended(subscription, unpaid=owed.exists(), kept=Product.objects.filter(pk__in=held))


def _granted(notice: Notice, reader: Reader, now: datetime) -> Letter:
    grant = Grant.objects.filter(pk=notice.about).select_related("product").first()
    if grant is None or grant.revoked_at or (grant.ends_at and grant.ends_at <= now):
        raise Stale(_("It has been taken back since, or has ended."))
    if grant.ending != _detail(notice):
        raise Stale(_("It has another end by now."))
    return emails.granted(grant, now=now)


def _claim(notice: Notice, reader: Reader, *, now: datetime) -> Post:
    if reader.customer is None or not reader.is_guest:
        raise Stale(_("It has been claimed since."))
    products = Product.objects.filter(pk__in=reader.holds(now=now))
    if not products:
        raise Stale(_("Nothing waits to be claimed any more."))
    try:
        code = claims.issue(reader.customer, now=now)
    except ValueError:
        raise Stale(_("It has been claimed since.")) from None
    letter = emails.claim(products, code=code, until=now + claims.LASTS)
    # Another code makes another mail, which no mail program may take for the one before.
    return Post(reader.address, letter, f"{notice.key}:{claims.digest(claims.plain(code))}")


# --- What is paid -----------------------------------------------------------------------------


def _receipt(notice: Notice, reader: Reader, now: datetime) -> Letter:
    bought = _bought(notice.customer, session_id=notice.about)
    about = bought[0].invoice if bought else notice.about
    invoice = Invoice.objects.filter(stripe_id=about).select_related("subscription__price__product").first()
    if invoice is None:
        is_paid = any(one.state == Purchase.State.PAID for one in bought)
    else:
        bought = bought or _bought(notice.customer, invoice=about)
        is_paid = invoice.status == Invoice.Status.PAID and invoice.amount_refunded < invoice.amount_paid
    if not is_paid:
        raise Stale(_("It is not paid, or has been given back since."))
    return emails.receipt(invoice, bought, guest=reader.is_guest)


def _debt(notice: Notice) -> tuple[Invoice, Subscription]:
    invoice = Invoice.objects.filter(stripe_id=notice.about).select_related("subscription__price__product").first()
    if invoice is None or invoice.subscription is None or invoice.status != Invoice.Status.OPEN:
        raise Stale(_("It is no longer owed."))
    if str(invoice.attempt_count) != _detail(notice):
        raise Stale(_("It has been tried again since."))
    return invoice, invoice.subscription


def _payment_failed(notice: Notice, reader: Reader, now: datetime) -> Letter:
    invoice, subscription = _debt(notice)
    if not owes(subscription) or invoice.on_its_way or invoice.needs_action:
        raise Stale(_("It is no longer owed, or on its way."))
    open_now = entitlements.is_open(subscription, now=now)
    return emails.payment_failed(invoice, subscription, open_now=open_now, guest=reader.is_guest)


def _action_required(notice: Notice, reader: Reader, now: datetime) -> Letter:
    invoice, subscription = _debt(notice)
    if not invoice.needs_action:
        raise Stale(_("The bank asks for nothing any more."))
    open_now = entitlements.is_open(subscription, now=now)
    return emails.action_required(invoice, subscription, open_now=open_now, guest=reader.is_guest)


def _purchase_failed(notice: Notice, reader: Reader, now: datetime) -> Letter:
    failed = [one for one in _bought(notice.customer, session_id=notice.about) if one.state == Purchase.State.FAILED]
    if not failed:
        raise Stale(_("The payment has arrived since."))
    if reader.holds(now=now).keys() >= {one.product_id for one in failed}:
        raise Stale(_("It has been bought since in another way."))
    return emails.purchase_failed(failed)


def _refunded(notice: Notice, reader: Reader, now: datetime) -> Letter:
    refund = Refund.objects.filter(stripe_id=notice.about).select_related("invoice__subscription", "purchase").first()
    if refund is None or refund.status != "succeeded":
        raise Stale(_("The refund did not come about."))
    invoice, purchase = refund.invoice, refund.purchase
    products: list[Product] = []
    of, given_back = 0, 0
    if invoice is not None:
        of, given_back = invoice.amount_paid, invoice.amount_refunded
        products = list(invoice.subscription.products.all()) if invoice.subscription else []
        products += [one.product for one in _bought(notice.customer, invoice=invoice.stripe_id)]
    elif purchase is not None:
        bought = _bought(notice.customer, session_id=purchase.session_id)
        of, products = sum(one.amount for one in bought), [one.product for one in bought]
        given_back = sum(one.amount for one in Refund.objects.filter(purchase=purchase, status="succeeded"))
    return emails.refunded(
        refund,
        of=of,
        what=names(products),
        full=bool(of) and given_back >= of,
        still_open=bool(products) and reader.holds(now=now).keys() >= {one.pk for one in products},
    )


def _bought(customer: Customer | None, **which: str) -> list[Purchase]:
    found: Iterable[Purchase] = Purchase.objects.filter(customer=customer, **which).select_related("product")
    return sorted(found, key=lambda one: one.pk)


WRITERS: dict[str, Callable[[Notice, Reader, datetime], Letter]] = {
    Kind.WELCOME: _welcome,
    Kind.RECEIPT: _receipt,
    Kind.TRIAL_ENDING: _trial_ending,
    Kind.PAYMENT_FAILED: _payment_failed,
    Kind.ACTION_REQUIRED: _action_required,
    Kind.PURCHASE_FAILED: _purchase_failed,
    Kind.ENDING: _ending,
    Kind.ENDED: _ended,
    Kind.REFUNDED: _refunded,
    Kind.GRANTED: _granted,
}
