"""The REST endpoints that the site and its tests use. What is not here answers 404; a parameter that is not named here answers 400."""

import re
import time
from collections.abc import Callable
from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError, invalid, missing, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import DAY, SANDBOX_CLOCK, public
from sandbox.stripe.world import World

Object = dict[str, Any]
Handler = Callable[[World, Object, list[str]], Object]
PAGING = "limit starting_after ending_before expand[] "
CREATED = "created.gt created.gte created.lt created.lte created "
CUSTOMER = "email name phone description metadata.* address.* preferred_locales[] "
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler; `{}` in the path stands for an id."""
    pattern = re.compile("/v1/" + path.replace("{}", "([^/]+)"))

    def registered(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return registered


def answer(world: World, method: str, path: str, params: Object) -> Object:
    """Return the public form of what this call gives. Raises StripeError."""
    for known, pattern, handler in ROUTES:
        found = pattern.fullmatch(path)
        if found and known == method:
            expand = params.get("expand") or []
            body = handler(world, params, list(found.groups()))
            for steps in expand:
                body = expanded(world, body, str(steps).split("."))
            return dict(public(body))
    raise StripeError(404, f"Unrecognized request URL ({method}: {path}).", code="url_invalid")


# --- Lists and expansion ----------------------------------------------------------------------

KINDS = {
    "customer": "customer",
    "subscription": "subscription",
    "latest_invoice": "invoice",
    "invoice": "invoice",
    "payment_intent": "payment_intent",
    "latest_charge": "charge",
    "charge": "charge",
    "product": "product",
}


def expanded(world: World, body: Any, steps: list[str]) -> Any:
    if not steps or body is None:
        return body
    if isinstance(body, list):
        return [expanded(world, entry, steps) for entry in body]
    head, rest = steps[0], steps[1:]
    if head == "line_items" and body["object"] == "checkout.session":
        return body | {"line_items": session_lines(world, body)}
    if head not in body:
        raise StripeError(400, f"This property cannot be expanded ({head}).", param="expand")
    value = body[head]
    if isinstance(value, str) and head in KINDS:
        value = world.store.find(KINDS[head], value) or value
    return body | {head: expanded(world, value, rest)}


def listing(
    world: World, params: Object, kind: str, url: str, *, own: str = "", wanted: Callable[[Object], bool]
) -> Object:
    """Answer one page of a list, newest first, with Stripe's paging."""
    hold(params, PAGING + CREATED + own)
    limit = integer(params, "limit", 10, low=1)
    if limit > 100:
        raise invalid("limit", "This value must be less than or equal to 100.")
    found = [
        one for one in world.store.all(kind, params.get("customer")) if wanted(one) and created_within(one, params)
    ]
    ids = [one["id"] for one in found]
    if after := params.get("starting_after"):
        found = found[position(ids, after, kind, "starting_after") + 1 :]
    elif before := params.get("ending_before"):
        found = found[: position(ids, before, kind, "ending_before")][-limit:]
    return shapes.page(found[:limit], url, more=len(found) > limit)


def anything(one: Object) -> bool:
    """Want every object of a list."""
    return True


def position(ids: list[str], identifier: str, kind: str, param: str) -> int:
    if identifier not in ids:
        raise missing(kind, identifier, param)
    return ids.index(identifier)


def created_within(one: Object, params: Object) -> bool:
    bounds = params.get("created") or {}
    if isinstance(bounds, str):
        return one["created"] == int(bounds)
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return all(tests[name](one["created"], int(value)) for name, value in bounds.items())


# --- Customers, products, prices --------------------------------------------------------------


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


@route("POST", "products")
def create_product(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "name description active metadata.* images[] tax_code expand[] id default_price_data.*")
    if not params.get("name"):
        raise needs("name")
    made = shapes.product(world.now(), params)
    made["id"] = params.get("id") or made["id"]
    world.store.save(made)
    world.ring("product.created", made)
    return made


@route("GET", "products")
def list_products(world: World, params: Object, _: list[str]) -> Object:
    return listing(
        world, params, "product", "/v1/products", own="active ids[]", wanted=lambda one: active_as_asked(one, params)
    )


def active_as_asked(one: Object, params: Object) -> bool:
    return "active" not in params or one["active"] == boolean(params, "active")


