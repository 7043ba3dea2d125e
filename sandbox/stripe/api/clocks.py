"""Test clocks. The sandbox's own is one of them, and is moved by the same calls."""

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import route
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.terms import DAY, SANDBOX_CLOCK, Object
from sandbox.stripe.world import World


@route("POST", "test_helpers/test_clocks")
def create_clock(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "frozen_time name expand[]")
    made = shapes.base(
        "test_helpers.test_clock",
        "clock",
        world.now(),
        deletes_after=world.now() + 30 * DAY,
        frozen_time=integer(params, "frozen_time"),
        name=params.get("name"),
        status="ready",
        status_details={},
    )
    world.store.save(made)
    world.ring("test_helpers.test_clock.created", made)
    return made


@route("GET", "test_helpers/test_clocks")
def list_clocks(world: World, params: Object, _: list[str]) -> Object:
    answer = listing(
        world,
        params,
        "test_helpers.test_clock",
        "/v1/test_helpers/test_clocks",
        wanted=lambda one: not one.get("deleted"),
    )
    if not answer["has_more"]:
        answer["data"].append(world.sandbox_clock())
    return answer


@route("GET", "test_helpers/test_clocks/{}")
def get_clock(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    if ids[0] == SANDBOX_CLOCK:
        return world.sandbox_clock()
    found = world.store.get("test_helpers.test_clock", ids[0])
    if found.get("deleted"):
        raise missing("test_clock", ids[0])
    return found


@route("POST", "test_helpers/test_clocks/{}/advance")
def advance_clock(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "frozen_time expand[]")
    get_clock(world, {}, ids)
    target = integer(params, "frozen_time")
    if target > world.furthest(ids[0]):
        raise invalid(
            "frozen_time",
            "You can only advance two intervals of the clock's shortest subscription at a time, or two years.",
        )
    world.advance(ids[0], target)
    return get_clock(world, {}, ids)


@route("DELETE", "test_helpers/test_clocks/{}")
def delete_clock(world: World, params: Object, ids: list[str]) -> Object:
    """A clock takes its customers along, and their subscriptions end."""
    if ids[0] == SANDBOX_CLOCK:
        raise invalid("id", "The sandbox's own clock cannot be deleted.")
    found = world.store.get("test_helpers.test_clock", ids[0])
    for customer in world.store.all("customer", test_clock=ids[0]):
        for one in world.store.all("subscription", customer["id"]):
            if not world.is_over(one):
                world.end_subscription(one)
        world.store.save(world.store.get("customer", customer["id"]) | {"deleted": True})
        world.ring("customer.deleted", customer)
    world.ring("test_helpers.test_clock.deleted", found)
    world.store.save(found | {"deleted": True})
    return {"id": ids[0], "object": "test_helpers.test_clock", "deleted": True}
