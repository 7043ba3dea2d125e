"""Numbers and readings that all rooms of the embedded Stripe share: its version, its clock's name, periods and discounts."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
SANDBOX_CLOCK = "clock_sandbox"
HOUR, DAY = 3600, 24 * 3600
RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
ASYNC_DELAY = 3 * DAY


def public(value: Any) -> Any:
    """Return a copy without our private notes."""
    if isinstance(value, dict):
        return {name: public(inner) for name, inner in value.items() if not name.startswith("_")}
    return [public(inner) for inner in value] if isinstance(value, list) else value


def period_end(one: Object) -> int:
    return max(entry["current_period_end"] for entry in one["items"]["data"])


def subscription_of(invoice: Object) -> str | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details.get("subscription")


def discounted(amount: int, coupon: Object | None) -> int:
    if not coupon or amount <= 0:
        return amount
    if coupon.get("percent_off"):
        return amount - round(amount * coupon["percent_off"] / 100)
    return amount - int(coupon.get("amount_off") or 0)


def after(moment: int, recurring: Object) -> int:
    """Return the end of a period that starts at `moment`: months keep the day where the month has it."""
    interval, count = recurring["interval"], recurring["interval_count"]
    if interval in ("day", "week"):
        return moment + count * (DAY if interval == "day" else 7 * DAY)
    start = datetime.fromtimestamp(moment, UTC)
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int((start.replace(year=year, month=month, day=day) + timedelta()).timestamp())
