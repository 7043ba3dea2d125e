"""Subscriptions: how they begin, renew, switch, and end."""

from sandbox.stripe import shapes
from sandbox.stripe.terms import Object, after, period_end, subscription_of


class Subscriptions:
    """Needs `store`, the clock, events and invoices."""

    def subscribe(self, customer: Object, prices: list[Object], params: Object) -> Object:
        """Create a subscription with its first invoice; params: metadata, trial_end (seconds), missing_payment_method, discount."""
        now = self.now(customer["test_clock"])
        trial_end = params.get("trial_end")
        one = shapes.subscription(now, customer["id"], prices[0]["currency"], params.get("metadata") or {})
        end = trial_end or after(now, prices[0]["recurring"])
        one["items"] = shapes.page(
            [shapes.item(now, one["id"], price, start=now, end=end) for price in prices],
            f"/v1/subscription_items?subscription={one['id']}",
        )
        one["test_clock"] = customer["test_clock"]
        one["_discount"] = params.get("discount")
        one["automatic_tax"]["enabled"] = bool(params.get("tax"))
        if trial_end:
            behaviour = params.get("missing_payment_method", "create_invoice")
            one |= {"status": "trialing", "trial_start": now, "trial_end": trial_end, "billing_cycle_anchor": trial_end}
            one["trial_settings"] = {"end_behavior": {"missing_payment_method": behaviour}}
        self.store.save(one)
        invoice = self.bill(one, "subscription_create", (now, end))
        one = self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
        self.finalize(invoice)
        paid = self.try_to_pay(self.store.get("invoice", invoice["id"]), quiet=True)
        one = self.store.get("subscription", one["id"])
        if one["status"] == "incomplete" and paid:
            one = self.store.save(one | {"status": "active"})
        self.ring("customer.subscription.created", one)
        invoice = self.store.get("invoice", invoice["id"])
        self.ring("invoice.paid" if paid else "invoice.payment_failed", invoice)
        return one

    def renew(self, one: Object) -> Object:
        """Roll the period first and collect an hour later, as Stripe does; a trial without a card ends as its settings say."""
        now, was = period_end(one), one["status"]
        if was == "trialing" and self.card(one) == "none":
            behaviour = one["trial_settings"]["end_behavior"]["missing_payment_method"]
            if behaviour == "cancel":
                return self.end_subscription(one)
            if behaviour == "pause":
                self.change(one, None, status="paused")
                self.ring("customer.subscription.paused", one, {"status": was})
                return one
        previous = {"items": one["items"], "latest_invoice": one["latest_invoice"], "status": was}
        for entry in one["items"]["data"]:
            entry["current_period_start"] = now
            entry["current_period_end"] = after(now, entry["price"]["recurring"])
        one["status"] = "active" if was == "trialing" else was
        self.store.save(one)
        invoice = self.bill(one, "subscription_cycle", (now, period_end(one)))
        one = self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
        self.ring("customer.subscription.updated", one, previous)
        self.ring("invoice.created", invoice)
        return one

    def end_subscription(self, one: Object, *, reason: str = "cancellation_requested") -> Object:
        now = self.now_of(one["customer"])
        one |= {"status": "canceled", "ended_at": now, "canceled_at": one["canceled_at"] or now}
        one["cancellation_details"] = one["cancellation_details"] | {"reason": reason}
        self.store.save(one)
        for invoice in self.store.all("invoice", one["customer"]):
            if subscription_of(invoice) == one["id"] and invoice["status"] == "draft":
                self.change(invoice, None, auto_advance=False)
            if subscription_of(invoice) == one["id"] and invoice["status"] == "open":
                self.change(invoice, None, next_payment_attempt=None, auto_advance=False)
        self.ring("customer.subscription.deleted", one)
        return one

    def give_up_incomplete(self, one: Object) -> None:
        now = self.now_of(one["customer"])
        self.change(one, "customer.subscription.updated", status="incomplete_expired", ended_at=now, canceled_at=now)
        for invoice in self.store.all("invoice", one["customer"]):
            if subscription_of(invoice) == one["id"] and invoice["status"] == "open":
                self.void(invoice)

    def warn_of_trial_end(self, one: Object) -> None:
        one["_warned"] = True
        self.store.save(one)
        self.ring("customer.subscription.trial_will_end", one)

    def swap(self, one: Object, price: Object) -> Object:
        """Switch the first item to another price; the difference for the rest of the period is billed at once."""
        now = self.now_of(one["customer"])
        first = one["items"]["data"][0]
        old, start, end = first["price"], first["current_period_start"], first["current_period_end"]
        previous = {"items": {"data": [dict(first)]}}
        same_rhythm = old["recurring"]["interval"] == price["recurring"]["interval"]
        left = max(0, end - now) / max(1, end - start)
        first |= {"price": price, "plan": shapes.plan(price)}
        if not same_rhythm:
            first |= {"current_period_start": now, "current_period_end": after(now, price["recurring"])}
        self.store.save(one)
        self.ring("customer.subscription.updated", one, previous)
        if one["status"] == "active":
            credit = -round(old["unit_amount"] * left)
            cost = round(price["unit_amount"] * left) if same_rhythm else price["unit_amount"]
            invoice = self.bill(
                one, "subscription_update", (now, period_end(one)), amounts=[(old, credit), (price, cost)]
            )
            one = self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
            self.finalize(invoice)
            self.try_to_pay(self.store.get("invoice", invoice["id"]))
        return self.store.get("subscription", one["id"])
