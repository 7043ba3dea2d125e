"""A customer as Stripe has it now: subscriptions with their period's end from the items, and what was bought outright."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.gateway.client import asking, identifier, moment, pages, plain, v1

# Disputes that take nothing away: a mere inquiry, one that was won, one that was settled before it began.
HARMLESS_DISPUTES = ("warning_needs_response", "warning_under_review", "warning_closed", "won", "prevented")
PURCHASE_EXPAND = ["data.line_items", "data.payment_intent.latest_charge"]
OWNED = {"dp_": "disputes", "du_": "disputes", "re_": "refunds", "pyr_": "refunds"}


@dataclass(frozen=True)
class SubscriptionSnapshot:
    id: str
    customer_id: str
    status: str
    product_ids: tuple[str, ...]
    price_id: str
    current_period_end: datetime | None
    trial_end: datetime | None
    cancel_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    ended_at: datetime | None
    unpaid_since: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class PurchaseSnapshot:
    """One line of a completed Checkout session in mode payment. `state` is pending, paid, failed, refunded or disputed."""

    session_id: str
    customer_id: str
    payment_intent: str
    product_id: str
    amount: int
    currency: str
    state: str
    created_at: datetime


@dataclass(frozen=True)
class CustomerSnapshot:
    id: str
    email: str
    deleted: bool
    metadata: dict[str, str]
    subscriptions: tuple[SubscriptionSnapshot, ...] = ()
    purchases: tuple[PurchaseSnapshot, ...] = ()


def fetch_customer(customer_id: str) -> CustomerSnapshot:
    """Ask Stripe for one customer, in three to five calls.

    Raises Gone, GatewayDown or GatewayRefused. A customer deleted at Stripe is an answer (`deleted`), not an error.
    """
    with asking():
        customer = plain(v1().customers.retrieve(customer_id))
        if customer.get("deleted"):
            return CustomerSnapshot(id=customer_id, email="", deleted=True, metadata={})
        subscriptions = list(pages(v1().subscriptions.list, customer=customer_id, status="all"))
        late = any(one["status"] == "past_due" for one in subscriptions)
        invoices = list(pages(v1().invoices.list, customer=customer_id, status="open")) if late else []
        sessions = _paid_outright(customer=customer_id)
        disputes = [
            dispute
            for intent in _disputed_intents(sessions)
            for dispute in pages(v1().disputes.list, payment_intent=intent)
        ]
        return _snapshot(customer, subscriptions, sessions, due=_due(invoices), disputed=_disputed(disputes))


def fetch_customers() -> Iterator[CustomerSnapshot]:
    """Ask Stripe for all customers from its lists, a hundred a call. Deleted customers are not among them."""
    with asking():
        subscriptions = _grouped(pages(v1().subscriptions.list, status="all"))
        due = _due(pages(v1().invoices.list, status="open"))
        sessions = _paid_outright()
        disputed = _disputed(pages(v1().disputes.list)) if _disputed_intents(sessions) else set()
        bought = _grouped(sessions)
        for customer in pages(v1().customers.list):
            mine = customer["id"]
            yield _snapshot(customer, subscriptions[mine], bought[mine], due=due, disputed=disputed)


def fetch_owner(object_id: str) -> str:
    """Return the customer whose charge this dispute or refund is about, or an empty string. Raises as fetch_customer."""
    service = next((name for prefix, name in OWNED.items() if object_id.startswith(prefix)), None)
    if service is None:
        return ""
    with asking():
        found = plain(getattr(v1(), service).retrieve(object_id, {"expand": ["charge"]}))
        charge = found.get("charge")
        return identifier(charge.get("customer")) if isinstance(charge, dict) else ""


def _snapshot(
    customer: dict[str, Any],
    subscriptions: Iterable[dict[str, Any]],
    sessions: Iterable[dict[str, Any]],
    *,
    due: dict[str, datetime],
    disputed: set[str],
) -> CustomerSnapshot:
    return CustomerSnapshot(
        id=customer["id"],
        email=customer.get("email") or "",
        deleted=False,
        metadata=dict(customer.get("metadata") or {}),
        subscriptions=tuple(_subscription(one, due) for one in subscriptions),
        purchases=tuple(line for session in sessions for line in _purchases(session, disputed)),
    )


def _grouped(found: Iterable[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in found:
        groups[identifier(one.get("customer"))].append(one)
    return groups


def _subscription(found: dict[str, Any], due: dict[str, datetime]) -> SubscriptionSnapshot:
    items = found["items"]["data"]
    # Period ends moved from the subscription to its items in 2025; objects of older API versions still have the one on top.
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    starts = [item["current_period_start"] for item in items if item.get("current_period_start")]
    period_end = max(ends, default=found.get("current_period_end"))
    unpaid = due.get(found["id"]) or moment(min(starts, default=found.get("current_period_start")))
    return SubscriptionSnapshot(
        id=found["id"],
        customer_id=identifier(found["customer"]),
        status=found["status"],
        product_ids=tuple(dict.fromkeys(identifier(item["price"]["product"]) for item in items)),
        price_id=items[0]["price"]["id"] if items else "",
        current_period_end=moment(period_end),
        trial_end=moment(found.get("trial_end")),
        # The portal sets cancel_at and leaves the flag false; an older API call may set the flag alone.
        cancel_at=moment(found.get("cancel_at") or (period_end if found.get("cancel_at_period_end") else None)),
        cancel_at_period_end=bool(found.get("cancel_at_period_end")),
        canceled_at=moment(found.get("canceled_at")),
        ended_at=moment(found.get("ended_at")),
        unpaid_since=unpaid if found["status"] == "past_due" else None,
        created_at=_needed(moment(found["created"])),
    )


def _needed(value: datetime | None) -> datetime:
    if value is None:
        raise ValueError("a time is missing")
    return value


def _due(invoices: Iterable[dict[str, Any]]) -> dict[str, datetime]:
    """Return since when each subscription has owed: when its earliest open invoice was due, or else was finalised."""
    earliest: dict[str, datetime] = {}
    for invoice in invoices:
        details = (invoice.get("parent") or {}).get("subscription_details") or {}
        subscription = identifier(details.get("subscription") or invoice.get("subscription"))
        finalized = (invoice.get("status_transitions") or {}).get("finalized_at")
        due = _needed(moment(invoice.get("due_date") or finalized or invoice["created"]))
        earliest[subscription] = min(due, earliest.get(subscription, due))
    return earliest


def _paid_outright(**params: str) -> list[dict[str, Any]]:
    found = pages(v1().checkout.sessions.list, status="complete", expand=PURCHASE_EXPAND, **params)
    return [session for session in found if session["mode"] == "payment"]


def _disputed_intents(sessions: Iterable[dict[str, Any]]) -> list[str]:
    return [identifier(session["payment_intent"]) for session in sessions if _charge(session).get("disputed")]


def _disputed(disputes: Iterable[dict[str, Any]]) -> set[str]:
    return {identifier(one["payment_intent"]) for one in disputes if one["status"] not in HARMLESS_DISPUTES}


def _charge(session: dict[str, Any]) -> dict[str, Any]:
    intent = session.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    return charge if isinstance(charge, dict) else {}


def _purchases(session: dict[str, Any], disputed: set[str]) -> Iterator[PurchaseSnapshot]:
    for line in session["line_items"]["data"]:
        yield PurchaseSnapshot(
            session_id=session["id"],
            customer_id=identifier(session["customer"]),
            payment_intent=identifier(session.get("payment_intent")),
            product_id=identifier(line["price"]["product"]),
            amount=line["amount_total"],
            currency=line["currency"],
            state=_state(session, disputed),
            created_at=_needed(moment(session["created"])),
        )


def _state(session: dict[str, Any], disputed: set[str]) -> str:
    """A full refund and an open or lost dispute take the purchase away; a partial refund does not."""
    intent, charge = session.get("payment_intent"), _charge(session)
    if charge.get("refunded"):
        return "refunded"
    if identifier(intent) in disputed:
        return "disputed"
    if session["payment_status"] in ("paid", "no_payment_required"):
        return "paid"
    return "pending" if isinstance(intent, dict) and intent["status"] in ("processing", "succeeded") else "failed"
