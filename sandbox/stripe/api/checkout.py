"""Checkout sessions and portal sessions."""

import time

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import PAGING, listing, session_lines
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import StripeError, invalid, missing, needs
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.terms import DAY, SANDBOX_CLOCK, Object
from sandbox.stripe.world import World

SESSION = (
    "mode customer customer_email client_reference_id success_url cancel_url locale expires_at ui_mode submit_type "
    "line_items[].price line_items[].quantity metadata.* allow_promotion_codes automatic_tax.enabled expand[] "
    "customer_update.address customer_update.name customer_update.shipping billing_address_collection "
    "payment_method_collection tax_id_collection.enabled discounts[].coupon discounts[].promotion_code "
    "consent_collection.terms_of_service customer_creation adaptive_pricing.enabled "
    "subscription_data.metadata.* subscription_data.trial_period_days subscription_data.trial_end "
    "subscription_data.description subscription_data.billing_mode.type "
    "subscription_data.trial_settings.end_behavior.missing_payment_method "
    "payment_intent_data.metadata.* payment_intent_data.description payment_intent_data.receipt_email "
    "invoice_creation.enabled invoice_creation.invoice_data.metadata.* "
)
FLOW = "flow_data.type flow_data.subscription_cancel.subscription flow_data.subscription_update.subscription "


@route("POST", "checkout/sessions")
def create_session(world: World, params: Object, _: list[str]) -> Object:
    if "payment_method_types" in params:
        raise StripeError(
            400,
            "payment_method_types is no longer supported on Checkout Sessions.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    hold(params, SESSION)
    for name in ("mode", "line_items", "success_url"):
        if not params.get(name):
            raise needs(name)
    if params["mode"] not in ("payment", "subscription"):
        raise invalid("mode", "This stand-in sells subscriptions and one-off payments.")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("ui_mode", "Invalid ui_mode: must be one of embedded_page, elements, form, or hosted_page")
    customer = world.store.get("customer", params["customer"], "customer") if params.get("customer") else None
    if customer and customer.get("deleted"):
        raise missing("customer", customer["id"], "customer")
    if (params.get("automatic_tax") or {}).get("enabled") == "true" and customer and not params.get("customer_update"):
        raise invalid("automatic_tax", "Automatic tax with an existing customer needs customer_update[address].")
    now = world.now(customer["test_clock"] if customer else SANDBOX_CLOCK)
    session = shapes.checkout_session(now, params, world.url)
    if not now + 30 * 60 - 60 <= session["expires_at"] <= now + DAY + 60:
        raise invalid("expires_at", "The expires_at timestamp must be between 30 minutes and 24 hours from now.")
    fill_session(world, session, params)
    return world.store.save(session)


def fill_session(world: World, session: Object, params: Object) -> None:
    rows, mode = [], params["mode"]
    for row in params["line_items"]:
        price = world.store.get("price", row.get("price", ""), "line_items[0][price]")
        if not price["active"]:
            raise invalid(
                "line_items[0][price]", "The price specified is inactive. This field only accepts active prices."
            )
        if mode == "payment" and price["recurring"]:
            raise invalid("line_items[0][price]", "You must use `subscription` mode when you pass a recurring price.")
        quantity = integer(row, "quantity", 1, low=1)
        rows.append({"price": price["id"], "quantity": quantity, "amount": price["unit_amount"] * quantity})
    if mode == "subscription" and not any(world.store.get("price", row["price"])["recurring"] for row in rows):
        raise invalid("line_items", "You must pass at least one recurring price in subscription mode.")
    of_subscription, of_payment = params.get("subscription_data") or {}, params.get("payment_intent_data") or {}
    behaviour = (of_subscription.get("trial_settings") or {}).get("end_behavior") or {}
    total = sum(row["amount"] for row in rows)
    session |= {
        "_items": rows,
        "_subscription": of_subscription.get("metadata") or {},
        "_intent": of_payment.get("metadata") or {},
        "_trial_days": integer(of_subscription, "trial_period_days", 0, low=1) if of_subscription else 0,
        "_missing": behaviour.get("missing_payment_method", "create_invoice"),
        "_invoice": (params.get("invoice_creation") or {}).get("enabled") == "true",
        "amount_subtotal": total,
        "amount_total": total,
        "currency": world.store.get("price", rows[0]["price"])["currency"],
    }


@route("GET", "checkout/sessions")
def list_sessions(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return all(one[name] == params[name] for name in ("subscription", "payment_intent", "status") if name in params)

    own = "customer subscription payment_intent status customer_details.email"
    return listing(world, params, "checkout.session", "/v1/checkout/sessions", own=own, wanted=wanted)


@route("GET", "checkout/sessions/{}/line_items")
def get_session_lines(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, PAGING)
    return session_lines(world, world.store.get("checkout.session", ids[0]))


@route("POST", "checkout/sessions/{}/expire")
def expire_session(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    session = world.store.get("checkout.session", ids[0])
    if session["status"] != "open":
        raise invalid(
            "session",
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.',
        )
    return world.expire_session(session)


@route("POST", "billing_portal/sessions")
def create_portal_session(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "customer return_url configuration locale expand[] " + FLOW + "flow_data.after_completion.*")
    if not params.get("customer"):
        raise needs("customer")
    customer = world.store.get("customer", params["customer"], "customer")
    if customer.get("deleted"):
        raise missing("customer", customer["id"], "customer")
    made = shapes.base(
        "billing_portal.session",
        "bps",
        world.now(),
        configuration="bpc_sandbox",
        customer=customer["id"],
        customer_account=None,
        flow=None,
        locale=params.get("locale"),
        on_behalf_of=None,
        return_url=params.get("return_url"),
    )
    made["_flow"] = (params.get("flow_data") or {}).get("type")
    made["_until"] = int(time.time()) + 3600
    made["url"] = f"{world.url}/p/session/{made['id']}"
    return world.store.save(made)


retrievable("checkout/sessions", "checkout.session")
