"""Products and prices."""

from sandbox.stripe import shapes
from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World


@route("POST", "products")
def create_product(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "name description active metadata.* images[] tax_code expand[] id default_price_data.* marketing_features[].name",
    )
    if not params.get("name"):
        raise needs("name")
    made = shapes.product(world.now(), params)
    made["id"] = params.get("id") or made["id"]
    if world.store.find("product", made["id"]):
        raise invalid("id", f"Product already exists: {made['id']}")
    world.store.save(made)
    world.ring("product.created", made)
    if params.get("default_price_data"):
        price = create_price(world, params["default_price_data"] | {"product": made["id"]}, [])
        world.store.save(made | {"default_price": price["id"]})
    return world.store.get("product", made["id"])


@route("GET", "products")
def list_products(world: World, params: Object, _: list[str]) -> Object:
    asked = params.get("ids")
    return listing(
        world,
        params,
        "product",
        "/v1/products",
        own="active ids[]",
        wanted=lambda one: asked is None or one["id"] in asked,
    )


@route("POST", "products/{}")
def update_product(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "name description active metadata.* images[] default_price marketing_features[].name expand[]")
    return updated(
        world, "product", ids[0], params, ("name", "description", "images", "default_price", "marketing_features")
    )


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
        "recurring.interval recurring.interval_count recurring.usage_type recurring.trial_period_days currency_options.*",
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
    keys = {"lookup_key": params["lookup_keys"]} if params.get("lookup_keys") else {}
    own = "product currency type active lookup_keys[] recurring.interval"
    interval = (params.get("recurring") or {}).get("interval")

    def wanted(one: Object) -> bool:
        return interval is None or (one["recurring"] or {}).get("interval") == interval

    return listing(world, params, "price", "/v1/prices", own=own, filters=keys, wanted=wanted)


@route("POST", "prices/{}")
def update_price(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "active lookup_key nickname metadata.* tax_behavior expand[]")
    return updated(world, "price", ids[0], params, ("lookup_key", "nickname", "tax_behavior"))


@route("DELETE", "products/{}")
def delete_product(world: World, params: Object, ids: list[str]) -> Object:
    found = world.store.get("product", ids[0])
    if world.store.all("price", product=ids[0]):
        raise invalid("id", "This product cannot be deleted because it has one or more user-created prices.")
    world.store.forget(found["id"])
    world.ring("product.deleted", found | {"active": False})
    return {"id": ids[0], "object": "product", "deleted": True}


retrievable("products", "product")
retrievable("prices", "price")
