"""The front page: the clock and its buttons, the mailbox, what was sent, and switches for trouble."""

from html import escape
from itertools import islice
from typing import Any

from sandbox.stripe.pages import ledger
from sandbox.stripe.pages.html import Page, button, document, minute, redirect
from sandbox.stripe.sender import SWITCHES
from sandbox.stripe.terms import DAY, HOUR, SANDBOX_CLOCK

Object = dict[str, Any]
STEPS = {"hour": HOUR, "day": DAY, "8 days": 8 * DAY, "month": 31 * DAY, "year": 366 * DAY}


def show(stripe: Any, form: Object) -> Page:
    world = stripe.world
    offset = int(stripe.store.note("offset", 0))
    ahead = (
        f"{offset // DAY} days and {offset % DAY // HOUR} hours ahead of the site's"
        if offset
        else "the same as the site's"
    )
    body = "<p>Your site talks to this page's server as if it were Stripe: plans, Checkout, the portal, invoices and webhooks.</p>"
    body += f"<h2>Clock</h2><p><strong>{minute(world.now())}</strong>, {ahead}. Moving it renews and ends subscriptions.</p>"
    body += '<form class="row" method="post" action="/clock">'
    body += (
        "".join(button(f"One {name} on" if name[0] not in "8" else f"{name} on", "step", name) for name in STEPS)
        + "</form>"
    )
    body += '<h2>Mailbox</h2><p><a href="/mail/">Read the mail that the site has sent</a></p>'
    body += customers(stripe) + ledger.payments(stripe) + ledger.disputes(stripe)
    body += ledger.settings(stripe) + chaos(stripe) + deliveries(stripe)
    return document("Stripe, embedded", body, wide=True)


def chaos(stripe: Any) -> str:
    words = {
        "duplicate": "send every event three times",
        "reorder": "send events in any order",
        "delay": "send events five seconds late",
        "drop": "lose events",
        "old": f"send events in the shape of an old API version ({stripe.sender.old_version})",
        "rotate": "sign with a second secret too, as while a secret is being changed",
    }
    on = stripe.sender.switches
    boxes = "".join(
        f'<label class="line"><input type="checkbox" name="{name}" {"checked" if name in on else ""}> {words[name]}</label>'
        for name in SWITCHES
    )
    return f'<h2>Trouble with webhooks</h2><form class="slim" method="post" action="/chaos">{boxes}<button>Set</button></form>'


def customers(stripe: Any) -> str:
    rows = []
    for one in islice(stripe.store.walk("customer", {}), 20):
        states = (
            ", ".join(found["status"].replace("_", " ") for found in stripe.store.all("subscription", one["id"]))
            or "no subscription"
        )
        rows.append(f"<tr><td>{escape(one['email'] or '')}</td><td>{one['id']}</td><td>{states}</td></tr>")
    return table("Customers", ("E-mail", "Id", "Subscriptions"), rows)


def deliveries(stripe: Any) -> str:
    found = stripe.store.db.execute(
        "SELECT event, tries, status, answer FROM deliveries ORDER BY id DESC LIMIT 40"
    ).fetchall()
    rows = []
    for event_id, tries, status, answer in found:
        event = stripe.store.find("event", event_id)
        if event:
            rows.append(
                f"<tr><td>{event['type']}</td><td>{minute(event['created'])}</td><td>{tries}</td><td>{status} {escape(answer)}</td></tr>"
            )
    return table("Webhooks", ("Event", "At", "Tries", "Answer"), rows)


def table(title: str, heads: tuple[str, ...], rows: list[str]) -> str:
    head = "".join(f"<th scope=col>{name}</th>" for name in heads)
    inner = (
        f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'
        if rows
        else '<p class="quiet">None yet.</p>'
    )
    return f"<h2>{title}</h2>{inner}"


def move_clock(stripe: Any, form: Object) -> Page:
    step = STEPS.get(form.get("step", ""))
    if step:
        stripe.world.advance(SANDBOX_CLOCK, stripe.world.now() + step)
    return redirect("/")


def switch_chaos(stripe: Any, form: Object) -> Page:
    stripe.sender.switches = {name for name in SWITCHES if form.get(name)}
    return redirect("/")
