"""Disputes: a cardholder asks their bank for the money. Also the bank's early word of fraud."""

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError
from sandbox.stripe.terms import Object

CLOSED = ("won", "lost", "warning_closed", "prevented")
# Stripe's magic words: evidence that wins or loses at once in its sandbox.
DECIDING = {"winning_evidence": "won", "losing_evidence": "lost"}


class Disputes:
    """Needs `store`, the clock and events."""

    def dispute(
        self, charge: Object, *, reason: str = "fraudulent", inquiry: bool = False, amount: int | None = None
    ) -> Object:
        """Open a dispute about a charge, or a mere inquiry, which takes no money yet."""
        if any(one["status"] not in CLOSED for one in self.store.all("dispute", charge=charge["id"])):
            raise StripeError(400, "This charge is under dispute already.", param="charge")
        made = shapes.dispute(
            self.now_at(charge), charge, amount=amount or charge["amount"], reason=reason, inquiry=inquiry
        )
        self.store.save(made)
        self.change(charge, "charge.updated", disputed=True)
        self.ring("charge.dispute.created", made)
        if not inquiry:
            self.move_money(made, -made["amount"])
        return self.store.get("dispute", made["id"])

    def move_money(self, dispute: Object, amount: int) -> None:
        dispute["balance_transactions"].append(shapes.movement(self.now_at(dispute), dispute, amount))
        self.store.save(dispute)
        self.ring(f"charge.dispute.funds_{'reinstated' if amount > 0 else 'withdrawn'}", dispute)

    def decide(self, dispute: Object, outcome: str) -> Object:
        """Move a dispute on: under_review, won, lost; an inquiry: under_review, warning_closed, or needs_response (it became a dispute)."""
        if dispute["status"] in CLOSED:
            raise StripeError(400, "This dispute is already closed.", param="dispute")
        inquiry = dispute["status"].startswith("warning_")
        if inquiry and outcome in ("won", "lost"):
            outcome = "warning_closed"
        status = "warning_under_review" if inquiry and outcome == "under_review" else outcome
        previous = {"status": dispute["status"]}
        dispute |= {"status": status, "is_charge_refundable": status.startswith("warning_")}
        self.store.save(dispute)
        if status == "needs_response":
            dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
            self.move_money(dispute, -dispute["amount"])
        self.ring("charge.dispute.closed" if status in CLOSED else "charge.dispute.updated", dispute, previous)
        if status == "won":
            self.move_money(dispute, dispute["amount"])
        return self.store.get("dispute", dispute["id"])

    def answer_dispute(self, dispute: Object, evidence: Object, *, submit: bool, metadata: Object | None) -> Object:
        """Keep the owner's evidence; once submitted, the bank looks at it."""
        if dispute["status"] in CLOSED:
            raise StripeError(400, "This dispute is already closed.", param="dispute")
        previous = {"evidence": {name: dispute["evidence"].get(name) for name in evidence}}
        details = dispute["evidence_details"] | {"has_evidence": bool(evidence)}
        details["submission_count"] += 1 if submit else 0
        dispute |= {"evidence": dispute["evidence"] | evidence, "evidence_details": details}
        if metadata is not None:
            dispute["metadata"] = metadata
        self.store.save(dispute)
        if not submit:
            self.ring("charge.dispute.updated", dispute, previous)
            return dispute
        dispute = self.decide(dispute, "under_review")
        decided = DECIDING.get(str(evidence.get("uncategorized_text")))
        return self.decide(dispute, decided) if decided else dispute

    def warn_of_fraud(self, charge: Object) -> Object:
        warning = self.store.save(shapes.fraud_warning(self.now_at(charge), charge))
        self.ring("radar.early_fraud_warning.created", warning)
        return warning
