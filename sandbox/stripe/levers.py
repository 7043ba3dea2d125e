"""What tests and the front page do to the far side: refunds, disputes, cards, renewals, settings. Everything takes ids."""

from typing import Any

from sandbox.stripe.errors import missing
from sandbox.stripe.store import Store
from sandbox.stripe.terms import HOUR, SANDBOX_CLOCK, Object, period_end, public
from sandbox.stripe.world import World


class Levers:
    """Needs `store` and `world`. A `payment` is the id of a charge, a payment intent, an invoice or a Checkout session."""

    store: Store
    world: World

    def charge_of(self, payment: str) -> Object:
        """Return the charge of a payment. Raises StripeError (404) where nothing has been charged."""
        found = self.store.find_any(payment)
        if found and found["object"] == "checkout.session":
            found = self.store.find_any(found["payment_intent"] or found["invoice"])
        if found and found["object"] == "invoice":
            paid = self.store.all("invoice_payment", invoice=found["id"])
            found = self.store.find("payment_intent", paid[0]["payment"]["payment_intent"]) if paid else None
        if found and found["object"] == "payment_intent":
            found = self.store.find("charge", found["latest_charge"])
        if not found or found["object"] != "charge":
            raise missing("charge", payment)
        return found

    def refund(self, payment: str, amount: int | None = None, *, outcome: str = "succeeded", **params: Any) -> Object:
        """Give money back, all that is left of it or `amount` minor units. `outcome` is succeeded, pending or failed (it comes back)."""
        with self.store.step():
            charge = self.charge_of(payment)
            amount = amount or charge["amount"] - charge["amount_refunded"]
            self.world.refundable(charge, amount)
            return public(self.world.refund(charge, amount, params, outcome=outcome))

    def settle_refund(self, refund: str, *, succeeds: bool = True) -> Object:
        """Let a pending refund arrive; or let any refund fail, which gives the money back to the account."""
        with self.store.step():
            return public(self.world.settle_refund(self.store.get("refund", refund), succeeds=succeeds))

    def dispute(
        self, payment: str, *, reason: str = "fraudulent", inquiry: bool = False, amount: int | None = None
    ) -> Object:
        with self.store.step():
            return public(self.world.dispute(self.charge_of(payment), reason=reason, inquiry=inquiry, amount=amount))

    def decide(self, dispute: str, outcome: str) -> Object:
        """Move a dispute on: under_review, won or lost; an inquiry: under_review, warning_closed, or needs_response (it gets serious)."""
        with self.store.step():
            return public(self.world.decide(self.store.get("dispute", dispute), outcome))

    def warn_of_fraud(self, payment: str) -> Object:
        with self.store.step():
            return public(self.world.warn_of_fraud(self.charge_of(payment)))

    def use_card(self, customer: str, card: str) -> None:
        """Give a customer a card that is good, declines, 3ds, none, bank, bank_fails, dispute, refund_fails … (cards.CARDS)."""
        with self.store.step():
            self.world.use_card(customer, card)

    def renew(self, subscription: str, card: str = "") -> Object:
        """Move the clock past the next renewal and its collection, with this card; return the invoice."""
        with self.store.step():
            one = self.store.get("subscription", subscription)
            if card:
                self.world.use_card(one["customer"], card)
            self.world.advance(one["test_clock"] or SANDBOX_CLOCK, period_end(one) + HOUR + 60)
            one = self.store.get("subscription", subscription)
            return public(self.store.get("invoice", one["latest_invoice"]))

    def pay_invoice(self, invoice: str, card: str = "good", *, confirmed: bool = True) -> Object:
        """Pay an open invoice as its hosted page does: with this card, 3D Secure passed unless `confirmed` is False."""
        with self.store.step():
            found = self.store.get("invoice", invoice)
            method = self.world.new_method(card, found["customer"])
            self.world.try_to_pay(found, method=method, confirmed=confirmed, by_hand=True)
            return public(self.store.get("invoice", invoice))

    def configure(self, **chosen: Any) -> None:
        """Choose what the dashboard offers: final_failure (cancel, unpaid, past_due, pause), first_failure (past_due, pause),
        bank_debits (active, incomplete), upcoming_days."""
        with self.store.step():
            self.world.configure(**chosen)
