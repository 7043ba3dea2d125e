"""Customers, their balance, and what is asked for them."""

from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import route
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.terms import SANDBOX_CLOCK, Object
from sandbox.stripe.world import World

CUSTOMER = "email name phone description metadata.* address address.* preferred_locales[] invoice_settings.default_payment_method balance "
PLAIN = ("email", "name", "phone", "description", "preferred_locales")
BOUND_TO_A_CLOCK = 3


@route("POST", "customers")
def create_customer(world: World, params: Object, _: list[str]) -> Object:
    hold(params, CUSTOMER + "test_clock expand[] tax.* source payment_method shipping.*")
    clock = params.get("test_clock") or SANDBOX_CLOCK
    if clock != SANDBOX_CLOCK:
        world.store.get("test_helpers.test_clock", clock, "test_clock")
        if len(world.store.all("customer", test_clock=clock)) >= BOUND_TO_A_CLOCK:
            raise StripeError(400, "A test clock can have at most 3 customers.", param="test_clock")
    made = shapes.customer(world.now(clock), params | {"address": address(params)}, clock)
    world.store.save(made | {"balance": integer(params, "balance", 0, low=-(10**9))})
    world.ring("customer.created", world.store.get("customer", made["id"]))
    if chosen := params.get("payment_method") or params.get("source"):
        method = world.attach(world.method(chosen), world.store.get("customer", made["id"]))
        world.make_default(made["id"], method)
    return world.store.get("customer", made["id"])


def address(params: Object) -> Object | None:
    given = params.get("address") or None
    fields = ("city", "country", "line1", "line2", "postal_code", "state")
    return given and dict.fromkeys(fields) | given


@route("GET", "customers")
def list_customers(world: World, params: Object, _: list[str]) -> Object:
    return listing(
        world, params, "customer", "/v1/customers", own="email test_clock", wanted=lambda one: not one.get("deleted")
    )


@route("GET", "customers/{}")
def get_customer(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    found = world.store.get("customer", ids[0])
    return {"id": found["id"], "object": "customer", "deleted": True} if found.get("deleted") else found


@route("POST", "customers/{}")
def update_customer(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, CUSTOMER + "expand[]")
    found = living(world, ids[0])
    fields = {name: params[name] for name in PLAIN if name in params}
    if "address" in params:
        fields["address"] = address(params)
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    if chosen := (params.get("invoice_settings") or {}).get("default_payment_method"):
        method = world.method(chosen, "invoice_settings[default_payment_method]")
        if method["customer"] != ids[0]:
            raise invalid("invoice_settings[default_payment_method]", "The customer does not have this payment method.")
        found = world.make_default(ids[0], method)
    return world.change(found, "customer.updated", **fields)


def living(world: World, customer_id: str) -> Object:
    found = world.store.get("customer", customer_id)
    if found.get("deleted"):
        raise StripeError(404, f"No such customer: '{customer_id}'", code="resource_missing", param="id")
    return found


@route("DELETE", "customers/{}")
def delete_customer(world: World, params: Object, ids: list[str]) -> Object:
    living(world, ids[0])
    for one in world.store.all("subscription", ids[0]):
        if not world.is_over(one):
            world.end_subscription(one)
    found = world.store.get("customer", ids[0])
    world.ring("customer.deleted", found)
    world.store.save(found | {"deleted": True})
    return {"id": found["id"], "object": "customer", "deleted": True}


@route("GET", "customers/{}/balance_transactions")
def list_balance(world: World, params: Object, ids: list[str]) -> Object:
    url = f"/v1/customers/{ids[0]}/balance_transactions"
    return listing(world, params, "customer_balance_transaction", url, customer=living(world, ids[0])["id"])


@route("POST", "customers/{}/balance_transactions")
def move_balance(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "amount currency description metadata.* expand[]")
    living(world, ids[0])
    amount = integer(params, "amount", low=-(10**9))
    return world.move_balance(ids[0], amount, "adjustment", invoice=None, currency=params.get("currency", "usd"))


def coupons_asked(world: World, asked: Any) -> list[tuple[Object, Object]]:
    """Read `discounts` as Stripe takes them; return (coupon, links) of each. Raises StripeError for one that holds no more."""
    found = []
    for entry in asked:
        promotion = (
            world.store.get("promotion_code", entry["promotion_code"], "discounts")
            if entry.get("promotion_code")
            else None
        )
        name = promotion["promotion"]["coupon"] if promotion else entry.get("coupon", "")
        coupon = world.store.get("coupon", name, "discounts[0][coupon]")
        if not coupon["valid"] or (promotion and not promotion["active"]):
            raise invalid("discounts", "This coupon or promotion code is expired.")
        found.append((coupon, {"promotion_code": promotion and promotion["id"]}))
    return found


def merged(old: Object, new: Any) -> Object:
    """Apply metadata as Stripe does: an empty value takes the name away."""
    if new == "":
        return {}
    both = old | new
    return {name: value for name, value in both.items() if value != ""}