@route("GET", "products/{}")
def get_product(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("product", ids[0])


@route("POST", "products/{}")
def update_product(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "name description active metadata.* images[] expand[]")
    return updated(world, "product", ids[0], params, ("name", "description", "images"))


def updated(world: World, kind: str, identifier: str, params: Object, plain: tuple[str, ...]) -> Object:
    found = world.store.get(kind, identifier)
    fields: Object = {name: params[name] for name in plain if name in params}
    if "active" in params:
        fields["active"] = boolean(params, "active")
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    if kind == "product":
        fields["updated"] = world.now()
    return world.change(found, f"{kind}.updated", **fields)


@route("POST", "prices")
def create_price(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "currency unit_amount active product product_data.* lookup_key nickname metadata.* tax_behavior expand[] "
        "recurring.interval recurring.interval_count recurring.usage_type",
    )
    if not params.get("currency"):
        raise needs("currency")
    if params.get("recurring") and params["recurring"].get("interval") not in ("day", "week", "month", "year"):
        raise invalid("recurring[interval]", "Invalid recurring[interval]: must be one of day, month, week, or year")
    if "product_data" in params:
        params["product"] = create_product(world, params["product_data"], [])["id"]
    world.store.get("product", params.get("product", ""), "product")
    made = world.store.save(shapes.price(world.now(), params, integer(params, "unit_amount")))
    world.ring("price.created", made)
    return made


@route("GET", "prices")
def list_prices(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        keys = params.get("lookup_keys")
        plain = all(one[name] == params[name] for name in ("product", "currency", "type") if name in params)
        return plain and active_as_asked(one, params) and (keys is None or one["lookup_key"] in keys)

    return listing(
        world, params, "price", "/v1/prices", own="product currency type active lookup_keys[]", wanted=wanted
    )


@route("GET", "prices/{}")
def get_price(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("price", ids[0])


@route("POST", "prices/{}")
def update_price(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "active lookup_key nickname metadata.* tax_behavior expand[]")
    return updated(world, "price", ids[0], params, ("lookup_key", "nickname", "tax_behavior"))


# --- Coupons ----------------------------------------------------------------------------------


@route("POST", "coupons")
def create_coupon(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "id percent_off amount_off currency duration duration_in_months name metadata.* expand[]")
    if not params.get("percent_off") and not params.get("amount_off"):
        raise needs("percent_off")
    made = {
        "id": params.get("id") or new_id("c", 8)[2:],
        "object": "coupon",
        "amount_off": integer(params, "amount_off", 0) or None,
        "created": world.now(),
        "currency": params.get("currency"),
        "duration": params.get("duration", "once"),
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": float(params["percent_off"]) if params.get("percent_off") else None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    return world.store.save(made)


@route("POST", "promotion_codes")
def create_promotion_code(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "promotion.type promotion.coupon code active metadata.* expand[]")
    coupon = world.store.get("coupon", (params.get("promotion") or {}).get("coupon", ""), "promotion[coupon]")
    made = shapes.base(
        "promotion_code",
        "promo",
        world.now(),
        active=True,
        code=params.get("code") or new_id("x", 8)[2:].upper(),
        customer=None,
        customer_account=None,
        expires_at=None,
        max_redemptions=None,
        metadata=params.get("metadata") or {},
        promotion={"coupon": coupon["id"], "type": "coupon"},
        restrictions={"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
        times_redeemed=0,
    )
    return world.store.save(made)


# --- Checkout and portal ----------------------------------------------------------------------

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


@route("GET", "checkout/sessions/{}")
def get_session(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.store.get("checkout.session", ids[0])


@route("GET", "checkout/sessions/{}/line_items")
def get_session_lines(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, PAGING)
    return session_lines(world, world.store.get("checkout.session", ids[0]))


def session_lines(world: World, session: Object) -> Object:
    rows = []
    for number, row in enumerate(session["_items"]):
        price = world.store.get("price", row["price"])
        rows.append(
            {
                "id": f"li_{session['id'][8:24]}{number}",
                "object": "item",
                "adjustable_quantity": None,
                "amount_discount": 0,
                "amount_subtotal": row["amount"],
                "amount_tax": 0,
                "amount_total": row["amount"],
                "currency": price["currency"],
                "description": world.store.get("product", price["product"])["name"],
                "metadata": {},
                "price": price,
                "quantity": row["quantity"],
            }
        )
    return shapes.page(rows, f"/v1/checkout/sessions/{session['id']}/line_items")


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


FLOW = "flow_data.type flow_data.subscription_cancel.subscription flow_data.subscription_update.subscription "


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
