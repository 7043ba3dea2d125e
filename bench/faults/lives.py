"""Many customers at the embedded Stripe, made and moved through its API without a socket: a crowd for the runs that need one."""

import json
import random
from typing import Any

from sandbox.stripe import StripeServer
from sandbox.stripe.errors import StripeError

Object = dict[str, Any]
# What docs/billing.md asks an owner to send to the webhook; nothing else ever rings.
SENT = (
    "customer.",
    "checkout.session.",
    "invoice.",
    "charge.refunded",
    "charge.dispute.",
    "refund.",
    "product.",
    "price.",
)
STANDING = ("trialing", "active", "past_due", "unpaid", "paused")


def plan(stripe: StripeServer, name: str, *amounts: int) -> list[str]:
    """Make a product with a monthly price for each amount; return the prices' ids."""
    product = stripe.call("POST", "products", name=name)["id"]
    month = {"interval": "month"}
    made = [
        stripe.call("POST", "prices", product=product, unit_amount=amount, currency="usd", recurring=month)
        for amount in amounts
    ]
    return [one["id"] for one in made]


def join(stripe: StripeServer, person: int, site: str, price: str) -> str:
    """Make a customer who belongs to this person, with a card that works and a subscription; return the customer's id."""
    metadata = {"user": str(person), "site": site}
    made = stripe.call("POST", "customers", email=f"person{person}@example.com", metadata=metadata)
    stripe.use_card(made["id"], "good")
    stripe.call("POST", "subscriptions", customer=made["id"], items=[{"price": price}])
    return str(made["id"])


def standing(stripe: StripeServer, customer: str) -> Object | None:
    return next((one for one in stripe.store.all("subscription", customer) if one["status"] in STANDING), None)


def move(stripe: StripeServer, customer: str, prices: list[str], rng: random.Random) -> None:
    """Let one more thing happen in a customer's life, whatever state it is in."""
    one = standing(stripe, customer)
    if one is None:
        stripe.use_card(customer, "good")
        stripe.call("POST", "subscriptions", customer=customer, items=[{"price": rng.choice(prices)}])
        return
    path = f"subscriptions/{one['id']}"
    acts = [
        lambda: stripe.call("POST", path, cancel_at_period_end=one["cancel_at"] is None),
        lambda: stripe.call("POST", path, metadata={"step": rng.randrange(1000)}),
        lambda: swap(stripe, one, rng.choice(prices), rng.choice(["good", "declines"])),
        lambda: pay(stripe, customer),
        lambda: stripe.call("POST", f"{path}/resume") if one["status"] == "paused" else pause(stripe, path),
        lambda: give_back(stripe, customer, rng),
        lambda: stripe.call("DELETE", path),
    ]
    try:
        rng.choice(acts)()
    except StripeError:
        stripe.call("POST", path, metadata={"step": rng.randrange(1000)})


def touch(stripe: StripeServer, customer: str) -> None:
    """Let bells ring about a customer's subscription without changing what it opens."""
    if one := standing(stripe, customer):
        stripe.call(
            "POST", f"subscriptions/{one['id']}", metadata={"touched": one["metadata"].get("touched", "") + "."}
        )


def end(stripe: StripeServer, customer: str) -> None:
    if one := standing(stripe, customer):
        stripe.call("DELETE", f"subscriptions/{one['id']}")


def swap(stripe: StripeServer, one: Object, price: str, card: str) -> None:
    """Switch the plan; the card may fail for the difference, and then the subscription is past due."""
    stripe.use_card(one["customer"], card)
    stripe.call("POST", f"subscriptions/{one['id']}", items=[{"id": one["items"]["data"][0]["id"], "price": price}])


def pause(stripe: StripeServer, path: str) -> None:
    stripe.call("POST", f"{path}/pause", type="subscription")


def pay(stripe: StripeServer, customer: str) -> None:
    for invoice in stripe.store.all("invoice", customer):
        if invoice["status"] == "open":
            stripe.pay_invoice(invoice["id"])


def give_back(stripe: StripeServer, customer: str, rng: random.Random) -> None:
    """Refund one of the customer's payments, all of it or a half, or open a dispute about it."""
    charges = [one for one in stripe.store.all("charge", customer) if one["paid"] and one["amount"] > 1]
    if charges:
        charge = rng.choice(charges)
        left = charge["amount"] - charge["amount_refunded"]
        acts = [
            lambda: stripe.refund(charge["id"]),
            lambda: stripe.refund(charge["id"], max(1, left // 2), outcome=rng.choice(["succeeded", "failed"])),
            lambda: stripe.dispute(charge["id"], inquiry=rng.random() < 0.5),
        ]
        rng.choice(acts)()


def events_since(stripe: StripeServer, position: int) -> tuple[int, list[Object]]:
    """Return how far Stripe's store has come, and the events that were rung after `position`, oldest first."""
    db = stripe.store.db
    with stripe.store.lock:
        newest = int(db.execute("SELECT COALESCE(MAX(seq), 0) FROM objects").fetchone()[0])
        found = db.execute("SELECT body FROM objects WHERE kind = 'event' AND seq > ? ORDER BY seq", (position,))
        events = [json.loads(row[0]) for row in found.fetchall()]
    return newest, [event for event in events if event["type"].startswith(SENT)]
