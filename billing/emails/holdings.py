"""Letters about what opens: how it begins, how it ends, and what waits."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from billing.emails import letter
from billing.emails.letter import Letter, account, library, link, names, plan_of, written
from billing.models import Grant, Product, Subscription
from billing.money import formatted, rhythm
from config.mail import one_line

LONGEST_MESSAGE = 1000  # characters, as its column holds


def welcome(subscription: Subscription) -> Letter:
    """Bid a new member welcome: where the library is, and how a trial goes on."""
    plan = plan_of(subscription)
    trial_ends = subscription.trial_end if subscription.status == "trialing" else None
    return Letter(
        "welcome",
        _("Welcome to %(plan)s") % {"plan": plan},
        {
            "plan": plan,
            "trial_ends": written(trial_ends) if trial_ends else "",
            "price": _price(subscription),
            "ends": written(subscription.cancel_at) if subscription.cancel_at else "",
            "library": library(),
            "account": account(),
        },
    )


def trial_ending(subscription: Subscription, *, amount: int, currency: str) -> Letter:
    """Say when the trial ends, what is charged then (`amount` in minor units, all told), and how to prevent it."""
    plan, day = plan_of(subscription), written(subscription.trial_end) if subscription.trial_end else ""
    return Letter(
        "trial_ending",
        _("Your trial of %(plan)s ends on %(date)s") % {"plan": plan, "date": day},
        {
            "plan": plan,
            "date": day,
            "amount": formatted(amount, currency) if amount else "",
            "price": _price(subscription),
            "card_missing": subscription.card_missing,
            "account": account(),
        },
    )


def ending(subscription: Subscription) -> Letter:
    """Confirm a cancellation: until when all stays open, that nothing more is charged, and how to undo it."""
    plan, ends, renews = plan_of(subscription), subscription.cancel_at, subscription.current_period_end
    day = written(ends) if ends else ""
    return Letter(
        "ending",
        _("%(plan)s ends on %(date)s") % {"plan": plan, "date": day},
        {
            "plan": plan,
            "date": day,
            "charged_no_more": subscription.status != "past_due" and bool(ends and renews and ends <= renews),
            "account": account(),
        },
    )


def ended(subscription: Subscription, *, unpaid: bool, kept: Iterable[Product]) -> Letter:
    """Say that it is over, why where a payment was missing, what stays (`kept`), and how to come back."""
    plan = plan_of(subscription)
    return Letter(
        "ended",
        _("%(plan)s has ended") % {"plan": plan},
        {
            "plan": plan,
            "date": written(subscription.ended_at) if subscription.ended_at else "",
            "unpaid": unpaid,
            "kept": [one_line(one.name) for one in kept],
            "library": library(),
            "plans": link("billing:plans"),
        },
    )


def granted(grant: Grant, *, now: datetime) -> Letter:
    """Say what was given, from when until when, with the giver's words."""
    what = names([grant.product])
    return Letter(
        "granted",
        _("%(what)s is open to you") % {"what": what},
        {
            "what": what,
            "begins": written(grant.starts_at) if grant.starts_at > now else "",
            "ends": written(grant.ends_at) if grant.ends_at else "",
            "words": [line for one in grant.message.splitlines() if (line := one_line(one, longest=LONGEST_MESSAGE))],
            "library": library(),
        },
    )


def claim(products: Iterable[Product], *, code: str, until: datetime) -> Letter:
    """Give a guest the code that makes their purchase theirs. It stands in this mail and nowhere else."""
    what = names(products)
    return Letter(
        "claim",
        _("Open %(what)s with this code") % {"what": what},
        {"what": what, "code": code, "until": written(until), "open": letter.claim(code)},
    )


def _price(subscription: Subscription) -> str:
    """Return "$12 a month", or nothing for what costs nothing."""
    if not subscription.amount:
        return ""
    amount = formatted(subscription.amount, subscription.currency)
    return _("%(amount)s %(each)s") % {
        "amount": amount,
        "each": rhythm(subscription.interval, subscription.interval_count),
    }
