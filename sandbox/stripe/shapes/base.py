"""What every object has, and the page of a list."""

from typing import Any

from sandbox.stripe.store import new_id

Object = dict[str, Any]
LIVEMODE = False


def base(kind: str, prefix: str, now: int, **fields: Any) -> Object:
    return {"id": new_id(prefix), "object": kind, "created": now, "livemode": LIVEMODE, **fields}


def page(items: list[Object], url: str, *, more: bool = False) -> Object:
    return {"object": "list", "data": items, "has_more": more, "url": url}
