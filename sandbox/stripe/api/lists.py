"""Stripe's lists: newest first, in pages, filtered."""

from collections.abc import Callable

from sandbox.stripe import shapes
from sandbox.stripe.errors import invalid
from sandbox.stripe.filters import FILTERS
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World

PAGING = "limit starting_after ending_before expand[] "
CREATED = "created.gt created.gte created.lt created.lte created "
MOST = 100
FLAGS = {"true": 1, "false": 0}


def session_lines(world: World, session: Object) -> Object:
    """Return what is in a Checkout session's basket; the discount is shared out, and the last line takes the rounding."""
    off, tax = (session["total_details"][f"amount_{name}"] for name in ("discount", "tax"))
    whole, rows = max(1, session["amount_subtotal"]), []
    inclusive = session["amount_total"] == session["amount_subtotal"] - off
    for number, row in enumerate(session["_items"]):
        price = world.store.get("price", row["price"])
        last = number == len(session["_items"]) - 1
        shares = [
            amount - sum(done[name] for done in rows) if last else round(amount * row["amount"] / whole)
            for name, amount in (("amount_discount", off), ("amount_tax", tax))
        ]
        total = row["amount"] - shares[0] + (0 if inclusive else shares[1])
        rows.append(
            {
                "id": f"li_{session['id'][8:24]}{number}",
                "object": "item",
                "adjustable_quantity": None,
                "amount_discount": shares[0],
                "amount_subtotal": row["amount"],
                "amount_tax": shares[1],
                "amount_total": total,
                "currency": session["currency"],
                "description": world.store.get("product", price["product"])["name"],
                "metadata": {},
                "price": price,
                "quantity": row["quantity"],
            }
        )
    return shapes.page(rows, f"/v1/checkout/sessions/{session['id']}/line_items")


def listing(
    world: World,
    params: Object,
    kind: str,
    url: str,
    *,
    own: str = "",
    wanted: Callable[[Object], bool] | None = None,
    filters: Object | None = None,
    customer: str | None = None,
) -> Object:
    """Answer one page of a list, newest first, with Stripe's paging.

    Parameters that an index serves (filters.FILTERS) narrow it by themselves; `filters` adds others, and `wanted` looks at each object.
    """
    hold(params, PAGING + CREATED + own)
    limit = integer(params, "limit", 10, low=1)
    if limit > MOST:
        raise invalid("limit", "This value must be less than or equal to 100.")
    narrowed = {
        name: FLAGS.get(value, value)
        for name, value in params.items()
        if name in FILTERS.get(kind, {}) and name in own.split()
    }
    if owner := customer or params.get("customer"):
        narrowed["customer"] = owner
    after, before = params.get("starting_after"), params.get("ending_before")
    param = "starting_after" if after else "ending_before"
    start = world.store.place(kind, after or before, param) if after or before else None
    found = []
    for one in world.store.walk(kind, narrowed | (filters or {}), start=start, upwards=bool(before and not after)):
        if (wanted is None or wanted(one)) and created_within(one, params):
            found.append(one)
            if len(found) > limit:
                break
    page = found[:limit]
    return shapes.page(page[::-1] if before and not after else page, url, more=len(found) > limit)


def created_within(one: Object, params: Object) -> bool:
    bounds = params.get("created") or {}
    if isinstance(bounds, str):
        return one["created"] == int(bounds)
    tests = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}
    return all(tests[name](one["created"], int(value)) for name, value in bounds.items())
