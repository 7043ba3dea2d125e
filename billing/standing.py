"""Where a person stands with what they subscribe to, in words and dates: for the account, the plans, the library and the banner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext as _

from billing import entitlements
from billing.checkout import STANDING
from billing.models import Invoice, Price, Product, Subscription
from billing.money import formatted

# Stripe's words for why a subscription is paused: somebody wished it, or money was missing.
WISHED = "pause_requested"
NO_CARD = "trial_end_without_payment_method"
UNPAID = ("first_payment_failure", "final_payment_failure")
# A trial that waits for a card says so in the banner when so much of it is left.
LAST_DAYS = timedelta(days=3)


@dataclass(frozen=True)
class Standing:
    """`renews_at` or `ends_at` is set, never both; `grace_ends_at` while a payment is missing and access still open.

    `owed` is the open invoice that would set things right; `card_wanted` says that a card would.
    """

    id: str
    plan: str
    plans: bool
    status: str
    words: str
    advice: str
    open: bool
    price: Price | None
    amount: str
    renews_at: datetime | None
    ends_at: datetime | None
    grace_ends_at: datetime | None
    trial_ends_at: datetime | None
    owed: str
    card_wanted: bool
    can_change: bool
    can_pause: bool
    can_resume: bool
    can_cancel: bool


def standings(user_id: int, *, now: datetime) -> list[Standing]:
    """Return the standing of every subscription of the person's that is not over, open ones first. One query."""
    return [of(one, now=now) for one in _found(user_id, now=now)]


def standing(user_id: int, *, now: datetime) -> Standing | None:
    """Return the standing of the person's foremost plan subscription (an open one before any other), or None. One query."""
    return next((of(one, now=now) for one in _found(user_id, now=now) if one.is_plan), None)


def trouble(user_id: int, *, now: datetime) -> Standing | None:
    """Return the standing of what the person should set right with money before it closes, or to open it again, or None. One query."""
    late = Q(status__in=("past_due", "unpaid")) | Q(status="paused", pause_reason__in=(NO_CARD, *UNPAID))
    cardless = Q(status="trialing", card_missing=True, cancel_at=None, trial_end__lte=now + LAST_DAYS)
    found = _found(user_id, now=now).filter(late | cardless).order_by("-is_open", "unpaid_since").first()
    return of(found, now=now) if found else None


def _found(user_id: int, *, now: datetime) -> QuerySet[Any]:
    """Return the person's subscriptions that are not over, each with what the database knows beside it: is_open, is_plan, owed."""
    plan = Subscription.products.through.objects.filter(subscription=OuterRef("pk"), product__kind=Product.Kind.PLAN)
    owed = Invoice.objects.filter(subscription=OuterRef("pk"), status=Invoice.Status.OPEN).order_by("due_at", "pk")
    return (
        Subscription.objects.filter(customer__user=user_id, status__in=STANDING, ended_at=None)
        .select_related("price__product")
        .annotate(
            is_open=Case(When(entitlements.live(now=now), then=Value(True)), default=Value(False)),
            is_plan=Exists(plan),
            owed=Subquery(owed.values("stripe_id")[:1]),
        )
        .order_by("-is_open", "-created_at", "-pk")
    )


def of(subscription: Any, *, now: datetime) -> Standing:
    """Say how a subscription that was read by `_found` stands."""
    open_now, owed = bool(subscription.is_open), subscription.owed or ""
    status, ends_at = subscription.status, subscription.cancel_at
    on_trial, runs = status == "trialing", status in ("active", "trialing")
    grace = subscription.unpaid_since + timedelta(days=settings.GRACE_DAYS) if subscription.unpaid_since else None
    card_wanted = subscription.card_missing and (on_trial or subscription.pause_reason == NO_CARD) and not ends_at
    return Standing(
        id=subscription.stripe_id,
        plan=subscription.price.product.name if subscription.price else _("Membership"),
        plans=bool(subscription.is_plan),
        status=status,
        words=words(subscription, open_now=open_now),
        advice=advice(subscription, open_now=open_now, card_wanted=card_wanted),
        open=open_now,
        price=subscription.price,
        amount=amount(subscription),
        renews_at=subscription.current_period_end if runs and not ends_at and not card_wanted else None,
        ends_at=ends_at,
        grace_ends_at=grace if status == "past_due" and open_now else None,
        trial_ends_at=subscription.trial_end if on_trial else None,
        owed=owed if status in ("past_due", "unpaid", "incomplete", "paused") else "",
        card_wanted=card_wanted,
        can_change=runs and not ends_at,
        can_pause=settings.STRIPE_PAUSE and runs and not ends_at and not subscription.collection_paused,
        can_resume=status == "paused" and not card_wanted,
        can_cancel=not ends_at and status != "incomplete",
    )


def amount(subscription: Subscription) -> str:
    """Return what an interval costs, with discounts that last; an empty string where that is unknown."""
    if subscription.currency:
        return formatted(subscription.amount, subscription.currency)
    price = subscription.price
    return formatted(price.unit_amount, price.currency) if price else ""


def words(subscription: Subscription, *, open_now: bool) -> str:
    """Return where a subscription stands, in a few words that can follow its name."""
    status = subscription.status
    if status == "incomplete":
        return _("Not paid yet")
    if status in ("past_due", "unpaid"):
        return _("A payment is missing") if open_now else _("On hold until the missing payment is made")
    if status == "paused":
        return paused(subscription.pause_reason)
    if subscription.taken_back == Subscription.TakenBack.REFUNDED:
        return _("Closed: your last payment was given back")
    if subscription.taken_back == Subscription.TakenBack.DISPUTED:
        return _("Closed while your bank looks into the last payment")
    if not open_now:
        return _("We are waiting for news from Stripe")
    if subscription.cancel_at:
        return _("Cancelled, and open to the last day you paid for")
    if status == "trialing":
        return _("On trial")
    return _("Active, and nothing is charged for now") if subscription.collection_paused else _("Active")


def paused(reason: str) -> str:
    if reason == WISHED:
        return _("Paused, as you wished")
    if reason == NO_CARD:
        return _("Paused: the trial is over, and there is no card yet")
    return _("Paused, because a payment failed") if reason in UNPAID else _("Paused")


def advice(subscription: Subscription, *, open_now: bool, card_wanted: bool) -> str:
    """Return the sentence that says what to do, or what will happen by itself; empty where all is well."""
    status = subscription.status
    if card_wanted:
        return _("Add a card to go on after the trial.") if status == "trialing" else _("Add a card, and it goes on.")
    if status == "incomplete":
        return _("Finish the payment and it opens. A bank debit needs a few days and nothing from you.")
    if status in ("past_due", "unpaid") and not open_now:
        return _("It opens again as soon as the missing payment is made.")
    if status == "paused":
        return _("Nothing is charged and nothing is open while it rests.")
    if subscription.taken_back == Subscription.TakenBack.REFUNDED:
        return _("It opens again with the next payment. Cancel it if you do not want that.")
    if subscription.taken_back == Subscription.TakenBack.DISPUTED:
        return _("It opens again when that is settled in our favour, or with the next payment.")
    return ""
