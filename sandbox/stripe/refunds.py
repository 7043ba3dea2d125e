"""Money given back: in full, in part, on its way, and sometimes returned because the bank would not take it."""

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.terms import Object


class Refunds:
    """Needs `store`, the clock, events and cards."""

    def refund(self, charge: Object, amount: int, params: Object, *, outcome: str = "") -> Object:
        """Give money back. `outcome` is succeeded, pending or failed; without one the charge's card decides."""
        outcome = outcome or self.outcome_of(charge)
        now = self.now_at(charge)
        refund = shapes.refund(now, charge, amount, params, "pending" if outcome == "pending" else "succeeded")
        if outcome == "pending":
            refund["pending_reason"] = "processing"
        self.store.save(refund)
        self.count_refunds(charge)
        self.ring("refund.created", refund)
        self.ring("charge.refunded", charge)
        if outcome == "failed":
            return self.settle_refund(refund, succeeds=False)
        return refund

    def outcome_of(self, charge: Object) -> str:
        method = self.store.find("payment_method", charge["payment_method"])
        return {"refund_fails": "failed", "refund_pending": "pending"}.get(
            method["_card"] if method else "", "succeeded"
        )

    def count_refunds(self, charge: Object) -> Object:
        """What failed or was canceled counts no more: the money came back to the account."""
        found = self.store.all("refund", charge=charge["id"])
        total = sum(one["amount"] for one in found if one["status"] not in ("failed", "canceled"))
        charge |= {"amount_refunded": total, "refunded": total == charge["amount"]}
        return self.store.save(charge)

    def settle_refund(self, refund: Object, *, succeeds: bool) -> Object:
        """A refund that was on its way arrives, or one that was thought done comes back days later."""
        if refund["status"] in ("failed", "canceled"):
            raise invalid("refund", f"This refund is {refund['status']} already.")
        was = {"status": refund["status"]}
        refund.pop("pending_reason", None)
        refund["status"] = "succeeded" if succeeds else "failed"
        if not succeeds:
            refund |= {"failure_reason": "expired_or_canceled_card"}
        self.store.save(refund)
        charge = self.count_refunds(self.store.get("charge", refund["charge"]))
        self.ring("refund.updated", refund, was)
        self.ring("charge.refund.updated", refund, was)
        if not succeeds:
            self.ring("refund.failed", refund)
            self.ring("charge.updated", charge, {"amount_refunded": charge["amount_refunded"] + refund["amount"]})
        return refund

    def cancel_refund(self, refund: Object) -> Object:
        if refund["status"] != "requires_action":
            raise StripeError(400, "Only a refund that requires action can be canceled.", param="refund")
        self.change(refund, "refund.updated", status="canceled")
        self.count_refunds(self.store.get("charge", refund["charge"]))
        return refund

    def refundable(self, charge: Object, amount: int) -> None:
        """Raise StripeError where this cannot be given back: never paid, given back already, or taken by a dispute."""
        if not charge["paid"]:
            raise StripeError(400, f"Charge {charge['id']} has not been paid.", param="charge")
        left = charge["amount"] - charge["amount_refunded"]
        if left == 0:
            raise StripeError(
                400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", param="charge"
            )
        if amount > left:
            raise invalid("amount", f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).")
        for dispute in self.store.all("dispute", charge=charge["id"]):
            if not dispute["is_charge_refundable"] and dispute["status"] != "won":
                raise StripeError(
                    400, f"Charge {charge['id']} has been charged back.", code="charge_disputed", param="charge"
                )
