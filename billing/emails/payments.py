"""Letters about money that moved, or did not."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from billing import entitlements
from billing.emails import letter
from billing.emails.letter import Facts, Letter, account, invoices, library, link, names, plan_of, written
from billing.models import Invoice, Purchase, Refund, Subscription
from billing.money import formatted


def receipt(invoice: Invoice | None, bought: Sequence[Purchase], *, guest: bool) -> Letter:
    """Say what was paid and for what, and when it is next to be paid: for an invoice, or for a purchase that had none."""
    if invoice is not None:
        amount, what = formatted(invoice.amount_paid, invoice.currency), _paid_for(invoice, bought)
        paid_at, subscription = invoice.paid_at or invoice.created_at, invoice.subscription
    else:
        amount = formatted(sum(one.amount for one in bought), bought[0].currency)
        what, paid_at, subscription = names(one.product for one in bought), bought[0].created_at, None
    facts: Facts = [(_("Paid"), amount), (_("For"), what), (_("Date"), written(paid_at))]
    if invoice is not None and invoice.number:
        facts.append((_("Invoice"), invoice.number))
    return Letter(
        "receipt",
        _("Your payment of %(amount)s for %(what)s") % {"amount": amount, "what": what},
        {
            "facts": facts + _what_comes_next(subscription),
            "amount": amount,
            "what": what,
            "guest": guest,
            "library": library(),
            "invoices": invoices(),
        },
    )


def _paid_for(invoice: Invoice, bought: Sequence[Purchase]) -> str:
    parts = [plan_of(invoice.subscription)] if invoice.subscription else []
    if bought:
        parts.append(names(one.product for one in bought))
    return ", ".join(parts) or _("invoice %(number)s") % {"number": invoice.number or invoice.stripe_id}


def _what_comes_next(subscription: Subscription | None) -> Facts:
    """Return when it renews, or ends; nothing for what was bought once, and for a subscription that does neither."""
    if subscription is None or subscription.status not in ("active", "trialing"):
        return []
    if subscription.cancel_at:
        return [(_("Ends on"), written(subscription.cancel_at))]
    ends = subscription.current_period_end
    return [(_("Renews on"), written(ends))] if ends else []


def payment_failed(invoice: Invoice, subscription: Subscription, *, open_now: bool, guest: bool) -> Letter:
    """Say what happens now, until when all stays open, when it is tried again, and where it is mended."""
    amount, what = formatted(invoice.amount_due - invoice.amount_paid, invoice.currency), plan_of(subscription)
    return Letter(
        "payment_failed",
        _("Your payment of %(amount)s for %(what)s did not go through") % {"amount": amount, "what": what},
        {
            "amount": amount,
            "what": what,
            "open_until": _open_until(subscription, open_now=open_now),
            "open_now": open_now,
            "next_attempt": written(invoice.next_payment_attempt) if invoice.next_payment_attempt else "",
            "guest": guest,
            "mend": letter.invoice(invoice.stripe_id),
        },
    )


def action_required(invoice: Invoice, subscription: Subscription, *, open_now: bool, guest: bool) -> Letter:
    """Say that the bank wants the payment confirmed, by when, and where."""
    amount, what = formatted(invoice.amount_due - invoice.amount_paid, invoice.currency), plan_of(subscription)
    return Letter(
        "action_required",
        _("Please confirm your payment of %(amount)s for %(what)s") % {"amount": amount, "what": what},
        {
            "amount": amount,
            "what": what,
            "open_until": _open_until(subscription, open_now=open_now),
            "open_now": open_now,
            "guest": guest,
            "mend": letter.invoice(invoice.stripe_id),
        },
    )


def _open_until(subscription: Subscription, *, open_now: bool) -> str:
    ends = entitlements.grace_ends_at(subscription)
    return written(ends) if ends and open_now else ""


def purchase_failed(bought: Sequence[Purchase]) -> Letter:
    """Say that a bank debit did not arrive, that nothing was charged, and how to try again."""
    amount = formatted(sum(one.amount for one in bought), bought[0].currency)
    what = names(one.product for one in bought)
    return Letter(
        "purchase_failed",
        _("Your payment for %(what)s did not arrive") % {"what": what},
        {"amount": amount, "what": what, "on": written(bought[0].created_at), "site": link("courses:home")},
    )


def refunded(refund: Refund, *, of: int, what: str, full: bool, still_open: bool) -> Letter:
    """Say how much of how much went back, and what that means: `what` it was for, `still_open` whether that opens as before.

    `of` is the whole payment, in the refund's currency and its minor unit; 0 where we do not know it.
    """
    amount = formatted(refund.amount, refund.currency)
    facts: Facts = [(_("Refunded"), amount)]
    if of and not full:
        facts.append((_("Of"), formatted(of, refund.currency)))
    if what:
        facts.append((_("For"), what))
    facts.append((_("Date"), written(refund.created_at)))
    return Letter(
        "refunded",
        _("We have refunded %(amount)s") % {"amount": amount},
        {
            "amount": amount,
            "what": what,
            "facts": facts,
            "full": full,
            "still_open": still_open,
            "account": account(),
        },
    )
