"""Events, webhook endpoints, clocks, the account."""

import secrets

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import anything, listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import API_VERSION, DAY, Object
from sandbox.stripe.world import World


@route("GET", "events")
def list_events(world: World, params: Object, _: list[str]) -> Object:
    types = params.get("types") or ([params["type"]] if params.get("type") else None)
    oldest = world.now() - 30 * DAY

    def wanted(one: Object) -> bool:
        undelivered = one["pending_webhooks"] > 0
        if "delivery_success" in params and boolean(params, "delivery_success") is undelivered:
            return False
        return one["created"] >= oldest and (types is None or one["type"] in types)

    return listing(world, params, "event", "/v1/events", own="type types[] delivery_success", wanted=wanted)


@route("POST", "webhook_endpoints")
def create_endpoint(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "url enabled_events[] api_version description metadata.* expand[]")
    for name in ("url", "enabled_events"):
        if not params.get(name):
            raise needs(name)
    made = shapes.base(
        "webhook_endpoint",
        "we",
        world.now(),
        api_version=params.get("api_version", API_VERSION),
        application=None,
        description=params.get("description"),
        enabled_events=params["enabled_events"],
        metadata=params.get("metadata") or {},
        status="enabled",
        url=params["url"],
    )
    made["_secret"] = f"whsec_{secrets.token_hex(16)}"
    world.store.save(made)
    return made | {"secret": made["_secret"]}


@route("GET", "webhook_endpoints")
def list_endpoints(world: World, params: Object, _: list[str]) -> Object:
    return listing(
        world, params, "webhook_endpoint", "/v1/webhook_endpoints", wanted=lambda one: not one.get("deleted")
    )


@route("DELETE", "webhook_endpoints/{}")
def delete_endpoint(world: World, params: Object, ids: list[str]) -> Object:
    found = world.store.get("webhook_endpoint", ids[0])
    world.store.save(found | {"deleted": True, "status": "disabled"})
    return {"id": ids[0], "object": "webhook_endpoint", "deleted": True}


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
    return world.store.save(made)


@route("GET", "test_helpers/test_clocks")
def list_clocks(world: World, params: Object, _: list[str]) -> Object:
    answer = listing(world, params, "test_helpers.test_clock", "/v1/test_helpers/test_clocks", wanted=anything)
    if not answer["has_more"]:
        answer["data"].append(world.sandbox_clock())
    return answer


@route("GET", "test_helpers/test_clocks/{}")
def get_clock(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    sandbox = world.sandbox_clock()
    return sandbox if ids[0] == sandbox["id"] else world.store.get("test_helpers.test_clock", ids[0])


@route("POST", "test_helpers/test_clocks/{}/advance")
def advance_clock(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "frozen_time expand[]")
    get_clock(world, {}, ids)
    target = integer(params, "frozen_time")
    if target > world.now(ids[0]) + 2 * 366 * DAY:
        raise invalid("frozen_time", "A clock moves at most two years at a time.")
    world.advance(ids[0], target)
    return get_clock(world, {}, ids)


@route("GET", "account")
def get_account(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "expand[]")
    return {
        "id": "acct_sandbox",
        "object": "account",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "payouts_enabled": True,
        "type": "standard",
    }


retrievable("events", "event")
