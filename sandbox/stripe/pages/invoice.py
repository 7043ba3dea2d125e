"""The hosted invoice page."""

from html import escape
from typing import Any

from sandbox.stripe.pages.html import Page, button, day, document, money, redirect

Object = dict[str, Any]


def show(stripe: Any, form: Object, invoice_id: str) -> Page:
    one = stripe.store.get("invoice", invoice_id)
    body = f"<p>{escape(one['customer_email'] or '')}, {day(one['created'])}</p>"
    body += f'<p class="total">{money(one["total"], one["currency"])}: {one["status"]}</p>'
    if one["status"] == "open":
        buttons = button("Pay", "outcome", "pay", "main") + button(
            "Pay with a card that is declined", "outcome", "decline"
        )
        body += f'<form method="post">{buttons}</form>'
    return document(f"Invoice {one['number'] or ''}", body)


def act(stripe: Any, form: Object, invoice_id: str) -> Page:
    one = stripe.store.get("invoice", invoice_id)
    if one["status"] == "open" and form.get("outcome") == "pay":
        customer = stripe.store.get("customer", one["customer"])
        stripe.store.save(customer | {"_card": "good"})
        stripe.world.try_to_pay(one)
    return redirect(f"/i/{invoice_id}")
