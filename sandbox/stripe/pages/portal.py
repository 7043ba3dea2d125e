"""The Billing Portal: see the plan, cancel and undo, switch the price, change the card, read invoices."""

import time
from html import escape
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages.html import Page, button, day, document, money, redirect, rhythm
from sandbox.stripe.terms import period_end

Object = dict[str, Any]
LIVE = ("trialing", "active", "past_due", "unpaid", "paused")


def open_session(stripe: Any, session_id: str) -> Object:
    session: Object = stripe.store.get("billing_portal.session", session_id)
    if session["_until"] < time.time():
        raise StripeError(410, "This portal session has expired. Go back to the site and open the portal again.")
    return session


def subscriptions(stripe: Any, session: Object) -> list[Object]:
    return [one for one in stripe.store.all("subscription", session["customer"]) if one["status"] in LIVE]


def show(stripe: Any, form: Object, session_id: str) -> Page:
    session = open_session(stripe, session_id)
    if session["_flow"] == "subscription_cancel" and (live := subscriptions(stripe, session)) and not form:
        return confirm_cancel(stripe, {"subscription": live[0]["id"]}, session_id)
    parts = [described(stripe, one, session_id) for one in subscriptions(stripe, session)]
    body = "".join(parts) or "<p>There is no live subscription.</p>"
    card = stripe.store.get("customer", session["customer"])["_card"]
    body += f"<h2>Card</h2><p>{CARDS[card]}</p>" + card_form()
    body += invoices(stripe, session)
    if session["return_url"]:
        body += f'<p><a href="{escape(session["return_url"])}">Return to the site</a></p>'
    return document("Your subscription", body)


CARDS = {
    "none": "No card yet.",
    "good": "•••• 4242, in good order",
    "declines": "•••• 0341, which will be declined",
    "3ds": "•••• 3184, which asks for confirmation each time",
}


def card_form() -> str:
    choices = [
        ("good", "Use a card that works"),
        ("declines", "Use a card that will be declined"),
        ("3ds", "Use a card that asks each time"),
    ]
    return '<form method="post">' + "".join(button(label, "card", value) for value, label in choices) + "</form>"


def described(stripe: Any, one: Object, session_id: str) -> str:
    price = one["items"]["data"][0]["price"]
    name = stripe.store.get("product", price["product"])["name"]
    text = f"<h2>{escape(name)}</h2><p>{money(price['unit_amount'], price['currency'])} {rhythm(price)}. Status: {one['status']}.</p>"
    hidden = f'<input type="hidden" name="subscription" value="{one["id"]}">'
    if one["cancel_at"]:
        text += f"<p>Cancelled: access ends on <strong>{day(one['cancel_at'])}</strong>.</p>"
        return text + f'<form method="post">{hidden}{button("Keep the subscription", "act", "undo", "main")}</form>'
    word = "The trial ends" if one["status"] == "trialing" else "Renews"
    text += f"<p>{word} on <strong>{day(period_end(one))}</strong>.</p>"
    others = [
        button(f"Switch to {money(other['unit_amount'], other['currency'])} {rhythm(other)}", "price", other["id"])
        for other in stripe.store.all("price")
        if other["active"]
        and other["recurring"]
        and other["id"] != price["id"]
        and other["currency"] == price["currency"]
    ]
    switch = f'<form method="post">{hidden}{"".join(others)}</form>' if others else ""
    cancel = f'<form method="get" action="/p/session/{session_id}/cancel">{hidden}<button>Cancel subscription</button></form>'
    return text + switch + cancel


def confirm_cancel(stripe: Any, form: Object, session_id: str) -> Page:
    open_session(stripe, session_id)
    one = stripe.store.get("subscription", form.get("subscription", ""))
    until = day(period_end(one))
    hidden = f'<input type="hidden" name="subscription" value="{one["id"]}">'
    return document(
        "Cancel the subscription?",
        f"<p>You keep access until <strong>{until}</strong>, and are not charged again.</p>"
        f'<form method="post" action="/p/session/{session_id}">{hidden}{button("Cancel subscription", "act", "cancel", "main")}</form>'
        f'<p><a href="/p/session/{session_id}?stay=1">No, go back</a></p>',
    )


def invoices(stripe: Any, session: Object) -> str:
    rows = [
        f"<tr><td>{day(one['created'])}</td><td>{money(one['total'], one['currency'])}</td><td>{one['status']}</td>"
        f'<td><a href="{escape(one["hosted_invoice_url"] or "")}">{escape(one["number"] or "")}</a></td></tr>'
        for one in stripe.store.all("invoice", session["customer"])
        if one["status"] != "draft"
    ]
    return f'<h2>Invoices</h2><div class="scroll"><table>{"".join(rows)}</table></div>' if rows else ""


def act(stripe: Any, form: Object, session_id: str) -> Page:
    session, world = open_session(stripe, session_id), stripe.world
    if card := form.get("card"):
        customer = stripe.store.get("customer", session["customer"])
        stripe.store.save(customer | {"_card": card if card in CARDS else "good"})
        world.ring(
            "payment_method.attached", {"id": "pm_sandbox", "object": "payment_method", "customer": customer["id"]}
        )
        return redirect(f"/p/session/{session_id}?stay=1")
    one = stripe.store.get("subscription", form.get("subscription", ""))
    if one["customer"] != session["customer"]:
        raise StripeError(404, "This subscription belongs to somebody else.")
    now = world.now_of(session["customer"])
    if form.get("act") == "cancel":
        # The portal sets cancel_at and leaves cancel_at_period_end alone, as in flexible billing.
        world.change(one, "customer.subscription.updated", cancel_at=period_end(one), canceled_at=now)
    elif form.get("act") == "undo":
        world.change(one, "customer.subscription.updated", cancel_at=None, cancel_at_period_end=False, canceled_at=None)
    elif form.get("price"):
        world.swap(one, stripe.store.get("price", form["price"]))
    return redirect(f"/p/session/{session_id}?stay=1")
