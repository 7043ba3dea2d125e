"""What a subscription brings in by the month, counted as Stripe counts: while it is active or past due, not while it is on trial."""

from decimal import ROUND_HALF_EVEN, Decimal

COUNTED = ("active", "past_due")
# How many of an interval a month holds. Stripe: a year has 12 months, 52 weeks and 365 days.
A_MONTH = {
    "day": Decimal(365) / 12,
    "week": Decimal(52) / 12,
    "month": Decimal(1),
    "year": Decimal(1) / 12,
}


def monthly(amount: int, interval: str, interval_count: int, *, status: str) -> int:
    """Return a month's revenue in the currency's minor unit, rounded; 0 for what is not counted."""
    if status not in COUNTED or interval not in A_MONTH:
        return 0
    return int((amount * A_MONTH[interval] / interval_count).quantize(Decimal(1), ROUND_HALF_EVEN))
