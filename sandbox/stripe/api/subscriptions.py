"""Subscriptions."""

from sandbox.stripe.api.customers import coupons_asked, merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import StripeError, invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import DAY, Object, period_end
from sandbox.stripe.world import World

DISCOUNTS = "discounts discounts[].coupon discounts[].promotion_code discounts[].discount "
CREATE = (
    "customer items[].price items[].quantity metadata.* trial_period_days trial_end expand[] payment_behavior currency "
    "collection_method billing_mode.type trial_settings.end_behavior.missing_payment_method automatic_tax.enabled "
    "default_payment_method off_session description payment_settings.save_default_payment_method " + DISCOUNTS
)
UPDATE = (
    "cancel_at_period_end cancel_at metadata.* items[].id items[].price items[].quantity items[].deleted proration_behavior "
    "payment_behavior expand[] pause_collection pause_collection.behavior pause_collection.resumes_at trial_end "
    "default_payment_method description automatic_tax.enabled cancellation_details.comment cancellation_details.feedback "
    + DISCOUNTS
)


@route("POST", "subscriptions")
def create_subscription(world: World, params: Object, _: list[str]) -> Object:
    hold(params, CREATE)
    if not params.get("customer"):
        raise needs("customer")
    customer = world.store.get("customer", params["customer"], "customer")
    bought = []
    for entry in params.get("items") or []:
        price = world.store.get("price", entry.get("price", ""), "items[0][price]")
        if not price["active"]:
            raise invalid("items[0][price]", "The price specified is inactive. This field only accepts active prices.")
        bought.append((price, integer(entry, "quantity", 1, low=0)))
    if not bought:
        raise needs("items")
    wishes: Object = {"metadata": params.get("metadata"), "behavior": params.get("payment_behavior")}
    wishes |= {"description": params.get("description"), "currency": params.get("currency")}
    wishes["tax"] = (params.get("automatic_tax") or {}).get("enabled") == "true"
    wishes["discounts"] = coupons_asked(world, params.get("discounts") or [])
    if params.get("default_payment_method"):
        wishes["method"] = world.method(params["default_payment_method"], "default_payment_method")["id"]
    if days := integer(params, "trial_period_days", 0):
        wishes["trial_end"] = world.now(customer["test_clock"]) + days * DAY
    if "trial_end" in params:
        wishes["trial_end"] = integer(params, "trial_end")
    behaviour = (params.get("trial_settings") or {}).get("end_behavior") or {}
    wishes["missing_payment_method"] = behaviour.get("missing_payment_method", "create_invoice")
    return world.subscribe(customer, bought, wishes)


@route("GET", "subscriptions")
def list_subscriptions(world: World, params: Object, _: list[str]) -> Object:
    asked = params.get("status")

    def wanted(one: Object) -> bool:
        over = one["status"] in ("canceled", "incomplete_expired")
        right = over if asked == "ended" else not over if not asked else True
        priced = "price" not in params or params["price"] in [entry["price"]["id"] for entry in one["items"]["data"]]
        return right and priced

    plain = asked not in ("all", "ended", None)
    own = (
        "customer status price test_clock collection_method" if plain else "customer price test_clock collection_method"
    )
    shown = params if plain else {name: value for name, value in params.items() if name != "status"}
    return listing(
        world,
        shown,
        "subscription",
        "/v1/subscriptions",
        own=own,
        wanted=wanted if not plain or "price" in params else None,
    )


@route("POST", "subscriptions/{}")
def update_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, UPDATE)
    one = world.store.get("subscription", ids[0])
    if one["status"] in ("canceled", "incomplete_expired") and set(params) - {
        "metadata",
        "cancellation_details",
        "expand",
    }:
        raise invalid("id", "A canceled subscription can only update its cancellation_details and metadata.")
    ends_trial = params.get("trial_end") == "now" and one["status"] == "trialing"
    one = world.change(one, "customer.subscription.updated", **update_fields(world, one, params))
    if ends_trial:
        for entry in one["items"]["data"]:
            entry["current_period_end"] = world.now_at(one)
        world.renew(world.store.save(one))
        return world.store.get("subscription", ids[0])
    if params.get("items"):
        one = change_items(world, one, params)
    return one


