"""Events in the shape of an older API version: what a webhook endpoint gets that was made years ago, or was forgotten at an upgrade."""

import copy
from collections.abc import Callable
from typing import Any

Object = dict[str, Any]
Links = Callable[[str], Object]  # By an invoice's or a charge's id: the fields that tied them together before basil.
BASIL, CLOVER, ACCOUNTS, DAHLIA, ENDIVE = "2025-03-31", "2025-09-30", "2025-12-15", "2026-03-25", "2026-09-30"


def as_of(event: Object, version: str, links: Links) -> Object:
    """Return the event as this version would have it: every change since is undone, the newest first."""
    made = copy.deepcopy(event) | {"api_version": version}
    about = made["data"]["object"]
    if version[:10] < BASIL and about["object"] in ("invoice", "charge", "payment_intent") and "id" in about:
        about |= links(about["id"])
    for since, undo in UNDO:
        if version[:10] < since:
            for body in (about, made["data"].get("previous_attributes")):
                if body:
                    walk(body, undo, about["object"])
    return made


def walk(value: Any, undo: Any, kind: str = "") -> None:
    if isinstance(value, list):
        for inner in value:
            walk(inner, undo)
    elif isinstance(value, dict):
        for inner in list(value.values()):
            walk(inner, undo)
        undo(value, value.get("object") or kind)


def before_endive(body: Object, kind: str) -> None:
    if kind in ("subscription", "invoice"):
        body.pop("status_details", None)


def before_dahlia(body: Object, kind: str) -> None:
    if body.get("ui_mode") == "hosted_page":
        body["ui_mode"] = "hosted"


def before_accounts(body: Object, kind: str) -> None:
    body.pop("customer_account", None)


def before_clover(body: Object, kind: str) -> None:
    if kind == "discount" and isinstance(body.get("source"), dict):
        body["coupon"] = body.pop("source")["coupon"]
    if kind == "promotion_code" and isinstance(body.get("promotion"), dict):
        body["coupon"] = body.pop("promotion")["coupon"]
    if kind == "subscription" and "billing_mode" in body:
        body["billing_mode"] = {"type": body["billing_mode"]["type"]}


def before_basil(body: Object, kind: str) -> None:
    undo = {"subscription": old_subscription, "invoice": old_invoice, "line_item": old_line}
    if kind in undo:
        undo[kind](body)


def old_subscription(body: Object) -> None:
    """The period stood on the subscription, and its items had none."""
    body.pop("billing_mode", None)
    items = (body.get("items") or {}).get("data", [])
    for name, pick in (("current_period_start", min), ("current_period_end", max)):
        moments = [entry.pop(name) for entry in items if name in entry]
        if moments:
            body[name] = pick(moments)
    if items:
        body |= {"plan": items[0].get("plan"), "quantity": items[0].get("quantity"), "discount": None}


def old_invoice(body: Object) -> None:
    """`subscription`, `paid`, `charge`, `payment_intent` and `tax` stood on the invoice."""
    parent = body.pop("parent", None) or {}
    details = parent.get("subscription_details") or {}
    body["subscription"] = details.get("subscription")
    if details:
        body["subscription_details"] = {"metadata": details.get("metadata")}
    if "status" in body:
        body |= {"paid": body["status"] == "paid", "paid_out_of_band": bool(body.get("amount_paid_off_stripe"))}
    taxes = body.pop("total_taxes", [])
    body |= {"discount": None, "tax": sum(tax["amount"] for tax in taxes) or None}
    for name in ("amount_overpaid", "amount_paid_off_stripe", "confirmation_secret", "total_pretax_credit_amounts"):
        body.pop(name, None)


def old_line(body: Object) -> None:
    parent, pricing = body.pop("parent", None) or {}, body.pop("pricing", None) or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    price = pricing.get("price_details") or {}
    body |= {"subscription": details.get("subscription"), "subscription_item": details.get("subscription_item")}
    body |= {
        "proration": bool(details.get("proration")),
        "price": {"id": price.get("price"), "object": "price", "product": price.get("product")},
    }
    body |= {
        "type": "subscription" if parent.get("type") == "subscription_item_details" else "invoiceitem",
        "plan": None,
    }


UNDO = (
    (ENDIVE, before_endive),
    (DAHLIA, before_dahlia),
    (ACCOUNTS, before_accounts),
    (CLOVER, before_clover),
    (BASIL, before_basil),
)
