"""Invoices, and the money that pays them or does not."""

from sandbox.stripe import shapes
from sandbox.stripe.terms import RETRIES, Object, discounted, subscription_of


class Invoices:
    """Needs `store`, the clock, events and subscriptions."""

    def bill(
        self, one: Object, reason: str, period: tuple[int, int], amounts: list[tuple[Object, int]] | None = None
    ) -> Object:
        customer = self.store.get("customer", one["customer"])
        details = {"metadata": one["metadata"], "subscription": one["id"]}
        parent = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
        invoice = shapes.invoice(self.now(customer["test_clock"]), customer, reason, period, parent)
        trial = one["status"] == "trialing"
        free = amounts or [(i["price"], 0 if trial else i["price"]["unit_amount"]) for i in one["items"]["data"]]
        rows = []
        for (price, amount), entry in zip(free, one["items"]["data"] * len(free), strict=False):
            link = {"invoice_item": None, "proration": amounts is not None, "proration_details": None}
            link |= {"subscription": one["id"], "subscription_item": entry["id"]}
            link_to = {
                "invoice_item_details": None,
                "subscription_item_details": link,
                "type": "subscription_item_details",
            }
            rows.append(shapes.line(invoice["id"], price, amount, period, link_to))
        return self.total(invoice, rows, one["currency"], one.get("_discount"), tax=one["automatic_tax"]["enabled"])

    def total(
        self, invoice: Object, rows: list[Object], currency: str, discount: Object | None = None, *, tax: bool = False
    ) -> Object:
        """Add up an invoice's lines, take the discount off, put the tax on, and save it."""
        subtotal = sum(row["amount"] for row in rows)
        total = max(0, discounted(subtotal, discount))
        if tax:
            total += total // 5 if (invoice["customer_address"] or {}).get("country") == "GB" else 0
        invoice["lines"] = shapes.page(rows, f"/v1/invoices/{invoice['id']}/lines")
        invoice |= {"currency": currency, "subtotal": subtotal, "subtotal_excluding_tax": subtotal, "total": total}
        invoice |= {"total_excluding_tax": total, "amount_due": total, "amount_remaining": total}
        invoice["automatic_tax"] = invoice["automatic_tax"] | {"enabled": tax, "status": "complete" if tax else None}
        return self.store.save(invoice)

    def finalize(self, invoice: Object) -> Object:
        now = self.now_of(invoice["customer"])
        count = int(self.store.note("invoices", 0)) + 1
        self.store.set_note("invoices", count)
        invoice |= {
            "status": "open",
            "number": f"LECT-{count:05}",
            "effective_at": now,
            "automatically_finalizes_at": None,
        }
        invoice["hosted_invoice_url"] = f"{self.url}/i/{invoice['id']}"
        invoice["status_transitions"] = invoice["status_transitions"] | {"finalized_at": now}
        self.store.save(invoice)
        self.ring("invoice.finalized", invoice)
        return invoice

    def collect(self, invoice: Object) -> None:
        """Finalize a draft that is due, and try to take the money."""
        if invoice["status"] == "draft":
            invoice = self.finalize(invoice)
        self.try_to_pay(invoice)

    def card(self, one: Object) -> str:
        return str(self.store.get("customer", one["customer"])["_card"])

    def try_to_pay(self, invoice: Object, *, quiet: bool = False) -> bool:
        """Charge the customer's card; a decline plans the next attempt, the last one ends the subscription."""
        now, card = self.now_of(invoice["customer"]), self.card(invoice)
        if invoice["amount_due"] == 0 or card == "good":
            self.paid(invoice, quiet=quiet)
            return True
        count = invoice["attempt_count"] + 1
        wait = RETRIES[count - 1] if count <= len(RETRIES) else None
        invoice |= {"attempted": True, "attempt_count": count, "next_payment_attempt": wait and now + wait}
        self.store.save(invoice)
        if quiet:
            return False
        self.ring("invoice.payment_action_required" if card == "3ds" else "invoice.payment_failed", invoice)
        one = self.store.find("subscription", subscription_of(invoice))
        if one is None or one["status"] not in ("active", "past_due"):
            return False
        if wait is None:
            self.end_of_dunning(one)
        elif one["status"] == "active":
            self.change(one, "customer.subscription.updated", status="past_due")
        return False

    def end_of_dunning(self, one: Object) -> None:
        outcome = self.store.note("dunning", "canceled")
        if outcome == "canceled":
            self.end_subscription(one, reason="payment_failed")
        else:
            self.change(one, "customer.subscription.updated", status=outcome)

    def paid(self, invoice: Object, *, quiet: bool = False) -> None:
        """Mark an invoice paid, and wake its subscription."""
        now = self.now_of(invoice["customer"])
        if invoice["status"] == "draft":
            invoice = self.finalize(invoice)
        if invoice["amount_due"]:
            intent = self.money(invoice["customer"], invoice["amount_due"], invoice["currency"], {})
            self.store.save(shapes.invoice_payment(now, invoice, intent))
        invoice |= {"status": "paid", "attempted": True, "amount_paid": invoice["amount_due"], "amount_remaining": 0}
        invoice |= {"next_payment_attempt": None, "auto_advance": False}
        invoice["status_transitions"] = invoice["status_transitions"] | {"paid_at": now}
        self.store.save(invoice)
        if quiet:
            return
        self.ring("invoice.paid", invoice)
        if invoice["amount_due"]:
            self.ring("invoice.payment_succeeded", invoice)
        one = self.store.find("subscription", subscription_of(invoice))
        if one and one["status"] in ("past_due", "unpaid", "incomplete"):
            self.change(one, "customer.subscription.updated", status="active")

    def void(self, invoice: Object) -> Object:
        now = self.now_of(invoice["customer"])
        invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
        invoice["status_transitions"] = invoice["status_transitions"] | {"voided_at": now}
        self.store.save(invoice)
        self.ring("invoice.voided", invoice)
        return invoice

    def money(self, customer_id: str, amount: int, currency: str, metadata: Object) -> Object:
        """Take money: a payment intent that succeeded, with its charge."""
        now = self.now_of(customer_id)
        intent = shapes.payment_intent(now, customer_id, amount, currency, metadata)
        charge = shapes.charge(now, intent)
        intent |= {"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"]}
        self.store.save(charge)
        self.store.save(intent)
        self.ring("charge.succeeded", charge)
        self.ring("payment_intent.succeeded", intent)
        return intent

    def refund(self, charge: Object, amount: int, params: Object) -> Object:
        refund = self.store.save(shapes.refund(self.now_of(charge["customer"]), charge, amount, params))
        total = charge["amount_refunded"] + amount
        charge = self.store.save(charge | {"amount_refunded": total, "refunded": total == charge["amount"]})
        self.ring("refund.created", refund | {"customer": charge["customer"]})
        self.ring("charge.refunded", charge)
        return refund
