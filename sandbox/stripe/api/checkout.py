"""Checkout sessions."""

from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.api.customers import coupons_asked
from sandbox.stripe.api.lists import PAGING, listing, session_lines
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.api.versions import refuse_old_types
from sandbox.stripe.errors import invalid, missing, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import DAY, SANDBOX_CLOCK, Object
from sandbox.stripe.world import World

SESSION = (
    "mode customer customer_email client_reference_id success_url cancel_url locale expires_at ui_mode submit_type currency "
    "line_items[].price line_items[].quantity metadata.* allow_promotion_codes automatic_tax.enabled expand[] "
    "customer_update.address customer_update.name customer_update.shipping billing_address_collection "
    "payment_method_collection tax_id_collection.enabled discounts[].coupon discounts[].promotion_code payment_method_types[] "
    "consent_collection.terms_of_service customer_creation adaptive_pricing.enabled after_expiration.recovery.enabled "
    "subscription_data.metadata.* subscription_data.trial_period_days subscription_data.trial_end "
    "subscription_data.description subscription_data.billing_mode.type "
    "subscription_data.trial_settings.end_behavior.missing_payment_method "
    "payment_intent_data.metadata.* payment_intent_data.description payment_intent_data.receipt_email "
    "payment_intent_data.shipping.* payment_intent_data.setup_future_usage saved_payment_method_options.payment_method_save "
    "invoice_creation.enabled invoice_creation.invoice_data.metadata.* excluded_payment_method_types[] allowed_payment_method_types[] "
)
UI_MODES = ("hosted_page",)
TRIAL_AT_LEAST = 2 * DAY


@route("POST", "checkout/sessions")
def create_session(world: World, params: Object, _: list[str]) -> Object:
    refuse_old_types(world, params, "Checkout Sessions")
    hold(params, SESSION)
    for name in ("mode", "line_items", "success_url"):
        if not params.get(name):
            raise needs(name)
    if params["mode"] not in ("payment", "subscription"):
        raise invalid("mode", "This stand-in sells subscriptions and one-off payments.")
    if params.get("ui_mode", "hosted_page") not in UI_MODES:
        raise invalid("ui_mode", "Invalid ui_mode: must be one of embedded_page, elements, form, or hosted_page")
    customer = world.store.get("customer", params["customer"], "customer") if params.get("customer") else None
    if customer and customer.get("deleted"):
        raise missing("customer", customer["id"], "customer")
    hold_together(params, customer)
    now = world.now(customer["test_clock"] if customer else SANDBOX_CLOCK)
    session = shapes.checkout_session(now, params, world.url)
    if not now + 30 * 60 - 60 <= session["expires_at"] <= now + DAY + 60:
        raise invalid("expires_at", "The expires_at timestamp must be between 30 minutes and 24 hours from now.")
    fill_session(world, session, params, customer)
    keep_wishes(session, params)
    check_trial(session, now)
    return world.store.save(world.price_session(session))


def hold_together(params: Object, customer: Object | None) -> None:
    """Refuse what Stripe says may not be asked together."""
    if customer and params.get("customer_email"):
        raise invalid("customer_email", "You may only specify one of these parameters: customer, customer_email.")
    if params.get("discounts") and params.get("allow_promotion_codes"):
        raise invalid("discounts", "You may only specify one of these parameters: allow_promotion_codes, discounts.")
    if params.get("customer_creation") and (customer or params["mode"] == "subscription"):
        raise invalid("customer_creation", "`customer_creation` can only be used in `payment` mode without a customer.")
    if params.get("customer_update") and not customer:
        raise invalid("customer_update", "`customer_update` can only be used with `customer`.")
    update = params.get("customer_update") or {}
    for asked, of in (("automatic_tax", "address"), ("tax_id_collection", "name")):
        if (params.get(asked) or {}).get("enabled") == "true" and customer and update.get(of) != "auto":
            raise invalid(asked, f"{asked} with an existing customer needs customer_update[{of}].")
    for name, mode in (
        ("subscription_data", "subscription"),
        ("payment_intent_data", "payment"),
        ("invoice_creation", "payment"),
    ):
        if params.get(name) and params["mode"] != mode:
            raise invalid(name, f"You can not pass `{name}` in `{params['mode']}` mode.")
    if params.get("payment_method_collection") and params["mode"] != "subscription":
        raise invalid(
            "payment_method_collection", "You can only set `payment_method_collection` in `subscription` mode."
        )


