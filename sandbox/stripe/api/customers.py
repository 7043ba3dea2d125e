"""Customers."""

from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import route
from sandbox.stripe.forms import hold
from sandbox.stripe.terms import SANDBOX_CLOCK, Object
from sandbox.stripe.world import World

CUSTOMER = "email name phone description metadata.* address.* preferred_locales[] "


@route("POST", "customers")
def create_customer(world: World, params: Object, _: list[str]) -> Object:
    hold(params, CUSTOMER + "test_clock expand[] tax.* source invoice_settings.*")
    clock = params.get("test_clock") or SANDBOX_CLOCK
    if clock != SANDBOX_CLOCK:
        world.store.get("test_helpers.test_clock", clock, "test_clock")
    made = world.store.save(shapes.customer(world.now(clock), params, clock))
    world.ring("customer.created", made)
    return made


@route("GET", "customers")
def list_customers(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return not one.get("deleted") and all(
            one[name] == params[name] for name in ("email", "test_clock") if name in params
        )

    return listing(world, params, "customer", "/v1/customers", own="email test_clock", wanted=wanted)


@route("GET", "customers/{}")
def get_customer(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    found = world.store.get("customer", ids[0])
    return {"id": found["id"], "object": "customer", "deleted": True} if found.get("deleted") else found


@route("POST", "customers/{}")
def update_customer(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, CUSTOMER + "expand[] invoice_settings.*")
    found = world.store.get("customer", ids[0])
    fields = {name: params[name] for name in ("email", "name", "phone", "description", "address") if name in params}
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    return world.change(found, "customer.updated", **fields)


@route("DELETE", "customers/{}")
def delete_customer(world: World, params: Object, ids: list[str]) -> Object:
    found = world.store.get("customer", ids[0])
    for one in world.store.all("subscription", ids[0]):
        if one["status"] not in ("canceled", "incomplete_expired"):
            world.end_subscription(one)
    world.ring("customer.deleted", found)
    world.store.save(found | {"deleted": True})
    return {"id": found["id"], "object": "customer", "deleted": True}


def merged(old: Object, new: Any) -> Object:
    """Apply metadata as Stripe does: an empty value takes the name away."""
    if new == "":
        return {}
    both = old | new
    return {name: value for name, value in both.items() if value != ""}