def change_items(world: World, one: Object, params: Object) -> Object:
    gone = [entry["id"] for entry in params["items"] if entry.get("deleted") == "true"]
    if gone:
        kept = [entry for entry in one["items"]["data"] if entry["id"] not in gone]
        if not kept:
            raise invalid("items", "A subscription must have at least one active plan.")
        one = world.change(one, "customer.subscription.updated", items=one["items"] | {"data": kept})
    switches = world.switches(one, params["items"])
    if not switches:
        return one
    pending = params.get("payment_behavior") == "pending_if_incomplete"
    changed = world.swap(
        one, switches=switches, proration=params.get("proration_behavior", "create_prorations"), pending=pending
    )
    invoice = world.store.find("invoice", changed["latest_invoice"])
    if params.get("payment_behavior") == "error_if_incomplete" and invoice and invoice["status"] == "open":
        raise StripeError(400, "Your card was declined.", code="card_declined", type_="card_error")
    return changed


def update_fields(world: World, one: Object, params: Object) -> Object:
    now, fields = world.now_at(one), {name: params[name] for name in ("description",) if name in params}
    if "metadata" in params:
        fields["metadata"] = merged(one["metadata"], params["metadata"])
    if "cancel_at_period_end" in params:
        on = boolean(params, "cancel_at_period_end")
        end = period_end(one) if on else None
        fields |= {"cancel_at_period_end": on, "cancel_at": end, "canceled_at": now if on else None}
    if "cancel_at" in params:
        at = None if params["cancel_at"] == "" else integer(params, "cancel_at")
        fields |= {"cancel_at": at, "cancel_at_period_end": False, "canceled_at": now if at else None}
    if "cancellation_details" in params:
        fields["cancellation_details"] = one["cancellation_details"] | params["cancellation_details"]
    if "pause_collection" in params:
        fields["pause_collection"] = collection_paused(params["pause_collection"])
    if params.get("trial_end") == "now":
        fields |= {"trial_end": now}
    elif params.get("trial_end"):
        fields |= {"trial_end": integer(params, "trial_end")}
    if "default_payment_method" in params:
        method = world.method(params["default_payment_method"], "default_payment_method")["id"]
        fields |= {"default_payment_method": method, "_method": method}
    if "automatic_tax" in params:
        fields["automatic_tax"] = one["automatic_tax"] | {"enabled": params["automatic_tax"]["enabled"] == "true"}
    if "discounts" in params:
        asked = coupons_asked(world, params["discounts"] or [])
        made = [
            world.discount_with(coupon, now, customer=one["customer"], subscription=one["id"], **links)
            for coupon, links in asked
        ]
        fields["discounts"] = [discount["id"] for discount in made]
    return fields


def collection_paused(pause: Object | str) -> Object | None:
    if pause == "" or isinstance(pause, str):
        return None
    if pause.get("behavior") not in ("keep_as_draft", "mark_uncollectible", "void"):
        raise invalid(
            "pause_collection[behavior]", "Invalid behavior: must be one of keep_as_draft, mark_uncollectible, or void"
        )
    return {"behavior": pause["behavior"], "resumes_at": integer(pause, "resumes_at", 0) or None}


@route("DELETE", "subscriptions/{}")
def cancel_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "invoice_now prorate expand[] cancellation_details.comment cancellation_details.feedback")
    one = world.store.get("subscription", ids[0])
    if world.is_over(one):
        raise StripeError(404, f"No such subscription: '{ids[0]}'", code="resource_missing", param="id")
    one["cancellation_details"] = one["cancellation_details"] | (params.get("cancellation_details") or {})
    return world.end_subscription(one)


@route("POST", "subscriptions/{}/pause")
def pause_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(
        params,
        "type expand[] bill_for.outstanding_usage_through.type bill_for.unused_time_from.type invoicing_behavior",
    )
    if params.get("type", "subscription") != "subscription":
        raise invalid("type", "Invalid type: must be subscription")
    unused = ((params.get("bill_for") or {}).get("unused_time_from") or {}).get("type", "now")
    now = params.get("invoicing_behavior", "pending_invoice_item") == "invoice"
    return world.pause_on_request(world.store.get("subscription", ids[0]), credit=unused != "none", bill_now=now)


@route("POST", "subscriptions/{}/resume")
def resume_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(
        params,
        "billing_cycle_anchor billing_cycle_anchor.type proration_behavior proration_date payment_behavior expand[]",
    )
    anchor = params.get("billing_cycle_anchor") or "now"
    kind = anchor.get("type") if isinstance(anchor, dict) else anchor
    wait = params.get("payment_behavior") == "resume_on_payment_success"
    return world.resume(world.store.get("subscription", ids[0]), unchanged=kind == "unchanged", wait=wait)


retrievable("subscriptions", "subscription")
