"""Events, webhook endpoints, the account."""

import secrets
from fnmatch import fnmatchcase

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import missing, needs
from sandbox.stripe.forms import boolean, hold
from sandbox.stripe.terms import API_VERSION, DAY, Object
from sandbox.stripe.world import World


@route("GET", "events")
def list_events(world: World, params: Object, _: list[str]) -> Object:
    types = params.get("types") or ([params["type"]] if params.get("type") else None)
    plain = [name for name in types or [] if not name.endswith("*")]
    oldest = world.now() - 30 * DAY

    def wanted(one: Object) -> bool:
        undelivered = one["pending_webhooks"] > 0
        if "delivery_success" in params and boolean(params, "delivery_success") is undelivered:
            return False
        named = types is None or any(fnmatchcase(one["type"], pattern) for pattern in types)
        return one["created"] >= oldest and named

    filters = {"type": plain} if types and len(plain) == len(types) else {}
    shown = {name: value for name, value in params.items() if name != "type"}
    return listing(world, shown, "event", "/v1/events", own="types[] delivery_success", wanted=wanted, filters=filters)


@route("GET", "events/{}")
def get_event(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    found = world.store.get("event", ids[0])
    if found["created"] < world.now() - 30 * DAY:
        raise missing("event", ids[0])
    return found


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


@route("POST", "webhook_endpoints/{}")
def update_endpoint(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "url enabled_events[] description disabled metadata.* expand[]")
    found = world.store.get("webhook_endpoint", ids[0])
    fields = {name: params[name] for name in ("url", "enabled_events", "description") if name in params}
    if "disabled" in params:
        fields["status"] = "disabled" if boolean(params, "disabled") else "enabled"
    return world.change(found, None, **fields)


@route("DELETE", "webhook_endpoints/{}")
def delete_endpoint(world: World, params: Object, ids: list[str]) -> Object:
    found = world.store.get("webhook_endpoint", ids[0])
    world.store.save(found | {"deleted": True, "status": "disabled"})
    return {"id": ids[0], "object": "webhook_endpoint", "deleted": True}


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


retrievable("webhook_endpoints", "webhook_endpoint")
