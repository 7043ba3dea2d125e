"""The hosted invoice page: pay an open invoice with another card, or confirm a payment that waits for 3D Secure."""

from html import escape
from typing import Any

from sandbox.stripe.pages.html import Page, button, day, document, money, redirect

Object = dict[str, Any]
CARDS = {"pay": "good", "confirm": "3ds", "3ds": "3ds", "decline": "declines", "async": "bank"}
STATES = {
    "open": "to be paid",
    "paid": "paid",
    "void": "void: nothing is owed",
    "uncollectible": "given up, but it can still be paid",
    "draft": "not final yet",
}


def show(stripe: Any, form: Object, invoice_id: str, *, error: str = "") -> Page:
    one = stripe.store.get("invoice", invoice_id)
    body = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    body += f"<p>{escape(one['customer_email'] or '')}, {day(one['created'])}</p>{lines(stripe, one)}"
    body += f'<p class="total">{money(one["amount_due"], one["currency"])}: {STATES[one["status"]]}</p>'
    if one["status"] in ("open", "uncollectible") and one["amount_due"]:
        body += f'<form method="post">{"".join(ways(stripe, one))}</form>'
    return document(f"Invoice {one['number'] or ''}", body)


def lines(stripe: Any, one: Object) -> str:
    rows = []
    for line in one["lines"]["data"]:
        named = stripe.store.find("product", ((line["pricing"] or {}).get("price_details") or {}).get("product"))
        what = named["name"] if named else line["description"] or "Amount"
        span = f"{day(line['period']['start'])} to {day(line['period']['end'])}"
        rows.append(
            f"<tr><td>{escape(what)}<br><small>{span}</small></td><td>{money(line['amount'], one['currency'])}</td></tr>"
        )
    off = sum(entry["amount"] for entry in one["total_discount_amounts"])
    tax = sum(entry["amount"] for entry in one["total_taxes"])
    credit = one["amount_due"] - one["total"]
    for label, amount in (("Discount", -off), ("Tax", tax), ("From your balance", credit)):
        if amount:
            rows.append(f"<tr><td>{label}</td><td>{money(amount, one['currency'])}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def ways(stripe: Any, one: Object) -> list[str]:
    intent = stripe.world.intent_of(one)
    waits = intent is not None and intent["status"] == "requires_action"
    first = [button("Confirm the payment", "outcome", "confirm", "main")] if waits else []
    return [
        *first,
        button("Pay with another card" if waits else "Pay", "outcome", "pay", "" if waits else "main"),
        button("Pay with a card that asks for confirmation (3D Secure)", "outcome", "3ds"),
        button("Pay by bank debit, which takes days", "outcome", "async"),
        button("Pay with a card that is declined", "outcome", "decline"),
    ]


def act(stripe: Any, form: Object, invoice_id: str) -> Page:
    one, outcome = stripe.store.get("invoice", invoice_id), form.get("outcome", "")
    if one["status"] not in ("open", "uncollectible") or outcome not in CARDS or stripe.world.intent_of(one) is None:
        return redirect(f"/i/{invoice_id}")
    if outcome == "3ds":
        return ask()
    card, world = CARDS[outcome], stripe.world
    method = world.payer(one) if outcome == "confirm" else None
    if method is None or method["_card"] != card:
        method = world.new_method(card, one["customer"])
    if not world.try_to_pay(one, method=method, confirmed=outcome == "confirm", by_hand=True):
        return show(stripe, {}, invoice_id, error="Your card was declined. Try another one.")
    if outcome in ("pay", "async"):
        # The next renewal takes the card that has just worked.
        world.make_default(one["customer"], world.attach(method, stripe.store.get("customer", one["customer"])))
    return redirect(f"/i/{invoice_id}")


def ask() -> Page:
    both = button("Confirm the payment", "outcome", "confirm", "main") + button("Refuse it", "outcome", "decline")
    return document("Your bank asks", f'<p>Is it really you?</p><form method="post">{both}</form>')
