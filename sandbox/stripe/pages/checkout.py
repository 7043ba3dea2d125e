"""The hosted Checkout page."""

from html import escape
from typing import Any

from sandbox.stripe.pages.html import Page, button, day, document, money, redirect, rhythm
from sandbox.stripe.terms import DAY, discounted

Object = dict[str, Any]


def show(stripe: Any, form: Object, session_id: str, *, error: str = "") -> Page:
    session = stripe.store.get("checkout.session", session_id)
    if session["status"] != "open":
        done = session["status"] == "complete"
        said = (
            "This has been paid already." if done else "This checkout has expired. Go back to the shop and start again."
        )
        return document("Checkout", f"<p>{said}</p>{back(session)}", status=200 if done else 410)
    known = (
        stripe.store.get("customer", session["customer"])["email"] if session["customer"] else session["customer_email"]
    )
    trouble = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return document("Checkout", f"{trouble}{bought(stripe, session)}{pay_form(session, known)}")


def bought(stripe: Any, session: Object) -> str:
    rows = []
    for row in session["_items"]:
        price = stripe.store.get("price", row["price"])
        name = stripe.store.get("product", price["product"])["name"]
        cost = f"{money(row['amount'], price['currency'])} {rhythm(price)}"
        rows.append(f"<tr><td>{escape(name)}</td><td>{cost}</td></tr>")
    days = session["_trial_days"]
    trial = (
        f"<p>Free for {days} days, until {day(stripe.world.now() + days * DAY)}. Then the price above.</p>"
        if days
        else ""
    )
    due = 0 if days else session["amount_total"]
    return f'<table>{"".join(rows)}</table>{trial}<p class="total">Due today: {money(due, session["currency"])}</p>'


def pay_form(session: Object, known: str | None) -> str:
    if known:
        email = (
            f'<p>E-mail: <strong>{escape(known)}</strong></p><input type="hidden" name="email" value="{escape(known)}">'
        )
    else:
        email = '<label>E-mail<input type="email" name="email" autocomplete="email" required></label>'
    code = (
        '<label>Promotion code (optional)<input name="code" autocomplete="off"></label>'
        if session["allow_promotion_codes"]
        else ""
    )
    buttons = [
        button("Pay", "outcome", "pay", "main"),
        button("Pay with a card that asks for confirmation (3D Secure)", "outcome", "3ds"),
        button("Pay by bank debit, which takes days", "outcome", "async"),
        button("Pay with a card that is declined", "outcome", "decline"),
    ]
    leave = f'<form method="post">{button("Leave without paying", "outcome", "leave")}</form>'
    return f'<form method="post">{email}{code}{"".join(buttons)}</form>{leave}'


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
    if outcome == "decline":
        return show(stripe, {}, session_id, error="Your card was declined. Try another one.")
    if form.get("code") and not redeem(stripe, session, form["code"]):
        return show(stripe, {}, session_id, error="This promotion code is not valid.")
    if outcome == "3ds":
        return three_d_secure(form)
    if outcome not in ("pay", "async", "confirm"):
        return show(stripe, {}, session_id, error="Choose one of the buttons.")
    settled = outcome != "async" or session["mode"] == "subscription"
    stripe.world.complete_session(session, email=form.get("email", ""), settled=settled)
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id))


def three_d_secure(form: Object) -> Page:
    kept = "".join(f'<input type="hidden" name="{name}" value="{escape(form.get(name, ""))}">' for name in ("email",))
    buttons = button("Confirm the payment", "outcome", "confirm", "main") + button("Refuse it", "outcome", "decline")
    return document("Your bank asks", f'<p>Is it really you?</p><form method="post">{kept}{buttons}</form>')


def redeem(stripe: Any, session: Object, code: str) -> bool:
    """Take a promotion code off the price; return whether it is one."""
    for promotion in stripe.store.all("promotion_code"):
        if promotion["active"] and promotion["code"].lower() == code.strip().lower():
            coupon = stripe.store.get("coupon", promotion["promotion"]["coupon"])
            total = max(0, discounted(session["amount_subtotal"], coupon))
            session |= {"_discount": coupon, "amount_total": total}
            session["total_details"] = session["total_details"] | {
                "amount_discount": session["amount_subtotal"] - total
            }
            stripe.store.save(session)
            return True
    return False
