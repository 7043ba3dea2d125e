"""What follows when an invoice is not paid, and when at last it is: past due, tried again, given up, woken."""

from sandbox.stripe.terms import RETRIES, SETTINGS, Object, pause_of, subscription_of

PAYMENT_PAUSES = ("first_payment_failure", "final_payment_failure")


class Dunning:
    """Needs `store`, the clock, events, invoices and subscriptions."""

    def settings(self) -> Object:
        return SETTINGS | self.store.note("settings", {})

    def configure(self, **chosen: object) -> None:
        """Choose what Stripe's dashboard lets an owner choose: see terms.SETTINGS. Raises KeyError for another name."""
        for name in chosen:
            SETTINGS[name]
        self.store.set_note("settings", self.store.note("settings", {}) | chosen)

    def failed(self, invoice: Object, *, action: bool, by_hand: bool, counts: bool = True) -> None:
        """An attempt to pay did not succeed; `action` when it waits for 3D Secure. A debit that came back `counts` already."""
        one = self.store.find("subscription", subscription_of(invoice))
        first = invoice["attempt_count"] == 0
        if first or not by_hand:
            count = invoice["attempt_count"] + (1 if counts else 0)
            renewal = one is not None and one["status"] not in ("incomplete", "canceled")
            wait = RETRIES[count - 1] if renewal and count <= len(RETRIES) else None
            invoice |= {"attempt_count": count, "next_payment_attempt": self.now_at(invoice) + wait if wait else None}
        invoice["attempted"] = True
        self.store.save(invoice)
        self.ring(
            "invoice.updated",
            invoice,
            {"attempted": False} if first else {"attempt_count": invoice["attempt_count"] - 1},
        )
        if action:
            self.ring("invoice.payment_action_required", invoice)
        self.ring("invoice.payment_failed", invoice)
        if one:
            self.lapse(one, invoice, first=first, by_hand=by_hand)

    def lapse(self, one: Object, invoice: Object, *, first: bool, by_hand: bool) -> None:
        if one.pop("_debit", False):
            self.store.save(one)
        if one["status"] == "active" and not invoice.get("_pending"):
            if (
                self.settings()["first_failure"] == "pause"
                and first
                and invoice["billing_reason"] == "subscription_cycle"
            ):
                self.pause(one, "first_payment_failure")
            else:
                self.change(one, "customer.subscription.updated", status="past_due")
        retried = not by_hand and invoice["next_payment_attempt"] is None
        if retried and (one["status"] == "past_due" or pause_of(one) == "first_payment_failure"):
            self.end_of_dunning(one)

    def end_of_dunning(self, one: Object) -> None:
        """The last attempt has failed: do what the owner has chosen."""
        outcome = self.store.note("dunning") or self.settings()["final_failure"]
        if outcome in ("cancel", "canceled"):
            self.end_subscription(one, reason="payment_failed")
        elif outcome in ("pause", "paused"):
            self.pause(one, "final_payment_failure")
        else:
            self.change(one, "customer.subscription.updated", status=outcome)

    def on_its_way(self, invoice: Object) -> None:
        """A bank debit has been promised: the subscription starts, or waits, as the owner has chosen."""
        one = self.store.find("subscription", subscription_of(invoice))
        if one and one["status"] == "incomplete":
            active = self.settings()["bank_debits"] == "active"
            self.change(one, "customer.subscription.updated", _debit=True, status="active" if active else "incomplete")

    def wake(self, invoice: Object) -> None:
        """A paid invoice opens what waited for it; an older one than the latest opens nothing."""
        one = self.store.find("subscription", subscription_of(invoice))
        if one is None:
            return
        if invoice.get("_pending"):
            self.apply_pending(one, invoice)
        elif one["status"] == "paused":
            if invoice.get("_resumes") or (pause_of(one) in PAYMENT_PAUSES and invoice["id"] == one["latest_invoice"]):
                self.resumed(one)
        elif one["status"] in ("past_due", "unpaid", "incomplete") and invoice["id"] == one["latest_invoice"]:
            self.change(one, "customer.subscription.updated", status="active")

    def forgive(self, invoice: Object) -> None:
        """An invoice that was voided or given up is owed no more; a first one that was voided never started anything."""
        one = self.store.find("subscription", subscription_of(invoice))
        if one is None or invoice["id"] != one["latest_invoice"]:
            return
        if one["status"] in ("past_due", "unpaid"):
            self.change(one, "customer.subscription.updated", status="active")
        elif one["status"] == "incomplete" and invoice["status"] == "void":
            now = self.now_at(one)
            self.change(
                one, "customer.subscription.updated", status="incomplete_expired", ended_at=now, canceled_at=now
            )
