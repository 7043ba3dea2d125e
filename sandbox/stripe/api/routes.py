"""Which address means what, and expanding the answer."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.api.lists import session_lines
from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import hold
from sandbox.stripe.terms import Object, public
from sandbox.stripe.world import World

Handler = Callable[[World, Object, list[str]], Object]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
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
            expand = params.get("expand") or []
            body = handler(world, params, list(found.groups()))
            for steps in expand:
                body = expanded(world, body, str(steps).split("."))
            return dict(public(body))
    raise StripeError(404, f"Unrecognized request URL ({method}: {path}).", code="url_invalid")


def expanded(world: World, body: Any, steps: list[str]) -> Any:
    if not steps or body is None:
        return body
    if isinstance(body, list):
        return [expanded(world, entry, steps) for entry in body]
    head, rest = steps[0], steps[1:]
    if head == "line_items" and body["object"] == "checkout.session":
        return body | {"line_items": session_lines(world, body)}
    if head == "payments" and body["object"] == "invoice":
        paid = [one for one in world.store.all("invoice_payment") if one["invoice"] == body["id"]]
        return body | {"payments": shapes.page(paid, f"/v1/invoice_payments?invoice={body['id']}")}
    if head == "refunds" and body["object"] == "charge":
        refunds = [one for one in world.store.all("refund") if one["charge"] == body["id"]]
        return body | {"refunds": shapes.page(refunds, f"/v1/charges/{body['id']}/refunds")}
    if head not in body:
        raise StripeError(400, f"This property cannot be expanded ({head}).", param="expand")
    value = body[head]
    if isinstance(value, str) and head in KINDS:
        value = world.store.find(KINDS[head], value) or value
    return body | {head: expanded(world, value, rest)}
