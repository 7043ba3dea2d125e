"""Stripe's lists: newest first, in pages, filtered."""

from collections.abc import Callable

from sandbox.stripe import shapes
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World

PAGING = "limit starting_after ending_before expand[] "
CREATED = "created.gt created.gte created.lt created.lte created "


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
