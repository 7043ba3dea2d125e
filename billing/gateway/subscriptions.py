"""Subscriptions as Stripe has them now: their period's end from the items, what they bring in, and why they rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.gateway.client import identifier, moment, needed

EXPAND = ["data.discounts.source.coupon"]


@dataclass(frozen=True)
class SubscriptionSnapshot:
    """`amount` is what one interval brings in, in the currency's minor unit: all items, less the discounts that last.

    `pause_reason` is Stripe's word for why it is paused; `collection_paused` says that nothing is collected while it goes on;
    `card_missing` that neither it nor its customer has a way to pay.
    """

    id: str
    customer_id: str
    status: str
    product_ids: tuple[str, ...]
    price_id: str
    amount: int
    currency: str
    interval: str
    interval_count: int
    current_period_end: datetime | None
    trial_end: datetime | None
    cancel_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    ended_at: datetime | None
    unpaid_since: datetime | None
    pause_reason: str
    collection_paused: bool
    card_missing: bool
    created_at: datetime


def subscription(found: dict[str, Any], owed_since: Mapping[str, datetime]) -> SubscriptionSnapshot:
    """Read a subscription that was listed with EXPAND; `owed_since` names when each one's earliest open invoice was due.

    Whether its customer has a card is for whoever knows the customer to add.
    """
    items = found["items"]["data"]
    # Period ends moved from the subscription to its items in 2025; objects of older API versions still have the one on top.
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    starts = [item["current_period_start"] for item in items if item.get("current_period_start")]
    period_end = max(ends, default=found.get("current_period_end"))
    unpaid = owed_since.get(found["id"]) or moment(min(starts, default=found.get("current_period_start")))
    rhythm = (items[0]["price"].get("recurring") if items else None) or {}
    return SubscriptionSnapshot(
        id=found["id"],
        customer_id=identifier(found["customer"]),
        status=found["status"],
        product_ids=tuple(dict.fromkeys(identifier(item["price"]["product"]) for item in items)),
        price_id=items[0]["price"]["id"] if items else "",
        amount=_amount(found),
        currency=found.get("currency") or "",
        interval=rhythm.get("interval") or "",
        interval_count=rhythm.get("interval_count") or 1,
        current_period_end=moment(period_end),
        trial_end=moment(found.get("trial_end")),
        # The portal sets cancel_at and leaves the flag false; an older API call may set the flag alone.
        cancel_at=moment(found.get("cancel_at") or (period_end if found.get("cancel_at_period_end") else None)),
        cancel_at_period_end=bool(found.get("cancel_at_period_end")),
        canceled_at=moment(found.get("canceled_at")),
        ended_at=moment(found.get("ended_at")),
        unpaid_since=unpaid if found["status"] == "past_due" else None,
        pause_reason=_pause_reason(found) if found["status"] == "paused" else "",
        collection_paused=bool(found.get("pause_collection")),
        card_missing=not (found.get("default_payment_method") or found.get("default_source")),
        created_at=needed(moment(found["created"])),
    )


def _amount(found: dict[str, Any]) -> int:
    items = found["items"]["data"]
    amount = Decimal(sum((item["price"].get("unit_amount") or 0) * (item.get("quantity") or 1) for item in items))
    for discount in found.get("discounts") or []:
        coupon = _coupon(discount)
        if coupon.get("duration") in ("forever", "repeating"):
            amount -= amount * Decimal(str(coupon.get("percent_off") or 0)) / 100 + (coupon.get("amount_off") or 0)
    return max(0, round(amount))


def _coupon(discount: Any) -> dict[str, Any]:
    """Return the coupon of an expanded discount; it moved under `source` in 2025."""
    if not isinstance(discount, dict):
        return {}
    coupon = (discount.get("source") or {}).get("coupon") or discount.get("coupon")
    return coupon if isinstance(coupon, dict) else {}


def _pause_reason(found: dict[str, Any]) -> str:
    paused = (found.get("status_details") or {}).get("paused") or {}
    return str((paused.get("subscription") or {}).get("type") or "")
