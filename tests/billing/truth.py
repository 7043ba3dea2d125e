"""What Stripe's own objects say somebody holds: written from Stripe's rules and docs/billing.md, and calling nothing of the site's.

A Copy is what Stripe knew about one customer at some moment; `holds` reads it at any other moment. So the site's answer can be held
against the present truth, and against the truth as it was when the site last asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.stripe import StripeServer

Object = dict[str, Any]
HOUR, DAY = 3600, 86400
KINDS = ("subscription", "invoice", "checkout.session", "payment_intent", "charge")
# A bank that only asks, and a dispute that the shop has won, take nothing away.
GIVEN_BACK = ("won", "prevented")
INQUIRY = "warning_"


@dataclass(frozen=True)
class Rules:
    """The owner's two settings, in seconds."""

    grace: int = 7 * DAY
    silence: int = 48 * HOUR


@dataclass(frozen=True)
class Copy:
    """One customer's objects at Stripe, as they stood when they were copied; `sold` says which product each price is for."""

    customer: Object
    of: dict[str, list[Object]]
    sold: dict[str, str]

    def one(self, kind: str, identifier: Any) -> Object | None:
        return next((found for found in self.of[kind] if found["id"] == identifier), None)


def copy(stripe: StripeServer, customer_id: str) -> Copy | None:
    """Copy what Stripe knows about a customer now, or None if it never heard of them."""
    with stripe.store.lock:
        customer = stripe.store.find("customer", customer_id)
        if customer is None:
            return None
        of = {kind: stripe.store.all(kind, customer_id) for kind in KINDS}
        charges = [charge["id"] for charge in of["charge"]]
        of |= {kind: stripe.store.all(kind, charge=charges) for kind in ("refund", "dispute")}
        of["invoice_payment"] = stripe.store.all("invoice_payment", invoice=[bill["id"] for bill in of["invoice"]])
        return Copy(customer, of, sold(stripe))


def copies(stripe: StripeServer) -> dict[str, Copy]:
    """Copy everything at once, by customer. For crowds, where asking customer by customer would take too long."""
    with stripe.store.lock:
        every = {kind: stripe.store.all(kind) for kind in (*KINDS, "customer", "refund", "dispute", "invoice_payment")}
        prices = sold(stripe)
    found = {one["id"]: Copy(one, {kind: [] for kind in every}, prices) for one in every["customer"]}
    owner = {one["id"]: one["customer"] for kind in ("charge", "invoice") for one in every[kind]}
    for kind, objects in every.items():
        for one in objects:
            mine = one.get("customer") or owner.get(one.get("charge")) or owner.get(one.get("invoice"))
            if kind != "customer" and mine in found:
                found[mine].of[kind].append(one)
    return found


def sold(stripe: StripeServer) -> dict[str, str]:
    return {price["id"]: price["product"] for price in stripe.store.all("price")}


def holds(copy: Copy, now: float, rules: Rules = Rules()) -> set[str]:
    """Return the ids of the Stripe products that this customer holds at `now` (seconds since 1970)."""
    held: set[str] = set()
    for one in copy.of["subscription"]:
        if is_open(copy, one, now, rules):
            held |= {item["price"]["product"] for item in one["items"]["data"]}
    for session in copy.of["checkout.session"]:
        if session["mode"] == "payment" and is_owned(copy, session):
            held |= {copy.sold[row["price"]] for row in session["_items"]}
    return held


def is_open(copy: Copy, one: Object, now: float, rules: Rules) -> bool:
    """Whether a subscription opens its products: the table of statuses, and every end that is known."""
    if one["status"] not in ("trialing", "active", "past_due") or is_taken_back(copy, one):
        return False
    return all(now < moment for moment in ends_of(copy, one, rules))


def ends_of(copy: Copy, one: Object, rules: Rules) -> list[int]:
    """Return the moments of which the earliest ends a subscription's access, if nothing else is heard."""
    end = max(item["current_period_end"] for item in one["items"]["data"])
    stop = one["cancel_at"] or (end if one["cancel_at_period_end"] else None)
    grace = owing_since(copy, one) + rules.grace if one["status"] == "past_due" else None
    return [moment for moment in (end + rules.silence, stop, one["ended_at"], grace) if moment is not None]


