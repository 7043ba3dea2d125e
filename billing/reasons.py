"""Why a row opens its products or does not, in words: each of its conditions with its answer, the dates behind it, and when that changes.

The answers are billing.entitlements'; only the words are made here. Every condition must have its words, or a test fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.entitlements import OPENING, Holding
from billing.models import Grant, Purchase, Subscription


@dataclass(frozen=True)
class Answer:
    """One question, asked and answered. `changes_at` is when the answer will turn by itself, where a clock decides."""

    question: str
    yes: bool
    detail: str
    changes_at: datetime | None = None


@dataclass(frozen=True)
class Way:
    """A row through which somebody might hold something. `changes_at` is when it will close, or open, by itself."""

    row: Subscription | Purchase | Grant
    name: str
    products: str
    answers: list[Answer]
    opens: bool
    changes_at: datetime | None


def way(holding: Holding, *, now: datetime) -> Way:
    """Put one row into words."""
    row = holding.row
    answers = [WORDS[type(row), name](row, yes) for name, yes in holding.answers.items()]
    return Way(
        row=row,
        name=NAMES[type(row)](row),
        products=", ".join(product.name for product in holding.products),
        answers=answers,
        opens=holding.opens,
        changes_at=_changes_at(answers, now=now),
    )


def _changes_at(answers: list[Answer], *, now: datetime) -> datetime | None:
    """Return when what a row does will turn: as soon as one yes ends, or once every no has ended."""
    if all(one.yes for one in answers):
        return min((one.changes_at for one in answers if one.changes_at and one.changes_at > now), default=None)
    turning = [one.changes_at for one in answers if not one.yes]
    if any(moment is None or moment <= now for moment in turning):
        return None
    return max((moment for moment in turning if moment), default=None)


def moment(at: datetime | None) -> str:
    """Return a moment to the minute, with its time zone, as the owner reads it."""
    return date_format(timezone.localtime(at), "j F Y, H:i T") if at else ""


# --- Subscriptions ----------------------------------------------------------------------------


def _status(one: Subscription, yes: bool) -> Answer:
    question, until = _("Does its status open anything?"), None
    if one.status == "past_due" and one.unpaid_since:
        until = one.unpaid_since + timedelta(days=settings.GRACE_DAYS)
        stays = _("A payment is missing since %(since)s; access stays until %(until)s.")
        stayed = _("A payment is missing since %(since)s; access stayed until %(until)s.")
        text = stays if yes else stayed
        detail = text % {"since": moment(one.unpaid_since), "until": moment(until)}
    elif one.status == "past_due":
        detail = _("A payment is missing, and Stripe does not say since when.")
    elif one.status in OPENING:
        detail = _("On trial.") if one.status == "trialing" else _("Paid up.")
        if one.trial_end and one.status == "trialing":
            detail = _("On trial until %(date)s.") % {"date": moment(one.trial_end)}
    else:
        detail = _("Stripe calls it “%(status)s”, which opens nothing.") % {"status": one.status}
    return Answer(question, yes, detail, until if yes else None)


def _money_kept(one: Subscription, yes: bool) -> Answer:
    told = {
        "": _("Nothing of its latest payment was taken back."),
        Subscription.TakenBack.REFUNDED: _("All of its latest payment was refunded. The next payment opens it again."),
        Subscription.TakenBack.DISPUTED: _("Its latest payment is disputed. Winning the dispute opens it again."),
    }
    return Answer(_("Was its payment kept?"), yes, told.get(one.taken_back, one.taken_back))


def _stripe_heard(one: Subscription, yes: bool) -> Answer:
    question = _("Has Stripe been heard from in time?")
    if one.current_period_end is None:
        return Answer(question, yes, _("Stripe names no end of its period."))
    until = one.current_period_end + timedelta(hours=settings.SILENCE_HOURS)
    text = _("Its period ends %(end)s; without news from Stripe, access ends %(until)s.")
    return Answer(
        question, yes, text % {"end": moment(one.current_period_end), "until": moment(until)}, until if yes else None
    )


def _not_cancelled(one: Subscription, yes: bool) -> Answer:
    question = _("Is it before its cancellation?")
    if one.cancel_at is None:
        return Answer(question, yes, _("No cancellation is planned."))
    text = _("It is cancelled as of %(date)s.") % {"date": moment(one.cancel_at)}
    return Answer(question, yes, text, one.cancel_at if yes else None)


def _not_over(one: Subscription, yes: bool) -> Answer:
    question = _("Is it still running?")
    if one.ended_at is None:
        return Answer(question, yes, _("It has not ended."))
    return Answer(
        question, yes, _("It ended %(date)s.") % {"date": moment(one.ended_at)}, one.ended_at if yes else None
    )


# --- Purchases and grants ---------------------------------------------------------------------


def _paid(one: Purchase, yes: bool) -> Answer:
    text = _("Bought %(date)s: %(state)s.") % {"date": moment(one.created_at), "state": one.get_state_display()}
    return Answer(_("Is it paid for, and the money kept?"), yes, text)


def _begun(one: Grant, yes: bool) -> Answer:
    text = _("It starts %(date)s.") % {"date": moment(one.starts_at)}
    return Answer(_("Has it begun?"), yes, text, None if yes else one.starts_at)


def _not_run_out(one: Grant, yes: bool) -> Answer:
    question = _("Does it still run?")
    if one.ends_at is None:
        return Answer(question, yes, _("It has no end."))
    text = _("It was taken back %(date)s.") if one.revoked_at else _("It ends %(date)s.")
    date = moment(one.revoked_at or one.ends_at)
    return Answer(question, yes, text % {"date": date}, one.ends_at if yes else None)


Words = Callable[[Any, bool], Answer]
WORDS: dict[tuple[type, str], Words] = {
    (Subscription, "status"): _status,
    (Subscription, "money_kept"): _money_kept,
    (Subscription, "stripe_heard"): _stripe_heard,
    (Subscription, "not_cancelled"): _not_cancelled,
    (Subscription, "not_ended"): _not_over,
    (Purchase, "paid"): _paid,
    (Grant, "begun"): _begun,
    (Grant, "not_ended"): _not_run_out,
}
NAMES: dict[type, Callable[[Any], str]] = {
    Subscription: lambda one: _("Subscription %(id)s") % {"id": one.stripe_id},
    Purchase: lambda one: _("Purchase of %(date)s") % {"date": moment(one.created_at)},
    Grant: lambda one: _("Grant: %(reason)s") % {"reason": one.reason},
}
