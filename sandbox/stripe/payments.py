"""Payment intents and charges: taking money, or not."""

from sandbox.stripe import shapes
from sandbox.stripe.terms import ASYNC_DELAY, Object

DECLINE: Object = {
    "code": "card_declined",
    "decline_code": "generic_decline",
    "message": "Your card was declined.",
    "type": "card_error",
}
NO_METHOD: Object = {
    "code": "payment_intent_payment_attempt_failed",
    "message": "There is no payment method.",
    "type": "card_error",
}


class Payments:
    """Needs `store`, the clock, events, cards, refunds and disputes."""

    def intend(self, customer_id: str | None, amount: int, currency: str, metadata: Object) -> Object:
        intent = shapes.payment_intent(self.now_of(customer_id), customer_id, amount, currency, metadata)
        self.store.save(intent)
        self.ring("payment_intent.created", intent)
        return intent

    def attempt(self, intent: Object, method: Object | None, *, confirmed: bool = False) -> str:
        """Try to take the money; return succeeded, processing, action (3D Secure waits) or declined."""
        card = method["_card"] if method else "none"
        intent["payment_method"] = method and method["id"]
        if card == "none":
            return self.decline(intent, None)
        if card == "declines":
            return self.decline(intent, method)
        if card == "3ds" and not confirmed:
            intent |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}}}
            self.store.save(intent)
            self.ring("payment_intent.requires_action", intent)
            return "action"
        if card in ("bank", "bank_fails"):
            return self.promise(intent, method)
        return self.take(intent, method)

    def decline(self, intent: Object, method: Object | None) -> str:
        error = dict(DECLINE if method else NO_METHOD)
        if method:
            charge = self.store.save(shapes.charge(self.now_at(intent), intent, method, "failed"))
            intent["latest_charge"], error["charge"] = charge["id"], charge["id"]
            self.ring("charge.failed", charge)
        intent |= {"status": "requires_payment_method", "last_payment_error": error, "next_action": None}
        self.store.save(intent | {"payment_method": None})
        self.ring("payment_intent.payment_failed", intent)
        return "declined"

    def promise(self, intent: Object, method: Object) -> str:
        """A bank debit: on its way for days."""
        charge = self.store.save(shapes.charge(self.now_at(intent), intent, method, "pending"))
        intent |= {
            "status": "processing",
            "latest_charge": charge["id"],
            "next_action": None,
            "payment_method_types": [method["type"]],
        }
        self.store.save(
            intent | {"_settles_at": self.now_at(intent) + ASYNC_DELAY, "_fails": method["_card"] == "bank_fails"}
        )
        self.ring("charge.pending", charge)
        self.ring("payment_intent.processing", intent)
        return "processing"

    def take(self, intent: Object, method: Object) -> str:
        charge = shapes.charge(self.now_at(intent), intent, method, "succeeded")
        self.store.save(charge)
        self.succeed(intent, charge)
        if method["_card"] in ("dispute", "inquiry"):
            self.dispute(charge, inquiry=method["_card"] == "inquiry")
        if method["_card"] == "fraud":
            self.warn_of_fraud(charge)
        return "succeeded"

    def succeed(self, intent: Object, charge: Object) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        intent |= {"last_payment_error": None, "next_action": None, "_settles_at": None}
        self.store.save(intent)
        self.ring("charge.succeeded", charge)
        self.ring("payment_intent.succeeded", intent)

    def settle_intent(self, intent: Object) -> None:
        """A bank debit arrives, or comes back; whoever waits for it is told."""
        charge = self.store.get("charge", intent["latest_charge"])
        if intent.pop("_fails", False):
            charge |= {
                "status": "failed",
                "paid": False,
                "failure_code": "insufficient_funds",
                "failure_message": "The debit came back.",
            }
            self.store.save(charge)
            self.ring("charge.failed", charge)
            error = DECLINE | {"charge": charge["id"], "code": "insufficient_funds", "message": "The debit came back."}
            intent |= {"status": "requires_payment_method", "last_payment_error": error, "_settles_at": None}
            self.store.save(intent)
            self.ring("payment_intent.payment_failed", intent)
        else:
            self.store.save(charge | {"status": "succeeded", "paid": True, "amount_captured": charge["amount"]})
            self.succeed(intent, self.store.get("charge", charge["id"]))
        good = intent["status"] == "succeeded"
        for payment in self.store.all("invoice_payment", payment_intent=intent["id"]):
            self.invoice_settled(self.store.get("invoice", payment["invoice"]), good=good)
        if session := self.store.find("checkout.session", intent.get("_session")):
            self.session_settled(session, good=good)

    def cancel_intent(self, intent: Object, reason: str | None) -> Object:
        now = self.now_at(intent)
        intent |= {
            "status": "canceled",
            "canceled_at": now,
            "cancellation_reason": reason,
            "next_action": None,
            "_settles_at": None,
        }
        self.store.save(intent)
        self.ring("payment_intent.canceled", intent)
        return intent
