"""Subscriptions that are paused, and wake again: on request, at a trial's end without a card, after a failed payment."""

from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.terms import HOUR, Object, after, paused, period_end, period_start


class Pauses:
    """Needs `store`, the clock, events, subscriptions and invoices."""

    def pause(self, one: Object, kind: str, *, resumes_at: int | None = None) -> Object:
        """Stop a subscription: nothing is billed, and nothing should be given."""
        if one["status"] == "paused" and kind != "final_payment_failure":
            raise invalid("id", "This subscription is paused already.")
        was = {"status": one["status"], "status_details": one.get("status_details")}
        one |= {"status": "paused", "status_details": paused(kind, self.now_at(one)), "_resumes_at": resumes_at}
        self.store.save(one)
        if was["status"] != "paused":
            self.ring("customer.subscription.updated", one, was)
            self.ring("customer.subscription.paused", one, was)
        else:
            self.ring("customer.subscription.updated", one, {"status_details": was["status_details"]})
        return one

    def pause_on_request(
        self, one: Object, *, credit: bool, bill_now: bool = False, resumes_at: int | None = None
    ) -> Object:
        """Pause by the API or the portal; unused time becomes credit where `credit`. Raises StripeError where it cannot be."""
        if one["billing_mode"]["type"] != "flexible":
            raise StripeError(400, "Only subscriptions with billing_mode=flexible can be paused.", param="id")
        if one["status"] not in ("active", "trialing", "past_due"):
            raise invalid("id", f"A subscription that is {one['status']} cannot be paused.")
        if credit and one["status"] == "active":
            self.credit_unused(one, bill_now=bill_now)
        return self.pause(self.store.get("subscription", one["id"]), "pause_requested", resumes_at=resumes_at)

    def resume(self, one: Object, *, unchanged: bool = False, wait: bool = True) -> Object:
        """Wake a paused subscription: a new period starts now and is billed at once, or the old one goes on (`unchanged`).

        `wait` keeps it paused until the bill is paid.
        """
        if one["status"] != "paused":
            raise invalid("id", "Only paused subscriptions can be resumed.")
        now = self.now_at(one)
        if unchanged and period_end(one) > now:
            return self.resumed(one)
        for entry in one["items"]["data"]:
            entry |= {"current_period_start": now, "current_period_end": after(now, entry["price"]["recurring"])}
        one["billing_cycle_anchor"] = now
        self.store.save(one)
        invoice = self.bill(one, "subscription_update", (period_start(one), period_end(one)), free=False)
        self.store.save(invoice | {"_resumes": True})
        one = self.store.save(
            self.store.get("subscription", one["id"])
            | {"latest_invoice": invoice["id"], "_gives_up_at": now + 23 * HOUR}
        )
        invoice = self.finalize(self.store.get("invoice", invoice["id"]))
        paid = invoice["status"] == "open" and self.try_to_pay(invoice, by_hand=True)
        one = self.store.get("subscription", one["id"])
        if one["status"] == "paused" and not paid and not wait:
            self.resumed(one)
            return self.change(one, "customer.subscription.updated", status="past_due")
        return one

    def resumed(self, one: Object) -> Object:
        was = {"status": one["status"], "status_details": one.get("status_details")}
        one |= {"status": "active", "status_details": None, "_resumes_at": None, "_gives_up_at": None}
        one.pop("status_details")
        self.store.save(one)
        self.ring("customer.subscription.updated", one, was)
        self.ring("customer.subscription.resumed", one, was)
        return one

    def resume_by_itself(self, one: Object) -> None:
        self.change(one, None, _resumes_at=None)
        self.resume(one)

    def give_up_resuming(self, one: Object) -> None:
        """The bill for waking was not paid in time: it is voided, and the subscription stays paused."""
        self.change(one, None, _gives_up_at=None)
        invoice = self.store.find("invoice", one["latest_invoice"])
        if invoice and invoice["status"] == "open":
            self.void(invoice)

    def end_pause_of_collection(self, one: Object) -> None:
        self.change(one, "customer.subscription.updated", pause_collection=None)
