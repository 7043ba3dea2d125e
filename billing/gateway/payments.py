"""Payment intents with what went back of their money: refunds that stand, disputes that hurt."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.gateway.client import identifier, moment, needed

# Disputes that take nothing away: a mere inquiry, one that was won, one that was settled before it began.
HARMLESS_DISPUTES = ("warning_needs_response", "warning_under_review", "warning_closed", "won", "prevented")
# A refund that failed or was called off has given nothing back.
VOID_REFUNDS = ("failed", "canceled")
EXPAND = ["data.latest_charge.refunds"]


@dataclass(frozen=True)
class RefundSnapshot:
    """`amount` is in the currency's minor unit; `status` is pending, requires_action, succeeded, failed or canceled."""

    id: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    created_at: datetime

    @property
    def stands(self) -> bool:
        return self.status not in VOID_REFUNDS


@dataclass(frozen=True)
class DisputeSnapshot:
    id: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    reason: str
    created_at: datetime
    evidence_due_by: datetime | None

    @property
    def hurts(self) -> bool:
        return self.status not in HARMLESS_DISPUTES


@dataclass(frozen=True)
class Payment:
    """One payment intent. `status` is Stripe's; amounts are in the currency's minor unit."""

    id: str
    customer_id: str
    status: str
    amount: int
    refunds: tuple[RefundSnapshot, ...]
    disputes: tuple[DisputeSnapshot, ...]

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds if refund.stands)

    @property
    def disputed(self) -> bool:
        return any(dispute.hurts for dispute in self.disputes)


def is_disputed(intent: dict[str, Any]) -> bool:
    """Return whether there is a dispute to ask for. Stripe's mark stays when one is won, so each is asked for."""
    return bool(_charge(intent).get("disputed"))


def payment(intent: dict[str, Any], disputes: Iterable[DisputeSnapshot] = ()) -> Payment:
    """Read a payment intent that was listed with EXPAND."""
    refunds = (_charge(intent).get("refunds") or {}).get("data") or []
    return Payment(
        id=intent["id"],
        customer_id=identifier(intent.get("customer")),
        status=intent["status"],
        amount=intent["amount"],
        refunds=tuple(_refund(one, intent["id"]) for one in refunds),
        disputes=tuple(disputes),
    )


def disputes_by_intent(found: Iterable[dict[str, Any]]) -> defaultdict[str, list[DisputeSnapshot]]:
    groups: defaultdict[str, list[DisputeSnapshot]] = defaultdict(list)
    for one in found:
        groups[identifier(one.get("payment_intent"))].append(_dispute(one))
    return groups


def _refund(found: dict[str, Any], intent_id: str) -> RefundSnapshot:
    return RefundSnapshot(
        id=found["id"],
        payment_intent=intent_id,
        amount=found["amount"],
        currency=found["currency"],
        status=found.get("status") or "pending",
        created_at=needed(moment(found["created"])),
    )


def _dispute(found: dict[str, Any]) -> DisputeSnapshot:
    return DisputeSnapshot(
        id=found["id"],
        payment_intent=identifier(found.get("payment_intent")),
        amount=found.get("amount") or 0,
        currency=found.get("currency") or "",
        status=found["status"],
        reason=found.get("reason") or "",
        created_at=needed(moment(found["created"])),
        evidence_due_by=moment((found.get("evidence_details") or {}).get("due_by")),
    )


def _charge(intent: dict[str, Any]) -> dict[str, Any]:
    charge = intent.get("latest_charge")
    return charge if isinstance(charge, dict) else {}
