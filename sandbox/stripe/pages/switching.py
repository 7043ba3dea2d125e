"""The portal's pages that ask before something is done: another plan, with the difference shown; a pause; the end."""

from html import escape
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages.html import Page, button, day, document, hidden, link, money, redirect, rhythm
from sandbox.stripe.pages.portal import CARDS, features, open_session, owned
from sandbox.stripe.shapes import amount_in
from sandbox.stripe.terms import period_end

Object = dict[str, Any]


def asking(title: str, said: str, form: str, session_id: str) -> Page:
    home = f"/p/session/{session_id}"
    body = f'{said}<form method="post" action="{home}">{form}</form>' + link("No, go back", f"{home}?stay=1")
    return document(title, body)


def confirm_cancel(stripe: Any, form: Object, session_id: str) -> Page:
    session = open_session(stripe, session_id)
    one = owned(stripe, session, form.get("subscription", ""))
    now = features(stripe, session)["subscription_cancel"]["mode"] == "immediately"
    until = "<p>It ends <strong>at once</strong>.</p>" if now else ""
    until = until or f"<p>You keep access until <strong>{day(period_end(one))}</strong>, and are not charged again.</p>"
    return asking(
        "Cancel the subscription?",
        until,
        hidden(subscription=one["id"]) + button("Cancel subscription", "act", "cancel", "main"),
        session_id,
    )


def confirm_pause(stripe: Any, form: Object, session_id: str) -> Page:
    one = owned(stripe, open_session(stripe, session_id), form.get("subscription", ""))
    said = "<p>Nothing is charged while it is paused, and there is no access. What you paid for and do not use becomes credit.</p>"
    return asking(
        "Pause the subscription?",
        said,
        hidden(subscription=one["id"]) + button("Pause", "act", "pause", "main"),
        session_id,
    )


def prices(stripe: Any, session: Object, one: Object) -> list[Object]:
    """Return the prices this subscription may be switched to: those the configuration names, or all of its currency."""
    named = features(stripe, session)["subscription_update"]["products"] or []
    listed = [price for product in named for price in product["prices"]]
    now = one["items"]["data"][0]["price"]["id"]
    return [
        price
        for price in stripe.store.all("price", active=1, type="recurring")
        if price["id"] != now
        and amount_in(price, one["currency"]) is not None
        and (not listed or price["id"] in listed)
        and stripe.store.get("product", price["product"])["active"]
    ]


def plans(stripe: Any, form: Object, session_id: str) -> Page:
    session = open_session(stripe, session_id)
    one = owned(stripe, session, form.get("subscription", ""))
    buttons = []
    for price in prices(stripe, session, one):
        name = escape(stripe.store.get("product", price["product"])["name"])
        label = f"{name}, {money(amount_in(price, one['currency']) or 0, one['currency'])} {rhythm(price)}"
        buttons.append(button(label, "price", price["id"]))
    choice = f'<form method="get" action="/p/session/{session_id}/switch">{hidden(subscription=one["id"])}{"".join(buttons)}</form>'
    body = choice if buttons else "<p>There is no other plan.</p>"
    return document("Switch plan", body + link("Go back", f"/p/session/{session_id}?stay=1"))


def at_period_end(session_features: Object, one: Object, price: Object) -> bool:
    """Whether the configuration lets this switch wait for the period's end: a cheaper price, or a shorter interval."""
    conditions = {
        entry["type"] for entry in session_features["subscription_update"]["schedule_at_period_end"]["conditions"]
    }
    old = one["items"]["data"][0]["price"]
    cheaper = (amount_in(price, one["currency"]) or 0) < (amount_in(old, one["currency"]) or 0)
    lengths = ("day", "week", "month", "year")
    shorter = lengths.index(price["recurring"]["interval"]) < lengths.index(old["recurring"]["interval"])
    return ("decreasing_item_amount" in conditions and cheaper) or ("shortening_interval" in conditions and shorter)


