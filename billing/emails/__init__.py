"""One function a letter: each takes rows, and picks the subject and what the templates are to say. Whether it is still true, and to whom
it goes, is billing.news' to know."""

from billing.emails.holdings import claim, ended, ending, granted, trial_ending, welcome
from billing.emails.letter import Letter
from billing.emails.payments import action_required, payment_failed, purchase_failed, receipt, refunded

__all__ = [
    "Letter",
    "action_required",
    "claim",
    "ended",
    "ending",
    "granted",
    "payment_failed",
    "purchase_failed",
    "receipt",
    "refunded",
    "trial_ending",
    "welcome",
]
