"""Subscriptions."""

from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import StripeError, invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import DAY, Object
from sandbox.stripe.world import World


@route("POST", "subscriptions")
def create_subscription(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "customer items[].price items[].quantity metadata.* trial_period_days trial_end expand[] payment_behavior "
        "collection_method billing_mode.type trial_settings.end_behavior.missing_payment_method automatic_tax.enabled "
        "default_payment_method off_session discounts[].coupon description",
    )
    if not params.get("customer"):
        raise needs("customer")
    customer = world.store.get("customer", params["customer"], "customer")
    prices = [
        world.store.get("price", entry.get("price", ""), "items[0][price]") for entry in params.get("items") or []
    ]
    if not prices:
        raise needs("items")
    wishes: Object = {"metadata": params.get("metadata")}
    if days := integer(params, "trial_period_days", 0):
        wishes["trial_end"] = world.now(customer["test_clock"]) + days * DAY
    if "trial_end" in params:
        wishes["trial_end"] = integer(params, "trial_end")
    behaviour = (params.get("trial_settings") or {}).get("end_behavior") or {}
    wishes["missing_payment_method"] = behaviour.get("missing_payment_method", "create_invoice")
    return world.subscribe(customer, prices, wishes)


@route("GET", "subscriptions")
def list_subscriptions(world: World, params: Object, _: list[str]) -> Object:
    asked = params.get("status")

    def wanted(one: Object) -> bool:
        if asked == "all":
            return True
        if asked == "ended":
            return one["status"] in ("canceled", "incomplete_expired")
        return one["status"] == asked if asked else one["status"] not in ("canceled", "incomplete_expired")

    def priced(one: Object) -> bool:
        return "price" not in params or params["price"] in [entry["price"]["id"] for entry in one["items"]["data"]]

    own = "customer status price test_clock collection_method"
    return listing(
        world, params, "subscription", "/v1/subscriptions", own=own, wanted=lambda one: wanted(one) and priced(one)
    )


@route("POST", "subscriptions/{}")
def update_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(
        params,
        "cancel_at_period_end cancel_at metadata.* items[].id items[].price items[].quantity proration_behavior expand[] "
        "pause_collection pause_collection.behavior pause_collection.resumes_at trial_end default_payment_method",
    )
    one = world.store.get("subscription", ids[0])
    if one["status"] in ("canceled", "incomplete_expired"):
        raise invalid("id", "A canceled subscription can only update its cancellation_details and metadata.")
    fields = update_fields(world, one, params)
    one = world.change(one, "customer.subscription.updated", **fields)
    if params.get("items"):
        price = world.store.get("price", params["items"][0].get("price", ""), "items[0][price]")
        return world.swap(one, price)
    return one


def update_fields(world: World, one: Object, params: Object) -> Object:
    now, fields = world.now_of(one["customer"]), {}
    if "metadata" in params:
        fields["metadata"] = merged(one["metadata"], params["metadata"])
    if "cancel_at_period_end" in params:
        on = boolean(params, "cancel_at_period_end")
        end = max(entry["current_period_end"] for entry in one["items"]["data"])
        fields |= {"cancel_at_period_end": on, "cancel_at": end if on else None, "canceled_at": now if on else None}
    if "cancel_at" in params:
        at = None if params["cancel_at"] == "" else integer(params, "cancel_at")
        fields |= {"cancel_at": at, "cancel_at_period_end": False, "canceled_at": now if at else None}
    if "pause_collection" in params:
        pause = params["pause_collection"]
        fields["pause_collection"] = None if pause == "" else {"behavior": pause["behavior"], "resumes_at": None}
    if params.get("trial_end") == "now":
        fields |= {"trial_end": now}
    return fields


@route("DELETE", "subscriptions/{}")
def cancel_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "invoice_now prorate expand[] cancellation_details.comment cancellation_details.feedback")
    one = world.store.get("subscription", ids[0])
    if one["status"] == "canceled":
        raise StripeError(404, f"No such subscription: '{ids[0]}'", code="resource_missing", param="id")
    return world.end_subscription(one)


@route("POST", "subscriptions/{}/pause")
def pause_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "type expand[] bill_for.* invoicing_behavior")
    one = world.store.get("subscription", ids[0])
    was = one["status"]
    world.store.save(one | {"status": "paused"})
    one = world.store.get("subscription", ids[0])
    world.ring("customer.subscription.paused", one, {"status": was})
    return one


@route("POST", "subscriptions/{}/resume")
def resume_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "billing_cycle_anchor proration_behavior expand[]")
    one = world.store.get("subscription", ids[0])
    if one["status"] != "paused":
        raise invalid("id", "Only paused subscriptions can be resumed.")
    world.store.save(one | {"status": "active"})
    one = world.store.get("subscription", ids[0])
    world.ring("customer.subscription.resumed", one, {"status": "paused"})
    return one


retrievable("subscriptions", "subscription")