def confirm_switch(stripe: Any, form: Object, session_id: str) -> Page:
    session = open_session(stripe, session_id)
    one = owned(stripe, session, form.get("subscription", ""))
    price = stripe.store.get("price", form.get("price", ""))
    cost = f"{money(amount_in(price, one['currency']) or 0, one['currency'])} {rhythm(price)}"
    allowed = features(stripe, session)
    if at_period_end(allowed, one, price):
        said = f"<p>From <strong>{day(period_end(one))}</strong> on you pay {cost}. Nothing is due today.</p>"
    else:
        first = one["items"]["data"][0]
        proration = allowed["subscription_update"]["proration_behavior"]
        preview = stripe.world.preview(one, [(first, price, first["quantity"])], proration=proration)
        due = preview["amount_due"] if preview["billing_reason"] == "subscription_update" else 0
        said = f"<p>From today on you pay {cost}.</p>{differences(preview)}"
        said += f'<p class="total">Due today: {money(due, one["currency"])}</p>'
        if preview["total"] < 0:
            said += f"<p>{money(-preview['total'], one['currency'])} become credit for your next invoices.</p>"
    return asking(
        "Switch plan?",
        said,
        hidden(subscription=one["id"]) + button("Switch", "price", price["id"], "main"),
        session_id,
    )


def differences(preview: Object) -> str:
    rows = [
        f"<tr><td>{escape((line['description'] or '').split(' after')[0])}</td><td>{money(line['amount'], line['currency'])}</td></tr>"
        for line in preview["lines"]["data"]
        if line["description"]
    ]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def act(stripe: Any, form: Object, session_id: str) -> Page:
    """Do what was asked and confirmed, then lead on as the flow says."""
    session, world = open_session(stripe, session_id), stripe.world
    if card := form.get("card"):
        world.use_card(session["customer"], card if card in CARDS and card != "none" else "good")
        return done(stripe, session)
    if form.get("act") == "details":
        change_customer(stripe, session, form)
        return done(stripe, session)
    one = owned(stripe, session, form.get("subscription", ""))
    if price := form.get("price"):
        return switch(stripe, session, one, stripe.store.get("price", price))
    acts = {"cancel": cancel, "undo": undo, "pause": pause, "resume": resume}
    if form.get("act") in acts:
        acts[form["act"]](stripe, session, one)
    return done(stripe, session)


def done(stripe: Any, session: Object) -> Page:
    stripe.store.save(session | {"_done": True})
    after = (session["flow"] or {}).get("after_completion") or {}
    if after.get("type") == "redirect":
        return redirect(after["redirect"]["return_url"])
    if after.get("type") == "hosted_confirmation":
        said = (after.get("hosted_confirmation") or {}).get("custom_message") or "It is done."
        return document("Thank you", f"<p>{escape(said)}</p>")
    return redirect(f"/p/session/{session['id']}?stay=1")


def change_customer(stripe: Any, session: Object, form: Object) -> None:
    customer = stripe.store.get("customer", session["customer"])
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")) | (customer["address"] or {})
    fields: Object = {"address": address | {"country": form.get("country") or address["country"]}}
    fields |= {name: form[name] for name in ("email", "name") if form.get(name)}
    stripe.world.change(customer, "customer.updated", **fields)


def switch(stripe: Any, session: Object, one: Object, price: Object) -> Page:
    allowed = features(stripe, session)
    if not allowed["subscription_update"]["enabled"]:
        raise StripeError(403, "Switching is not offered here.")
    if at_period_end(allowed, one, price):
        stripe.world.schedule_switch(one, price)
        return done(stripe, session)
    proration = allowed["subscription_update"]["proration_behavior"]
    changed = stripe.world.swap(one, price, proration=proration, pending=True)
    if changed["pending_update"]:
        # The switch waits for its payment: a bank that asks, or another card.
        return redirect(f"/i/{changed['latest_invoice']}")
    return done(stripe, session)


def cancel(stripe: Any, session: Object, one: Object) -> None:
    world = stripe.world
    if features(stripe, session)["subscription_cancel"]["mode"] == "immediately":
        world.end_subscription(one)
        return
    # The portal sets cancel_at and leaves cancel_at_period_end alone, as in flexible billing.
    details = one["cancellation_details"] | {"reason": "cancellation_requested"}
    fields = {"cancel_at": period_end(one), "canceled_at": world.now_at(one), "cancellation_details": details}
    world.change(one, "customer.subscription.updated", **fields)


def undo(stripe: Any, session: Object, one: Object) -> None:
    fields: Object = {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}
    fields["cancellation_details"] = one["cancellation_details"] | {"reason": None}
    stripe.world.change(one, "customer.subscription.updated", **fields)


def pause(stripe: Any, session: Object, one: Object) -> None:
    if not features(stripe, session)["subscription_pause"]["enabled"]:
        raise StripeError(403, "Pausing is not offered here.")
    stripe.world.pause_on_request(one, credit=True)


def resume(stripe: Any, session: Object, one: Object) -> None:
    stripe.world.resume(one, unchanged=True)
