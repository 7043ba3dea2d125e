"""The Billing Portal: its configurations, and a session made on each click."""

import copy
import time
from typing import Any

from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import StripeError, invalid, missing, needs
from sandbox.stripe.forms import boolean, hold
from sandbox.stripe.shapes import portal
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World

KIND = "billing_portal.configuration"
FLOWS = (
    "customer_update",
    "payment_method_update",
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
)
CANCELLABLE = ("trialing", "active", "past_due", "unpaid", "paused")
FLOW = (
    "flow_data.type flow_data.subscription_cancel.subscription flow_data.subscription_update.subscription "
    "flow_data.subscription_pause.subscription flow_data.subscription_update_confirm.subscription "
    "flow_data.subscription_update_confirm.items[].id flow_data.subscription_update_confirm.items[].price "
    "flow_data.subscription_update_confirm.items[].quantity flow_data.after_completion.* "
)
CONFIGURATION = (
    "name default_return_url metadata.* business_profile.headline business_profile.privacy_policy_url "
    "business_profile.terms_of_service_url login_page.enabled active expand[] features.customer_update.enabled "
    "features.customer_update.allowed_updates[] features.invoice_history.enabled features.payment_method_update.enabled "
    "features.subscription_cancel.enabled features.subscription_cancel.mode features.subscription_cancel.proration_behavior "
    "features.subscription_cancel.cancellation_reason.enabled features.subscription_cancel.cancellation_reason.options[] "
    "features.subscription_pause.enabled features.subscription_pause.duration.type "
    "features.subscription_pause.duration.interval_options[].interval "
    "features.subscription_pause.duration.interval_options[].interval_count "
    "features.subscription_update.enabled features.subscription_update.default_allowed_updates[] "
    "features.subscription_update.proration_behavior features.subscription_update.products[].product "
    "features.subscription_update.products[].prices[] features.subscription_update.schedule_at_period_end.conditions[].type "
    "features.subscription_update.trial_update_behavior features.subscription_update.billing_cycle_anchor "
)


def features_asked(asked: Object, base: Object) -> Object:
    """Read features as Stripe takes them: what is not named stays as in `base`."""
    made = copy.deepcopy(base)
    for name, fields in asked.items():
        for field, value in fields.items():
            made[name][field] = plain(made[name].get(field), value)
    update = made["subscription_update"]
    for product in update.get("products") or []:
        product.setdefault("adjustable_quantity", {"enabled": False, "maximum": None, "minimum": 1})
    return made


def plain(old: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return (old or {}) | {name: plain((old or {}).get(name), inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(None, inner) for inner in value]
    if value in ("true", "false"):
        return value == "true"
    return int(value) if isinstance(value, str) and value.isdigit() else value


def default_configuration(world: World) -> Object:
    """Return the account's own configuration; there always is one."""
    for found in world.store.walk(KIND, {"is_default": 1}):
        return found
    return world.store.save(portal.configuration(world.now(), copy.deepcopy(portal.FEATURES), default=True))


@route("POST", "billing_portal/configurations")
def create_configuration(world: World, params: Object, _: list[str]) -> Object:
    hold(params, CONFIGURATION)
    if not params.get("features"):
        raise needs("features")
    off = copy.deepcopy(portal.FEATURES)
    for feature in off.values():
        feature["enabled"] = False
    default_configuration(world)
    made = portal.configuration(world.now(), features_asked(params["features"], off), **named(params))
    world.store.save(made)
    world.ring("billing_portal.configuration.created", made)
    return made


def named(params: Object) -> Object:
    fields: Object = {name: params.get(name) for name in ("name", "default_return_url", "metadata")}
    blank = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    fields["business_profile"] = blank | params["business_profile"] if params.get("business_profile") else None
    return fields


@route("GET", "billing_portal/configurations")
def list_configurations(world: World, params: Object, _: list[str]) -> Object:
    default_configuration(world)
    return listing(world, params, KIND, "/v1/billing_portal/configurations", own="active is_default")


@route("POST", "billing_portal/configurations/{}")
def update_configuration(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, CONFIGURATION)
    found = world.store.get(KIND, ids[0])
    fields: Object = {name: value for name, value in named(params).items() if value is not None}
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    if "active" in params:
        fields["active"] = boolean(params, "active")
    if params.get("features"):
        fields["features"] = features_asked(params["features"], found["features"])
    return world.change(found, "billing_portal.configuration.updated", updated=world.now(), **fields)


@route("POST", "billing_portal/sessions")
def create_portal_session(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "customer return_url configuration locale expand[] " + FLOW)
    if not params.get("customer"):
        raise needs("customer")
    customer = world.store.get("customer", params["customer"], "customer")
    if customer.get("deleted"):
        raise missing("customer", customer["id"], "customer")
    named_one = params.get("configuration")
    chosen = world.store.get(KIND, named_one, "configuration") if named_one else default_configuration(world)
    check_flow(world, params.get("flow_data"), customer["id"], chosen["features"])
    made = portal.session(world.now(customer["test_clock"]), customer["id"], chosen["id"], world.url, params)
    made |= {"_flow": (params.get("flow_data") or {}).get("type"), "_until": int(time.time()) + 3600}
    world.store.save(made)
    world.ring("billing_portal.session.created", made)
    return made


def check_flow(world: World, flow: Any, customer_id: str, features: Object) -> None:
    """Refuse a flow that leads nowhere, as Stripe does: not allowed by the configuration, or about another's subscription."""
    if not flow:
        return
    kind = flow.get("type")
    if kind not in FLOWS:
        raise invalid("flow_data[type]", f"Invalid flow_data[type]: must be one of {', '.join(FLOWS)}")
    feature = "subscription_update" if kind == "subscription_update_confirm" else kind
    if not features[feature]["enabled"]:
        raise StripeError(
            400,
            f"This feature in the portal is disabled for the current configuration: {feature}.",
            param="flow_data[type]",
        )
    if not kind.startswith("subscription_"):
        return
    details = flow.get(kind) or {}
    if not details.get("subscription"):
        raise needs(f"flow_data[{kind}][subscription]")
    one = world.store.get("subscription", details["subscription"], f"flow_data[{kind}][subscription]")
    if one["customer"] != customer_id:
        raise missing("subscription", one["id"], f"flow_data[{kind}][subscription]")
    if one["status"] not in CANCELLABLE or (kind == "subscription_cancel" and one["cancel_at"]):
        raise StripeError(
            400,
            "This subscription cannot be updated because it is already canceled or set to cancel.",
            param="flow_data",
        )
    if kind == "subscription_update_confirm":
        world.switches(one, details.get("items") or [])


retrievable("billing_portal/configurations", KIND)
