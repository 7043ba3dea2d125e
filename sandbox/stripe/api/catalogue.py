"""Products, prices, coupons and promotion codes."""

from sandbox.stripe import shapes
from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World


@route("POST", "products")
def create_product(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "name description active metadata.* images[] tax_code expand[] id default_price_data.*")
    if not params.get("name"):
        raise needs("name")
    made = shapes.product(world.now(), params)
    made["id"] = params.get("id") or made["id"]
    world.store.save(made)
    world.ring("product.created", made)
    return made


@route("GET", "products")
def list_products(world: World, params: Object, _: list[str]) -> Object:
    return listing(
        world, params, "product", "/v1/products", own="active ids[]", wanted=lambda one: active_as_asked(one, params)
    )


def active_as_asked(one: Object, params: Object) -> bool:
    return "active" not in params or one["active"] == boolean(params, "active")


@route("POST", "products/{}")
def update_product(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "name description active metadata.* images[] expand[]")
    return updated(world, "product", ids[0], params, ("name", "description", "images"))


def updated(world: World, kind: str, identifier: str, params: Object, plain: tuple[str, ...]) -> Object:
    found = world.store.get(kind, identifier)
    fields: Object = {name: params[name] for name in plain if name in params}
    if "active" in params:
        fields["active"] = boolean(params, "active")
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    if kind == "product":
        fields["updated"] = world.now()
    return world.change(found, f"{kind}.updated", **fields)


@route("POST", "prices")
def create_price(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "currency unit_amount active product product_data.* lookup_key nickname metadata.* tax_behavior expand[] "
        "recurring.interval recurring.interval_count recurring.usage_type",
    )
    if not params.get("currency"):
        raise needs("currency")
    if params.get("recurring") and params["recurring"].get("interval") not in ("day", "week", "month", "year"):
        raise invalid("recurring[interval]", "Invalid recurring[interval]: must be one of day, month, week, or year")
    if "product_data" in params:
        params["product"] = create_product(world, params["product_data"], [])["id"]
    world.store.get("product", params.get("product", ""), "product")
    made = world.store.save(shapes.price(world.now(), params, integer(params, "unit_amount")))
    world.ring("price.created", made)
    return made


@route("GET", "prices")
def list_prices(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        keys = params.get("lookup_keys")
        plain = all(one[name] == params[name] for name in ("product", "currency", "type") if name in params)
        return plain and active_as_asked(one, params) and (keys is None or one["lookup_key"] in keys)

    return listing(
        world, params, "price", "/v1/prices", own="product currency type active lookup_keys[]", wanted=wanted
    )


@route("POST", "prices/{}")
def update_price(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "active lookup_key nickname metadata.* tax_behavior expand[]")
    return updated(world, "price", ids[0], params, ("lookup_key", "nickname", "tax_behavior"))


@route("POST", "coupons")
def create_coupon(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "id percent_off amount_off currency duration duration_in_months name metadata.* expand[]")
    if not params.get("percent_off") and not params.get("amount_off"):
        raise needs("percent_off")
    made = {
        "id": params.get("id") or new_id("c", 8)[2:],
        "object": "coupon",
        "amount_off": integer(params, "amount_off", 0) or None,
        "created": world.now(),
        "currency": params.get("currency"),
        "duration": params.get("duration", "once"),
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": float(params["percent_off"]) if params.get("percent_off") else None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    return world.store.save(made)


@route("POST", "promotion_codes")
def create_promotion_code(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "promotion.type promotion.coupon code active metadata.* expand[]")
    coupon = world.store.get("coupon", (params.get("promotion") or {}).get("coupon", ""), "promotion[coupon]")
    made = shapes.base(
        "promotion_code",
        "promo",
        world.now(),
        active=True,
        code=params.get("code") or new_id("x", 8)[2:].upper(),
        customer=None,
        customer_account=None,
        expires_at=None,
        max_redemptions=None,
        metadata=params.get("metadata") or {},
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions={"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
        times_redeemed=0,
    )
    return world.store.save(made)


retrievable("products", "product")
retrievable("prices", "price")
