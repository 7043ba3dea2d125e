"""Which address means what, and expanding the answer."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import session_lines
from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import hold
from sandbox.stripe.terms import ENDED, Object, public
from sandbox.stripe.world import World

Handler = Callable[[World, Object, list[str]], Object]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
DEEPEST = 4
# What Stripe leaves out until it is asked for.
LEFT_OUT: dict[tuple[str, str], Callable[[World, Object], Any]] = {
    ("checkout.session", "line_items"): session_lines,
    ("invoice", "payments"): lambda world, one: page_of(
        world, "invoice_payment", f"/v1/invoice_payments?invoice={one['id']}", invoice=one["id"]
    ),
    ("charge", "refunds"): lambda world, one: page_of(
        world, "refund", f"/v1/charges/{one['id']}/refunds", charge=one["id"]
    ),
    ("customer", "subscriptions"): lambda world, one: subscriptions_of(world, one),  # noqa: PLW0108 - it stands further down
    ("price", "currency_options"): lambda world, one: one["_options"],
}
# Where a name stands for an id of another kind.
LINKS = (
    "application",
    "balance_transaction",
    "charge",
    "coupon",
    "customer",
    "default_payment_method",
    "discounts",
    "invoice",
    "latest_charge",
    "latest_invoice",
    "payment_intent",
    "payment_method",
    "price",
    "product",
    "promotion_code",
    "schedule",
    "setup_intent",
    "subscription",
    "test_clock",
)


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler; `{}` in the path stands for an id."""
    pattern = re.compile("/v1/" + path.replace("{}", "([^/]+)"))

    def registered(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return registered


def retrievable(path: str, kind: str) -> None:
    """Register `GET <path>/<id>` for a kind of object that is answered as it stands."""

    @route("GET", f"{path}/{{}}")
    def retrieve(world: World, params: Object, ids: list[str]) -> Object:
        hold(params, "expand[]")
        return world.store.get(kind, ids[0])


def answer(world: World, method: str, path: str, params: Object) -> Object:
    """Return the public form of what this call gives. Raises StripeError."""
    for known, pattern, handler in ROUTES:
        found = pattern.fullmatch(path)
        if found and known == method:
            expand = [str(steps) for steps in params.get("expand") or []]
            for steps in expand:
                if steps.count(".") >= DEEPEST:
                    message = f"You cannot expand more than 4 levels of a property. Property: {steps}"
                    raise StripeError(400, message, param="expand")
            body = handler(world, params, list(found.groups()))
            for steps in expand:
                body = expanded(world, body, steps.split("."))
            return dict(public(body))
    raise StripeError(404, f"Unrecognized request URL ({method}: {path}).", code="url_invalid")


def page_of(world: World, kind: str, url: str, **filters: str) -> Object:
    found = world.store.all(kind, **filters)
    return shapes.page(found[:10], url, more=len(found) > 10)


def subscriptions_of(world: World, customer: Object) -> Object:
    found = [one for one in world.store.all("subscription", customer["id"]) if one["status"] not in ENDED]
    return shapes.page(found[:10], f"/v1/customers/{customer['id']}/subscriptions", more=len(found) > 10)


def expanded(world: World, body: Any, steps: list[str]) -> Any:
    if not steps or body is None:
        return body
    if isinstance(body, list):
        return [expanded(world, entry, steps) for entry in body]
    head, rest = steps[0], steps[1:]
    if not isinstance(body, dict) or body.get("deleted"):
        return body
    left_out = LEFT_OUT.get((body.get("object", ""), head))
    if left_out and head not in body:
        return body | {head: expanded(world, left_out(world, body), rest)}
    if head not in body or head.startswith("_") or (not rest and head not in LINKS):
        raise StripeError(400, f"This property cannot be expanded ({head}).", param="expand")
    return body | {head: expanded(world, linked(world, head, body[head]), rest)}


def linked(world: World, head: str, value: Any) -> Any:
    if isinstance(value, list):
        return [linked(world, head, entry) for entry in value] if head in LINKS else value
    if isinstance(value, str) and head in LINKS:
        found = world.store.find_any(value)
        if found and found.get("deleted") and found["object"] == "customer":
            return {"id": found["id"], "object": "customer", "deleted": True}
        return found or value
    return value