def ends(copy: Copy, rules: Rules) -> list[int]:
    """Return every moment at which something of this customer ends or is renewed."""
    renewed = [item["current_period_end"] for one in copy.of["subscription"] for item in one["items"]["data"]]
    return renewed + [moment for one in copy.of["subscription"] for moment in ends_of(copy, one, rules)]


def owing_since(copy: Copy, one: Object) -> int:
    """Return when its earliest open invoice was due; where none is open, when the period began."""
    moments = [
        invoice["due_date"] or invoice["status_transitions"]["finalized_at"]
        for invoice in copy.of["invoice"]
        if invoice["status"] == "open" and subscription_of(invoice) == one["id"]
    ]
    return min(moments, default=min(item["current_period_start"] for item in one["items"]["data"]))


def subscription_of(invoice: Object) -> str | None:
    return ((invoice["parent"] or {}).get("subscription_details") or {}).get("subscription")


def is_taken_back(copy: Copy, one: Object) -> bool:
    """Whether the money for the latest time that was paid for went back in full, or a bank fights over some of it."""
    bills = [bill for bill in copy.of["invoice"] if subscription_of(bill) == one["id"] and bill["amount_paid"] > 0]
    latest = max((paid_until(bill) for bill in bills), default=0)
    charges = [charge for bill in bills if paid_until(bill) == latest for charge in charges_of(copy, bill)]
    if any(is_contested(copy, charge) for charge in charges):
        return True
    taken, given = sum(charge["amount"] for charge in charges), sum(given_back(copy, charge) for charge in charges)
    return bool(charges) and given >= taken


def paid_until(invoice: Object) -> int:
    return int(max(line["period"]["end"] for line in invoice["lines"]["data"]))


def charges_of(copy: Copy, invoice: Object) -> list[Object]:
    links = [link for link in copy.of["invoice_payment"] if link["invoice"] == invoice["id"]]
    charges = [charge_of(copy, link["payment"].get("payment_intent")) for link in links]
    return [charge for charge in charges if charge]


def charge_of(copy: Copy, intent_id: Any) -> Object | None:
    """Return the charge that took a payment's money, if any has."""
    intent = copy.one("payment_intent", intent_id)
    charge = copy.one("charge", intent["latest_charge"]) if intent else None
    return charge if charge and charge["paid"] else None


def given_back(copy: Copy, charge: Object) -> int:
    """Return what went back of a charge; a refund that failed went nowhere."""
    mine = [one for one in copy.of["refund"] if one["charge"] == charge["id"]]
    return sum(one["amount"] for one in mine if one["status"] not in ("failed", "canceled"))


def is_owned(copy: Copy, session: Object) -> bool:
    """Whether what a session in mode payment sold is owned: paid, not given back in full, under no dispute that counts."""
    if session["status"] != "complete" or session["payment_status"] not in ("paid", "no_payment_required"):
        return False
    charge = charge_of(copy, session["payment_intent"])
    return charge is None or not (given_back(copy, charge) >= charge["amount"] or is_contested(copy, charge))


def is_contested(copy: Copy, charge: Object) -> bool:
    return any(
        one["charge"] == charge["id"] and one["status"] not in GIVEN_BACK and not one["status"].startswith(INQUIRY)
        for one in copy.of["dispute"]
    )


def person_of(customer: Object, site: str) -> int | None:
    """Return the person whom our key wrote into the customer's metadata; an address binds nobody."""
    metadata = customer["metadata"]
    return int(metadata["user"]) if metadata.get("site") == site and metadata.get("user", "").isdigit() else None


def people(found: Iterable[Copy], site: str, now: float, rules: Rules = Rules()) -> dict[int, set[str]]:
    """Return what each person holds over all their customers."""
    held: dict[int, set[str]] = {}
    for one in found:
        person = person_of(one.customer, site)
        if person is not None:
            held.setdefault(person, set()).update(holds(one, now, rules))
    return held
