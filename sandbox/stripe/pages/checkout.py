"""The hosted Checkout page."""

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
    money,
    redirect,
    rhythm,
    select,
)
from sandbox.stripe.terms import DAY

Object = dict[str, Any]
CARDS = {"pay": "good", "confirm": "3ds", "3ds": "3ds", "decline": "declines", "async": "bank"}
DECLINED = "Your card was declined. Try another one."


def show(stripe: Any, form: Object, session_id: str, *, error: str = "") -> Page:
    session = stripe.store.get("checkout.session", session_id)
    if session["status"] != "open":
        done = session["status"] == "complete"
        said = (
            "This has been paid already." if done else "This checkout has expired. Go back to the shop and start again."
        )
        return document("Checkout", f"<p>{said}</p>{back(session)}", status=200 if done else 410)
    trouble = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return document("Checkout", f"{trouble}{bought(stripe, session)}{pay_form(stripe, session, form)}")


def bought(stripe: Any, session: Object) -> str:
    """What is in the basket, what comes off, what is due today and what afterwards."""
    rows, currency = [], session["currency"]
    for row in session["_items"]:
        price = stripe.store.get("price", row["price"])
        name = stripe.store.get("product", price["product"])["name"]
        many = f" × {row['quantity']}" if row["quantity"] > 1 else ""
        rows.append(f"<tr><td>{escape(name)}{many}</td><td>{money(row['amount'], currency)} {rhythm(price)}</td></tr>")
    totals = session["total_details"]
    for label, amount in (("Discount", -totals["amount_discount"]), ("Tax", totals["amount_tax"])):
        if amount:
            rows.append(f"<tr><td>{label}</td><td>{money(amount, currency)}</td></tr>")
    days = session["_trial_days"]
    until = day(stripe.world.now() + days * DAY)
    trial = (
        f"<p>Free for {days} days, until {until}. Then {money(session['amount_total'], currency)}.</p>" if days else ""
    )
    due = 0 if days else session["amount_total"]
    return f'<table>{"".join(rows)}</table>{trial}<p class="total">Due today: {money(due, currency)}</p>'


def pay_form(stripe: Any, session: Object, form: Object) -> str:
    known = (
        stripe.store.get("customer", session["customer"])["email"] if session["customer"] else session["customer_email"]
    )
    if known:
        parts = [f"<p>E-mail: <strong>{escape(known)}</strong></p>{hidden(email=known)}"]
    else:
        parts = [field("E-mail", "email", form.get("email", ""), kind="email", more='autocomplete="email" required')]
    if asks_address(session):
        parts.append(select("Country", "country", COUNTRIES, session.get("_country") or "US"))
    if session["allow_promotion_codes"]:
        parts.append(field("Promotion code (optional)", "code", form.get("code", ""), more='autocomplete="off"'))
    if session["allow_promotion_codes"] or asks_address(session):
        parts.append(button("Show the total", "total", "show"))
    parts += buttons(session)
    leave = f'<form method="post">{button("Leave without paying", "outcome", "leave")}</form>'
    return f'<form method="post">{"".join(parts)}</form>{leave}'


def asks_address(session: Object) -> bool:
    return bool(session["automatic_tax"]["enabled"] or session["billing_address_collection"] == "required")


def buttons(session: Object) -> list[str]:
    free = session["amount_total"] == 0 or session["_trial_days"]
    if free and session["payment_method_collection"] == "if_required":
        return ['<p class="quiet">No card is needed today.</p>', button("Start", "outcome", "pay", "main")]
    return [
        button("Start the trial" if session["_trial_days"] else "Pay", "outcome", "pay", "main"),
        button("Pay with a card that asks for confirmation (3D Secure)", "outcome", "3ds"),
        button("Pay by bank debit, which takes days", "outcome", "async"),
        '<label class="line"><input type="checkbox" name="fails" value="1"> Let the bank debit come back unpaid</label>',
        button("Pay with a card that is declined", "outcome", "decline"),
    ]


def back(session: Object) -> str:
    address = session["cancel_url"] or session["success_url"]
    return f'<p><a href="{escape(address)}">Back to the shop</a></p>' if address else ""


def act(stripe: Any, form: Object, session_id: str) -> Page:
    session = stripe.store.get("checkout.session", session_id)
    if session["status"] != "open":
        return show(stripe, {}, session_id)
    outcome = form.get("outcome", "")
    if outcome == "leave":
        return redirect(session["cancel_url"] or session["success_url"])
    if asks_address(session):
        session["_country"] = form.get("country") or session.get("_country") or "US"
        stripe.store.save(stripe.world.price_session(session))
    if form.get("code") and session["allow_promotion_codes"] and not stripe.world.redeem(session, form["code"]):
        return show(stripe, form, session_id, error="This promotion code is not valid.")
    if form.get("total"):
        return show(stripe, form, session_id)
    if outcome not in CARDS:
        return show(stripe, form, session_id, error="Choose one of the buttons.")
    return pay(stripe, session, form, outcome)


def pay(stripe: Any, session: Object, form: Object, outcome: str) -> Page:
    card = "bank_fails" if outcome == "async" and form.get("fails") else CARDS[outcome]
    country = session.get("_country") or "" if asks_address(session) else ""
    who = {"email": form.get("email", ""), "name": form.get("name", ""), "country": country}
    try:
        stripe.world.complete_session(session, card=card, confirmed=outcome == "confirm", **who)
    except StripeError as error:
        if error.code == "authentication_required":
            return three_d_secure(form)
        if error.code == "card_declined":
            return show(stripe, form, session["id"], error=DECLINED)
        raise
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))


def three_d_secure(form: Object) -> Page:
    kept = {name: form[name] for name in ("email", "name", "country") if form.get(name)}
    both = button("Confirm the payment", "outcome", "confirm", "main") + button("Refuse it", "outcome", "decline")
    return document("Your bank asks", f'<p>Is it really you?</p><form method="post">{hidden(**kept)}{both}</form>')
