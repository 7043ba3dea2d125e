"""The front page's levers: give money back, dispute a payment, decide a dispute, and choose what the dashboard offers."""

from html import escape
from itertools import islice
from typing import Any

from sandbox.stripe.disputes import CLOSED
from sandbox.stripe.pages.html import Page, button, day, hidden, money, redirect, select

Object = dict[str, Any]
SHOWN = 12
SETTINGS = {
    "final_failure": (
        "When every attempt to collect has failed",
        {"cancel": "cancel", "unpaid": "mark unpaid", "past_due": "leave past due", "pause": "pause"},
    ),
    "first_failure": (
        "When the first attempt fails",
        {"past_due": "past due, and try again", "pause": "pause at once"},
    ),
    "bank_debits": (
        "While a first bank debit is on its way",
        {"active": "the subscription is active", "incomplete": "it waits"},
    ),
}


def payments(stripe: Any) -> str:
    rows = []
    for charge in islice(stripe.store.walk("charge", {}), SHOWN):
        left = charge["amount"] - charge["amount_refunded"]
        disputed = any(one["status"] not in CLOSED for one in stripe.store.all("dispute", charge=charge["id"]))
        acts = []
        if charge["paid"] and left and not disputed:
            acts = [
                button("Refund", "act", "refund"),
                button("Refund half", "act", "half"),
                button("Refund that fails", "act", "fails"),
                button("Dispute", "act", "dispute"),
                button("Inquiry", "act", "inquiry"),
                button("Fraud warning", "act", "fraud"),
            ]
        form = f'<form class="row" method="post" action="/payments">{hidden(charge=charge["id"])}{"".join(acts)}</form>'
        back = (
            f", {money(charge['amount_refunded'], charge['currency'])} given back" if charge["amount_refunded"] else ""
        )
        who = (stripe.store.find("customer", charge["customer"]) or {}).get("email") or "a guest"
        said = f"{money(charge['amount'], charge['currency'])}, {charge['status']}{back}"
        rows.append(f'<div class="entry">{day(charge["created"])}, {escape(who)}: {said}{form if acts else ""}</div>')
    return framed("Payments", rows)


def disputes(stripe: Any) -> str:
    rows = []
    for one in islice(stripe.store.walk("dispute", {}), SHOWN):
        inquiry = one["status"].startswith("warning_")
        ways = (
            [("Close it", "warning_closed"), ("Becomes a dispute", "needs_response")]
            if inquiry
            else [("Under review", "under_review"), ("Won", "won"), ("Lost", "lost")]
        )
        acts = "" if one["status"] in CLOSED else "".join(button(label, "outcome", value) for label, value in ways)
        form = f'<form class="row" method="post" action="/disputes">{hidden(dispute=one["id"])}{acts}</form>'
        said = f"{money(one['amount'], one['currency'])}, {one['status'].replace('_', ' ')}"
        rows.append(f'<div class="entry">{day(one["created"])}: {said}{form if acts else ""}</div>')
    return framed("Disputes", rows) if rows else ""


def framed(title: str, rows: list[str]) -> str:
    return f"<h2>{title}</h2>{''.join(rows) or '<p class=quiet>None yet.</p>'}"


def settings(stripe: Any) -> str:
    chosen = stripe.world.settings()
    fields = "".join(select(label, name, choices, chosen[name]) for name, (label, choices) in SETTINGS.items())
    return f'<h2>Unpaid subscriptions</h2><form class="slim" method="post" action="/settings">{fields}<button>Set</button></form>'


def change_payment(stripe: Any, form: Object) -> Page:
    charge, act = form.get("charge", ""), form.get("act")
    left = stripe.charge_of(charge)["amount"] - stripe.charge_of(charge)["amount_refunded"]
    if act in ("refund", "half", "fails"):
        stripe.refund(
            charge, max(1, left // 2) if act == "half" else None, outcome="failed" if act == "fails" else "succeeded"
        )
    elif act in ("dispute", "inquiry"):
        stripe.dispute(charge, inquiry=act == "inquiry")
    elif act == "fraud":
        stripe.warn_of_fraud(charge)
    return redirect("/")


def decide(stripe: Any, form: Object) -> Page:
    if form.get("outcome") in ("under_review", "won", "lost", "warning_closed", "needs_response"):
        stripe.decide(form.get("dispute", ""), form["outcome"])
    return redirect("/")


def choose(stripe: Any, form: Object) -> Page:
    stripe.configure(**{name: form[name] for name, (_, choices) in SETTINGS.items() if form.get(name) in choices})
    return redirect("/")
