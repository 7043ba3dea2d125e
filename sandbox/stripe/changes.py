"""Switching what is subscribed to: prorations, changes that wait for their payment, and what the next invoice will come to."""

import copy
from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import HOUR, Object, after, period_end, period_start

Switch = tuple[Object, Object, int]  # The item as it is, the price it is to have, and how many.


class Changes:
    """Needs `store`, the clock, events, subscriptions and invoices."""

    def switches(self, one: Object, asked: list[Object]) -> list[Switch]:
        """Read `items` as Stripe takes them: with an id that item, without one a new one. Deleted ones are left to `drop_items`."""
        known = {entry["id"]: entry for entry in one["items"]["data"]}
        found = []
        for wish in asked:
            if wish.get("deleted") == "true":
                continue
            entry = known.get(wish.get("id", "")) or (
                one["items"]["data"][0] if "id" not in wish and len(known) == 1 and wish.get("price") else None
            )
            if entry is None:
                entry = self.store.get("subscription_item", wish.get("id", ""), "items[0][id]")
            price = self.store.get("price", wish["price"], "items[0][price]") if wish.get("price") else entry["price"]
            found.append((entry, price, int(wish.get("quantity", entry["quantity"]))))
        return found

    def swap(
        self, one: Object, price: Object | None = None, *, switches: list[Switch] | None = None,
        proration: str = "always_invoice", pending: bool = False, confirmed: bool = False,
    ) -> Object:  # fmt: skip
        """Switch items to other prices or quantities.

        `proration` is always_invoice (billed at once), create_prorations (on the next bill) or none. `pending` keeps the old
        items until the payment succeeds.
        """
        if switches is None:
            switches = [
                (
                    one["items"]["data"][0],
                    price or one["items"]["data"][0]["price"],
                    one["items"]["data"][0]["quantity"],
                )
            ]
        before = copy.deepcopy(one)
        new_rhythm = any(rhythm(entry["price"]) != rhythm(new) for entry, new, _ in switches)
        rows = self.proration_rows(one, switches, new_rhythm=new_rhythm)
        self.put_items(one, switches, new_rhythm=new_rhythm)
        billed = one["status"] in ("active", "past_due") and rows and proration != "none"
        if not billed or (proration == "create_prorations" and not new_rhythm):
            self.store.save(one)
            self.ring("customer.subscription.updated", one, {"items": before["items"]})
            if billed:
                self.keep_for_next_bill(one, rows)
            return self.store.get("subscription", one["id"])
        return self.bill_switch(before, one, rows, pending=pending, confirmed=confirmed)

    def bill_switch(self, before: Object, one: Object, rows: list[Object], *, pending: bool, confirmed: bool) -> Object:
        if not pending:
            self.store.save(one)
            self.ring("customer.subscription.updated", one, {"items": before["items"]})
        invoice = self.bill(one, "subscription_update", (self.now_at(one), period_end(one)), rows=rows)
        if pending:
            self.store.save(before | {"_wanted": {name: one[name] for name in ("items", "billing_cycle_anchor")}})
            self.store.save(invoice | {"_pending": True, "auto_advance": False})
        one = self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
        invoice = self.finalize(self.store.get("invoice", invoice["id"]))
        paid = invoice["status"] == "open" and self.try_to_pay(invoice, by_hand=pending, confirmed=confirmed)
        one = self.store.get("subscription", one["id"])
        if pending and not paid:
            waiting = {"billing_cycle_anchor": None, "expires_at": self.now_at(one) + 23 * HOUR, "trial_end": None}
            waiting |= {"subscription_items": one["_wanted"]["items"]["data"], "trial_from_plan": False}
            self.change(one, "customer.subscription.updated", pending_update=waiting)
        return self.store.get("subscription", one["id"])

    def apply_pending(self, one: Object, invoice: Object) -> None:
        """The payment that a change waited for has come."""
        previous = {"items": one["items"], "pending_update": one["pending_update"]}
        waited = one["pending_update"] is not None
        one |= one.pop("_wanted", {}) | {"pending_update": None}
        self.store.save(one)
        self.store.save(self.store.get("invoice", invoice["id"]) | {"_pending": False})
        self.ring("customer.subscription.updated", one, previous)
        if waited:
            self.ring("customer.subscription.pending_update_applied", one, previous)

    def expire_pending(self, one: Object) -> None:
        previous = {"pending_update": one["pending_update"]}
        one.pop("_wanted", None)
        self.store.save(one | {"pending_update": None})
        invoice = self.store.find("invoice", one["latest_invoice"])
        if invoice and invoice["status"] == "open" and invoice.get("_pending"):
            self.void(invoice)
        self.ring("customer.subscription.pending_update_expired", self.store.get("subscription", one["id"]), previous)

    def put_items(self, one: Object, switches: list[Switch], *, new_rhythm: bool) -> None:
        now = self.now_at(one)
        for entry, price, quantity in switches:
            entry |= {"price": price, "plan": shapes.plan(price), "quantity": quantity}
            if new_rhythm and one["status"] != "trialing":
                entry |= {"current_period_start": now, "current_period_end": after(now, price["recurring"])}
                one["billing_cycle_anchor"] = now
            if entry["id"] not in [known["id"] for known in one["items"]["data"]]:
                one["items"]["data"].append(entry)

    def proration_rows(self, one: Object, switches: list[Switch], *, new_rhythm: bool) -> list[Object]:
        """Credit the unused rest of what was paid for, and charge the same rest, or a whole new period, of what is wanted."""
        now, currency, rows = self.now_at(one), one["currency"], []
        for entry, price, quantity in switches:
            if (entry["price"]["id"], entry["quantity"]) == (price["id"], quantity):
                continue
            start, end = entry["current_period_start"], entry["current_period_end"]
            left = max(0, end - now) / max(1, end - start)
            credit = -round(self.each(entry["price"], currency) * entry["quantity"] * left)
            whole = self.each(price, currency) * quantity
            until = after(now, price["recurring"]) if new_rhythm else end
            rows.append(self.proration(one, entry, entry["price"], credit, (now, end), f"Unused time after {now}"))
            cost = whole if new_rhythm else round(whole * left)
            rows.append(self.proration(one, entry, price, cost, (now, until), f"Remaining time after {now}"))
        return rows

    def proration(
        self, one: Object, entry: Object, price: Object, amount: int, period: tuple[int, int], said: str
    ) -> Object:
        parent = shapes.parent_of_line(item=None, subscription=one["id"], subscription_item=entry["id"], proration=True)
        line = shapes.line(
            "", price, amount, period, parent, currency=one["currency"], quantity=entry["quantity"], description=said
        )
        return line | {"subscription": one["id"], "metadata": one["metadata"]}

    def keep_for_next_bill(self, one: Object, rows: list[Object]) -> None:
        customer = self.store.get("customer", one["customer"])
        for row in rows:
            price = self.store.get("price", row["pricing"]["price_details"]["price"])
            params: Any = {
                "currency": one["currency"],
                "subscription": one["id"],
                "proration": True,
                "description": row["description"],
            }
            params |= {"period": (row["period"]["start"], row["period"]["end"])}
            made = self.store.save(shapes.invoice_item(self.now_at(one), customer, price, row["amount"], params))
            self.ring("invoiceitem.created", made)

    def credit_unused(self, one: Object, *, bill_now: bool = False) -> None:
        """Give the unused rest of the period back as credit: on the next bill, or at once onto the customer's balance."""
        now = self.now_at(one)
        rows = []
        for entry in one["items"]["data"]:
            start, end = entry["current_period_start"], entry["current_period_end"]
            whole = self.each(entry["price"], one["currency"]) * entry["quantity"]
            credit = -round(whole * max(0, end - now) / max(1, end - start))
            rows.append(self.proration(one, entry, entry["price"], credit, (now, end), f"Unused time after {now}"))
        if not bill_now:
            self.keep_for_next_bill(one, rows)
            return
        invoice = self.bill(one, "subscription_update", (now, period_end(one)), rows=rows)
        self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
        self.paid(self.store.get("invoice", invoice["id"]))

    def preview(
        self, one: Object, switches: list[Switch] | None = None, *, proration: str = "create_prorations"
    ) -> Object:
        """Return the next invoice without making it: the next period with what waits for it, or, for always_invoice, the switch alone."""
        before = self.store.db.in_transaction
        self.store.db.execute("SAVEPOINT preview" if before else "BEGIN")
        try:
            with self.holding():
                return self.previewed(copy.deepcopy(one), switches, proration)
        finally:
            # Nothing of this has happened: neither the invoice, nor coupons used up, nor bells.
            for statement in ("ROLLBACK TO preview", "RELEASE preview") if before else ("ROLLBACK",):
                self.store.db.execute(statement)

    def previewed(self, one: Object, switches: list[Switch] | None, proration: str) -> Object:
        rows = None
        if switches:
            own = {entry["id"]: entry for entry in one["items"]["data"]}
            switches = [(own.get(entry["id"], entry), price, quantity) for entry, price, quantity in switches]
            new_rhythm = any(rhythm(entry["price"]) != rhythm(new) for entry, new, _ in switches)
            changed = self.proration_rows(one, switches, new_rhythm=new_rhythm)
            self.put_items(one, switches, new_rhythm=new_rhythm)
            if proration == "always_invoice" or new_rhythm:
                rows = changed
            elif proration != "none":
                self.keep_for_next_bill(one, changed)
        if rows is None:
            end = period_end(one)
            for entry in one["items"]["data"]:
                entry |= {"current_period_start": end, "current_period_end": after(end, entry["price"]["recurring"])}
        reason = "subscription_update" if rows is not None else "upcoming"
        invoice = self.bill(one, reason, (period_start(one), period_end(one)), rows=rows, free=False)
        return invoice | {
            "id": new_id("upcoming_in"),
            "lines": invoice["lines"] | {"url": "/v1/invoices/upcoming/lines"},
        }


def rhythm(price: Object) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]