def fill_session(world: World, session: Object, params: Object, customer: Object | None) -> None:
    """Put the basket together, in one currency: the one asked for, the customer's, or the first price's."""
    prices = [
        (world.store.get("price", row.get("price", ""), "line_items[0][price]"), row) for row in params["line_items"]
    ]
    known = customer and customer["currency"] if params["mode"] == "subscription" else None
    currency = (params.get("currency") or "").lower() or prices[0][0]["currency"]
    if known and not params.get("currency") and all(shapes.amount_in(price, known) is not None for price, _ in prices):
        currency = known
    rows = []
    for price, row in prices:
        if not price["active"]:
            raise invalid(
                "line_items[0][price]", "The price specified is inactive. This field only accepts active prices."
            )
        if params["mode"] == "payment" and price["recurring"]:
            raise invalid("line_items[0][price]", "You must use `subscription` mode when you pass a recurring price.")
        each, quantity = shapes.amount_in(price, currency), integer(row, "quantity", 1, low=1)
        if each is None:
            raise invalid(
                "line_items", "All prices must have the session's currency, in itself or in its currency_options."
            )
        rows.append({"price": price["id"], "quantity": quantity, "amount": each * quantity})
    if params["mode"] == "subscription" and not any(price["recurring"] for price, _ in prices):
        raise invalid("line_items", "You must pass at least one recurring price in subscription mode.")
    session |= {"_items": rows, "amount_subtotal": sum(row["amount"] for row in rows), "currency": currency}
    session["discounts"] = [
        {"coupon": None if links["promotion_code"] else coupon["id"], "promotion_code": links["promotion_code"]}
        for coupon, links in coupons_asked(world, params.get("discounts") or [])
    ]
    session |= {"_known": customer is not None, "_country": ((customer or {}).get("address") or {}).get("country")}


def keep_wishes(session: Object, params: Object) -> None:
    """Keep what is done once the buyer has paid."""
    subscription: Any = params.get("subscription_data") or {}
    payment: Any = params.get("payment_intent_data") or {}
    behaviour = (subscription.get("trial_settings") or {}).get("end_behavior") or {}
    creation = params.get("invoice_creation") or {}
    session |= {
        "_subscription": subscription.get("metadata") or {},
        "_description": subscription.get("description"),
        "_intent": payment.get("metadata") or {},
        "_trial_days": integer(subscription, "trial_period_days", 0, low=1) if subscription else 0,
        "_trial_end": integer(subscription, "trial_end", 0) if subscription else 0,
        "_missing": behaviour.get("missing_payment_method", "create_invoice"),
        "_invoice_metadata": (creation.get("invoice_data") or {}).get("metadata") or {},
        "_update": params.get("customer_update") or {},
        "_asks_tax_id": boolean(params.get("tax_id_collection") or {}, "enabled"),
    }


def check_trial(session: Object, now: int) -> None:
    if session["_trial_end"]:
        if session["_trial_end"] < now + TRIAL_AT_LEAST - 60:
            raise invalid("subscription_data[trial_end]", "The trial_end date has to be at least 2 days in the future.")
        session["_trial_days"] = max(1, round((session["_trial_end"] - now) / DAY))
    if session["_missing"] not in ("cancel", "create_invoice", "pause"):
        raise invalid("subscription_data[trial_settings]", "Invalid missing_payment_method.")


@route("GET", "checkout/sessions")
def list_sessions(world: World, params: Object, _: list[str]) -> Object:
    email = (params.get("customer_details") or {}).get("email")

    def wanted(one: Object) -> bool:
        return email is None or (one["customer_details"] or {}).get("email") == email

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


@route("GET", "payment_pages/{}")
def get_payment_page(world: World, params: Object, ids: list[str]) -> Object:
    """What Stripe's own page asks about a session. Not of the public API: the Stripe CLI pays sessions through it."""
    hold(params, "expand[]")
    session = world.store.get("checkout.session", ids[0])
    return {
        "id": ids[0],
        "object": "checkout.session",
        "status": session["status"],
        "amount_total": session["amount_total"],
    }


@route("POST", "payment_pages/{}/confirm")
def confirm_payment_page(world: World, params: Object, ids: list[str]) -> Object:
    """Pay a session as its page does. Not of the public API either."""
    hold(params, "payment_method expected_amount expand[]")
    session = world.store.get("checkout.session", ids[0])
    if session["status"] != "open":
        raise invalid("session", f"This session is {session['status']}.")
    if integer(params, "expected_amount", session["amount_total"]) != session["amount_total"]:
        raise invalid("expected_amount", "The amount has changed.")
    method = world.method(params.get("payment_method", ""))
    details = method["billing_details"]
    country = (details["address"] or {}).get("country", "")
    return world.complete_session(
        session,
        email=details["email"] or "",
        name=details["name"] or "",
        country=country,
        card=method["_card"],
        confirmed=True,
    )


retrievable("checkout/sessions", "checkout.session")
