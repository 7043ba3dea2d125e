"""Endpoints about what was sold: subscriptions, invoices, payments, refunds, events, webhook endpoints, clocks."""

import secrets
from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.api import anything, listing, merged, route
from sandbox.stripe.errors import StripeError, invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import API_VERSION, DAY
from sandbox.stripe.world import World

Object = dict[str, Any]


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


@route("GET", "subscriptions/{}")
def get_subscription(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("subscription", ids[0])


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


# --- Invoices and money -----------------------------------------------------------------------


@route("GET", "invoices")
def list_invoices(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        details = (one["parent"] or {}).get("subscription_details") or {}
        right = "subscription" not in params or details.get("subscription") == params["subscription"]
        return right and ("status" not in params or one["status"] == params["status"])

    own = "customer subscription status collection_method"
    return listing(world, params, "invoice", "/v1/invoices", own=own, wanted=wanted)


@route("GET", "invoices/{}")
def get_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("invoice", ids[0])


@route("POST", "invoices/{}/pay")
def pay_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[] paid_out_of_band payment_method off_session")
    invoice = world.store.get("invoice", ids[0])
    if invoice["status"] in ("paid", "void"):
        raise invalid("invoice", f"Invoice is already {invoice['status']}.")
    if not world.try_to_pay(invoice):
        raise StripeError(402, "Your card was declined.", code="card_declined", type_="card_error")
    return world.store.get("invoice", ids[0])


@route("POST", "invoices/{}/void")
def void_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.void(world.store.get("invoice", ids[0]))


@route("GET", "invoice_payments")
def list_invoice_payments(world: World, params: Object, _: list[str]) -> Object:
    asked = params.get("payment") or {}

    def wanted(one: Object) -> bool:
        right = "payment_intent" not in asked or one["payment"]["payment_intent"] == asked["payment_intent"]
        return right and ("invoice" not in params or one["invoice"] == params["invoice"])

    own = "invoice status payment.type payment.payment_intent"
    return listing(world, params, "invoice_payment", "/v1/invoice_payments", own=own, wanted=wanted)


@route("GET", "payment_intents/{}")
def get_payment_intent(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("payment_intent", ids[0])


@route("GET", "payment_intents")
def list_payment_intents(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "payment_intent", "/v1/payment_intents", own="customer", wanted=anything)


@route("GET", "charges/{}")
def get_charge(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("charge", ids[0])


@route("GET", "charges")
def list_charges(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return "payment_intent" not in params or one["payment_intent"] == params["payment_intent"]

    return listing(world, params, "charge", "/v1/charges", own="customer payment_intent", wanted=wanted)


@route("POST", "refunds")
def create_refund(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "charge payment_intent amount reason metadata.* expand[]")
    if params.get("charge"):
        charge = world.store.get("charge", params["charge"], "charge")
    elif params.get("payment_intent"):
        intent = world.store.get("payment_intent", params["payment_intent"], "payment_intent")
        charge = world.store.get("charge", intent["latest_charge"])
    else:
        raise needs("charge")
    left = charge["amount"] - charge["amount_refunded"]
    amount = integer(params, "amount", left, low=1)
    if amount > left:
        raise invalid("amount", f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).")
    return world.refund(charge, amount, params)


@route("GET", "refunds")
def list_refunds(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return all(one[name] == params[name] for name in ("charge", "payment_intent") if name in params)

    return listing(world, params, "refund", "/v1/refunds", own="charge payment_intent", wanted=wanted)


@route("GET", "refunds/{}")
def get_refund(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("refund", ids[0])


@route("GET", "disputes/{}")
def get_dispute(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("dispute", ids[0])


@route("GET", "disputes")
def list_disputes(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return all(one[name] == params[name] for name in ("charge", "payment_intent") if name in params)

    return listing(world, params, "dispute", "/v1/disputes", own="charge payment_intent", wanted=wanted)


# --- Events, endpoints, clocks, the account ---------------------------------------------------


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


@route("GET", "events/{}")
def get_event(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("event", ids[0])


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
