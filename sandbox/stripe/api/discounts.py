"""Coupons and promotion codes."""

from sandbox.stripe import shapes
from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World


@route("POST", "coupons")
def create_coupon(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "id percent_off amount_off currency duration duration_in_months name metadata.* max_redemptions redeem_by expand[]",
    )
    if not params.get("percent_off") and not params.get("amount_off"):
        raise needs("percent_off")
    if params.get("amount_off") and not params.get("currency"):
        raise needs("currency")
    duration = params.get("duration", "once")
    if duration not in ("once", "repeating", "forever"):
        raise invalid("duration", "Invalid duration: must be one of forever, once, or repeating")
    months = integer(params, "duration_in_months", low=1) if duration == "repeating" else None
    made = shapes.coupon(world.now(), params, amount=integer(params, "amount_off", 0) or None, months=months)
    world.store.save(made)
    world.ring("coupon.created", made)
    return made


@route("GET", "coupons")
def list_coupons(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "coupon", "/v1/coupons")


@route("POST", "coupons/{}")
def update_coupon(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "name metadata.* expand[]")
    found = world.store.get("coupon", ids[0])
    fields = {"name": params["name"]} if "name" in params else {}
    fields["metadata"] = merged(found["metadata"], params.get("metadata", {}))
    return world.change(found, "coupon.updated", **fields)


@route("DELETE", "coupons/{}")
def delete_coupon(world: World, params: Object, ids: list[str]) -> Object:
    """Nobody can use it any more; those who have it keep it."""
    found = world.change(world.store.get("coupon", ids[0]), None, valid=False)
    world.ring("coupon.deleted", found)
    return {"id": ids[0], "object": "coupon", "deleted": True}


@route("POST", "promotion_codes")
def create_promotion_code(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "promotion.type promotion.coupon code active customer expires_at max_redemptions metadata.* expand[]")
    coupon = world.store.get("coupon", (params.get("promotion") or {}).get("coupon", ""), "promotion[coupon]")
    code = (params.get("code") or "").upper()
    if code and world.store.all("promotion_code", code=code, active=1):
        raise invalid("code", "An active promotion code with this code already exists.")
    made = world.store.save(shapes.promotion_code(world.now(), params, coupon["id"]))
    world.ring("promotion_code.created", made)
    return made


@route("GET", "promotion_codes")
def list_promotion_codes(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "promotion_code", "/v1/promotion_codes", own="active code coupon customer")


@route("POST", "promotion_codes/{}")
def update_promotion_code(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "active metadata.* expand[]")
    found = world.store.get("promotion_code", ids[0])
    fields: Object = {"active": boolean(params, "active")} if "active" in params else {}
    fields["metadata"] = merged(found["metadata"], params.get("metadata", {}))
    return world.change(found, "promotion_code.updated", **fields)


retrievable("coupons", "coupon")
retrievable("promotion_codes", "promotion_code")
