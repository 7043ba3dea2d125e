"""The Billing Portal: see the plan, pay, switch with the difference shown first, pause, cancel and undo, change card and address."""

import time
from html import escape
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages.html import (
    COUNTRIES,
    Page,
    button,
    day,
    document,
    field,
    hidden,
    link,
    money,
    redirect,
    rhythm,
    select,
)
from sandbox.stripe.shapes import amount_in
from sandbox.stripe.terms import period_end

Object = dict[str, Any]
LIVE = ("trialing", "active", "past_due", "unpaid", "paused")
CARDS = {
    "none": "No card yet.",
    "good": "•••• 4242, in good order",
    "declines": "•••• 0341, which will be declined",
    "3ds": "•••• 3184, which asks for confirmation each time",
}
FLOWS = {
    "subscription_cancel": "cancel",
    "subscription_pause": "pause",
    "subscription_update": "plans",
    "subscription_update_confirm": "switch",
    "payment_method_update": "card",
    "customer_update": "details",
}


def open_session(stripe: Any, session_id: str) -> Object:
    session: Object = stripe.store.get("billing_portal.session", session_id)
    if session["_until"] < time.time():
        raise StripeError(410, "This portal session has expired. Go back to the site and open the portal again.")
    return session


def features(stripe: Any, session: Object) -> Object:
    found: Object = stripe.store.get("billing_portal.configuration", session["configuration"])
    return dict(found["features"])


def subscriptions(stripe: Any, session: Object) -> list[Object]:
    return [one for one in stripe.store.all("subscription", session["customer"]) if one["status"] in LIVE]


def owned(stripe: Any, session: Object, subscription_id: str) -> Object:
    one: Object = stripe.store.get("subscription", subscription_id)
    if one["customer"] != session["customer"]:
        raise StripeError(404, "This subscription belongs to somebody else.")
    return one


def show(stripe: Any, form: Object, session_id: str) -> Page:
    session = open_session(stripe, session_id)
    flow = session["flow"]
    if flow and not session.get("_done") and not form:
        details = flow.get(flow["type"]) or {}
        asked = {"subscription": details.get("subscription", "")}
        if flow["type"] == "subscription_update_confirm":
            asked["price"] = details["items"][0].get("price", "")
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value)
        return redirect(f"/p/session/{session_id}/{FLOWS[flow['type']]}" + (f"?{query}" if query else ""))
    allowed, live = features(stripe, session), subscriptions(stripe, session)
    body = (
        "".join(described(stripe, one, session_id, allowed) for one in live) or "<p>There is no live subscription.</p>"
    )
    body += people(stripe, session, allowed)
    if allowed["invoice_history"]["enabled"]:
        body += invoices(stripe, session)
    return document("Your subscription", body + way_back(session))


def way_back(session: Object) -> str:
    address = session["return_url"]
    return f'<p><a href="{escape(address)}">Return to the site</a></p>' if address else ""


def people(stripe: Any, session: Object, allowed: Object) -> str:
    customer, body = stripe.store.get("customer", session["customer"]), ""
    if allowed["payment_method_update"]["enabled"]:
        known = CARDS.get(customer["_card"], "A bank account, or another test card")
        body += f"<h2>Card</h2><p>{known}</p>" + link("Change the card", f"/p/session/{session['id']}/card")
    if allowed["customer_update"]["enabled"]:
        country = (customer["address"] or {}).get("country") or "no country given"
        body += f"<h2>Billing details</h2><p>{escape(customer['email'] or '')}, {escape(country)}</p>"
        body += link("Change them", f"/p/session/{session['id']}/details")
    if customer["balance"] < 0:
        body += f"<p>Credit for the next invoices: {money(-customer['balance'], customer['currency'] or 'usd')}</p>"
    return body


def described(stripe: Any, one: Object, session_id: str, allowed: Object) -> str:
    price, home = one["items"]["data"][0]["price"], f"/p/session/{session_id}"
    name = stripe.store.get("product", price["product"])["name"]
    cost = money(amount_in(price, one["currency"]) or 0, one["currency"])
    text = f"<h2>{escape(name)}</h2><p>{cost} {rhythm(price)}. Status: {one['status'].replace('_', ' ')}.</p>"
    own = hidden(subscription=one["id"])
    if one["cancel_at"]:
        text += f"<p>Cancelled: access ends on <strong>{day(one['cancel_at'])}</strong>.</p>"
        return (
            text
            + f'<form method="post" action="{home}">{own}{button("Keep the subscription", "act", "undo", "main")}</form>'
        )
    if one["status"] == "paused":
        text += "<p>Paused: nothing is charged, and there is no access.</p>"
        return text + f'<form method="post" action="{home}">{own}{button("Resume", "act", "resume", "main")}</form>'
    owed = stripe.store.find("invoice", one["latest_invoice"])
    if owed and owed["status"] == "open" and one["status"] in ("past_due", "unpaid"):
        due = money(owed["amount_due"], owed["currency"])
        text += f'<p class="error">{due} could not be collected. <a href="/i/{owed["id"]}">Pay now</a></p>'
    word = "The trial ends" if one["status"] == "trialing" else "Renews"
    text += f"<p>{word} on <strong>{day(period_end(one))}</strong>.</p>"
    if one["schedule"]:
        text += "<p>A switch to another price is planned for then.</p>"
    choices = [("subscription_update", "plans", "Switch plan"), ("subscription_pause", "pause", "Pause")]
    choices.append(("subscription_cancel", "cancel", "Cancel subscription"))
    for feature, page, label in choices:
        if allowed.get(feature, {}).get("enabled"):
            text += f'<form method="get" action="{home}/{page}">{own}<button>{label}</button></form>'
    return text


def invoices(stripe: Any, session: Object) -> str:
    rows = [
        f"<tr><td>{day(one['created'])}</td><td>{money(one['total'], one['currency'])}</td><td>{one['status']}</td>"
        f'<td><a href="{escape(one["hosted_invoice_url"] or "")}">{escape(one["number"] or "")}</a></td></tr>'
        for one in stripe.store.all("invoice", session["customer"])[:24]
        if one["status"] != "draft"
    ]
    return f'<h2>Invoices</h2><div class="scroll"><table>{"".join(rows)}</table></div>' if rows else ""


def change_card(stripe: Any, form: Object, session_id: str) -> Page:
    session = open_session(stripe, session_id)
    choices = [
        ("good", "Use a card that works", "main"),
        ("declines", "Use a card that will be declined", ""),
        ("3ds", "Use a card that asks each time", ""),
    ]
    card = CARDS.get(stripe.store.get("customer", session["customer"])["_card"], "A bank account, or another test card")
    buttons = "".join(button(label, "card", value, kind) for value, label, kind in choices)
    body = f'<p>Now: {card}</p><form method="post" action="/p/session/{session_id}">{buttons}</form>'
    return document("Change the card", body + link("Go back", f"/p/session/{session_id}?stay=1"))


def change_details(stripe: Any, form: Object, session_id: str) -> Page:
    customer = stripe.store.get("customer", open_session(stripe, session_id)["customer"])
    parts = field("E-mail", "email", customer["email"] or "", kind="email", more='autocomplete="email" required')
    parts += field("Name", "name", customer["name"] or "", more='autocomplete="name"')
    parts += select("Country", "country", COUNTRIES, (customer["address"] or {}).get("country") or "")
    save = button("Save", "act", "details", "main")
    body = f'<form method="post" action="/p/session/{session_id}">{parts}{save}</form>'
    return document("Billing details", body + link("Go back", f"/p/session/{session_id}?stay=1"))
