"""Coupons, promotion codes, and the discounts that come of them."""

from typing import Any

from sandbox.stripe.shapes.base import LIVEMODE, Object, base
from sandbox.stripe.store import new_id


def coupon(now: int, params: Object, *, amount: int | None, months: int | None) -> Object:
    return {
        "id": params.get("id") or new_id("c", 8)[2:],
        "object": "coupon",
        "amount_off": amount,
        "created": now,
        "currency": params.get("currency"),
        "duration": params.get("duration", "once"),
        "duration_in_months": months,
        "livemode": LIVEMODE,
        "max_redemptions": int(params["max_redemptions"]) if params.get("max_redemptions") else None,
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": float(params["percent_off"]) if params.get("percent_off") else None,
        "redeem_by": int(params["redeem_by"]) if params.get("redeem_by") else None,
        "times_redeemed": 0,
        "valid": True,
    }


def promotion_code(now: int, params: Object, coupon_id: str) -> Object:
    return base(
        "promotion_code",
        "promo",
        now,
        active=params.get("active", "true") == "true",
        code=(params.get("code") or new_id("x", 8)[2:]).upper(),
        customer=params.get("customer"),
        customer_account=None,
        expires_at=int(params["expires_at"]) if params.get("expires_at") else None,
        max_redemptions=int(params["max_redemptions"]) if params.get("max_redemptions") else None,
        metadata=params.get("metadata") or {},
        promotion={"coupon": coupon_id, "type": "coupon"},
        restrictions={"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
        times_redeemed=0,
    )


def discount(now: int, coupon_id: str, *, end: int | None, **fields: Any) -> Object:
    """A coupon in use; `end` is when it stops, None for never (or after one invoice)."""
    made: Object = {
        "id": new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": None,
        "customer_account": None,
        "end": end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon_id, "type": "coupon"},
        "start": now,
        "subscription": None,
        "subscription_item": None,
    }
    return made | fields
