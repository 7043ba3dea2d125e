"""Numbers and readings that all rooms of the embedded Stripe share: its version, its clock's name, its settings, periods and discounts."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
SANDBOX_CLOCK = "clock_sandbox"
HOUR, DAY = 3600, 24 * 3600
RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
ASYNC_DELAY = 3 * DAY
# What an owner chooses in Stripe's dashboard. `final_failure`: cancel, unpaid, past_due or pause. `first_failure`: past_due or pause.
# `bank_debits`: what a subscription is while its first debit is on its way, active or incomplete.
SETTINGS: Object = {"final_failure": "cancel", "first_failure": "past_due", "bank_debits": "active", "upcoming_days": 7}
ENDED = ("canceled", "incomplete_expired")
# Value added tax and the like, in percent, of a few countries; elsewhere this account collects none.
TAXES = {"AT": 20, "DE": 19, "ES": 21, "FR": 20, "GB": 20, "IE": 23, "IT": 22, "NL": 21}


def public(value: Any) -> Any:
    """Return a copy without our private notes."""
    if isinstance(value, dict):
        return {name: public(inner) for name, inner in value.items() if not name.startswith("_")}
    return [public(inner) for inner in value] if isinstance(value, list) else value


def period_end(one: Object) -> int:
    return max(entry["current_period_end"] for entry in one["items"]["data"])


def period_start(one: Object) -> int:
    return min(entry["current_period_start"] for entry in one["items"]["data"])


def subscription_of(invoice: Object) -> str | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details.get("subscription")


def taken_off(amount: int, coupon: Object) -> int:
    """Return how much this coupon takes off an amount: never more than there is."""
    if amount <= 0:
        return 0
    if coupon.get("percent_off"):
        return round(amount * coupon["percent_off"] / 100)
    return min(amount, int(coupon.get("amount_off") or 0))


def paused(kind: str, now: int) -> Object:
    """Why a subscription is paused, in the words of API version endive."""
    return {"paused": {"subscription": {"type": kind}, "transitioned_at": now, "type": "subscription"}}


def pause_of(one: Object) -> str:
    """Return why a subscription is paused, or nothing."""
    details = (one.get("status_details") or {}).get("paused") or {}
    return str((details.get("subscription") or {}).get("type", ""))


def after(moment: int, recurring: Object) -> int:
    """Return the end of a period that starts at `moment`: months keep the day where the month has it."""
    interval, count = recurring["interval"], recurring["interval_count"]
    if interval in ("day", "week"):
        return moment + count * (DAY if interval == "day" else 7 * DAY)
    return months_after(moment, count * (12 if interval == "year" else 1))


def months_after(moment: int, count: int) -> int:
    start = datetime.fromtimestamp(moment, UTC)
    months = start.month - 1 + count
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int((start.replace(year=year, month=month, day=day) + timedelta()).timestamp())
