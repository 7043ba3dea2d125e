"""Invoices: drafted, finalized, paid, voided, given up."""

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.terms import Object, subscription_of

NO_ADDRESS = {
    "code": "customer_tax_location_invalid",
    "message": "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
    "type": "invalid_request_error",
}


class Invoices:
    """Needs `store`, the clock, events, payments, totals and dunning."""

    def draft(
        self, customer: Object, reason: str, period: tuple[int, int], currency: str, *, of: Object | None = None
    ) -> Object:
        """Start an invoice; `of` is the subscription it bills. Not saved yet."""
        parent = None
        if of:
            details = {"metadata": of["metadata"], "subscription": of["id"]}
            parent = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
        invoice = shapes.invoice(self.now(customer["test_clock"]), customer, reason, period, parent)
        if of and of.get("_method"):
            invoice |= {"_method": of["_method"], "default_payment_method": of["_method"]}
        return invoice | {"currency": currency}

    def finalize(self, invoice: Object, *, intent: Object | None = None) -> Object:
        """Fix an invoice; `intent` is the payment that has been made for it already.

        Where tax needs an address and there is none it stays a draft, and its subscription stays as it is.
        """
        if invoice["automatic_tax"]["enabled"]:
            self.tax_again(invoice)
            if invoice["automatic_tax"]["status"] == "requires_location_inputs":
                invoice |= {"last_finalization_error": NO_ADDRESS, "auto_advance": False, "next_payment_attempt": None}
                self.store.save(invoice)
                self.ring("invoice.finalization_failed", invoice)
                return invoice
        now = self.now_at(invoice)
        count = int(self.store.note("invoices", 0)) + 1
        self.store.set_note("invoices", count)
        self.settle_balance(invoice)
        invoice |= {
            "status": "open",
            "number": f"LECT-{count:05}",
            "effective_at": now,
            "automatically_finalizes_at": None,
        }
        invoice |= {"last_finalization_error": None, "invoice_pdf": f"{self.url}/i/{invoice['id']}/pdf"}
        invoice["hosted_invoice_url"] = f"{self.url}/i/{invoice['id']}"
        invoice["status_transitions"] = invoice["status_transitions"] | {"finalized_at": now}
        if invoice["amount_due"]:
            intent = intent or self.intend(invoice["customer"], invoice["amount_due"], invoice["currency"], {})
            self.store.save(shapes.invoice_payment(now, invoice, intent))
        self.store.save(invoice)
        self.ring("invoice.finalized", invoice)
        return invoice

    def tax_again(self, invoice: Object) -> None:
        """The address may have come after the draft."""
        invoice["customer_address"] = self.store.get("customer", invoice["customer"])["address"]
        net = invoice["subtotal"] - sum(entry["amount"] for entry in invoice["total_discount_amounts"])
        self.tax(invoice, net, on=True)
        self.due(invoice)

    def payment_of(self, invoice: Object) -> Object | None:
        """Return the open way of paying this invoice."""
        return next(iter(self.store.all("invoice_payment", invoice=invoice["id"], status="open")), None)

    def intent_of(self, invoice: Object) -> Object | None:
        payment = self.payment_of(invoice)
        return self.store.get("payment_intent", payment["payment"]["payment_intent"]) if payment else None

    def collect(self, invoice: Object) -> None:
        """Finalize a draft that is due, and try to take the money, unless its subscription's collection is paused."""
        one = self.store.find("subscription", subscription_of(invoice))
        if invoice["status"] == "draft":
            invoice = self.finalize(invoice)
            if invoice["status"] == "draft":
                return
        pause = one and one["pause_collection"]
        if pause and pause["behavior"] == "void":
            self.void(invoice)
        elif pause and pause["behavior"] == "mark_uncollectible":
            self.give_up(invoice, "subscription_paused")
        elif invoice["collection_method"] == "send_invoice":
            self.change(invoice, None, next_payment_attempt=None)
        else:
            self.try_to_pay(invoice)

    def try_to_pay(
        self, invoice: Object, *, method: Object | None = None, confirmed: bool = False, by_hand: bool = False
    ) -> bool:
        """Charge this payment method or the customer's own; return whether the invoice is paid or its debit is on its way.

        A decline plans the next attempt, the last one ends the subscription; attempts `by_hand` leave that plan alone.
        """
        if invoice["amount_due"] == 0:
            self.paid(invoice)
            return True
        intent = self.intent_of(invoice)
        if intent is None:
            raise invalid("invoice", "There is nothing to be paid on this invoice.")
        outcome = self.attempt(intent, method or self.payer(invoice), confirmed=confirmed)
        if outcome == "succeeded":
            self.paid(self.store.get("invoice", invoice["id"]))
            return True
        if outcome == "processing":
            self.change(
                invoice,
                "invoice.updated",
                attempted=True,
                attempt_count=invoice["attempt_count"] + 1,
                next_payment_attempt=None,
            )
            self.on_its_way(invoice)
            return True
        self.failed(invoice, action=outcome == "action", by_hand=by_hand)
        return False

    def invoice_settled(self, invoice: Object, *, good: bool) -> None:
        """The bank debit that was to pay an invoice has arrived, or has come back."""
        if invoice["status"] not in ("open", "uncollectible"):
            return
        if good:
            self.paid(invoice)
        else:
            self.failed(invoice, action=False, by_hand=False, counts=False)

    def paid(self, invoice: Object, *, out_of_band: bool = False) -> None:
        """Mark an invoice paid, and wake its subscription."""
        now = self.now_at(invoice)
        if invoice["status"] == "draft":
            invoice = self.finalize(invoice)
        if payment := self.payment_of(invoice):
            state = {"status": "canceled"} if out_of_band else {"status": "paid", "amount_paid": invoice["amount_due"]}
            moment = {"canceled_at": now} if out_of_band else {"paid_at": now}
            payment |= state | {"status_transitions": payment["status_transitions"] | moment}
            self.store.save(payment)
            if out_of_band:
                self.cancel_intent(self.store.get("payment_intent", payment["payment"]["payment_intent"]), "automatic")
            else:
                self.ring("invoice_payment.paid", payment)
        due = invoice["amount_due"]
        invoice |= {"status": "paid", "attempted": invoice["attempted"] or not out_of_band, "amount_remaining": 0}
        invoice |= {"amount_paid": due, "amount_paid_off_stripe": due if out_of_band else 0}
        invoice |= {
            "next_payment_attempt": None,
            "auto_advance": False,
            "attempt_count": max(1, invoice["attempt_count"]),
        }
        invoice["status_transitions"] = invoice["status_transitions"] | {"paid_at": now}
        self.store.save(invoice)
        self.ring("invoice.paid", invoice)
        if due and not out_of_band:
            self.ring("invoice.payment_succeeded", invoice)
        self.wake(invoice)

    def close(self, invoice: Object, status: str, moment: str, event: str) -> Object:
        if invoice["status"] not in ("open", "uncollectible") or invoice["status"] == status:
            raise StripeError(
                400,
                f"This invoice is {invoice['status']}, and cannot become {status}.",
                code="invoice_not_editable",
                param="invoice",
            )
        invoice |= {"status": status, "next_payment_attempt": None, "auto_advance": False}
        invoice["status_transitions"] = invoice["status_transitions"] | {moment: self.now_at(invoice)}
        self.store.save(invoice)
        self.ring(event, invoice)
        return invoice

    def void(self, invoice: Object) -> Object:
        payment = self.payment_of(invoice)
        invoice = self.close(invoice, "void", "voided_at", "invoice.voided")
        if payment:
            moments = payment["status_transitions"] | {"canceled_at": self.now_at(invoice)}
            self.store.save(payment | {"status": "canceled", "status_transitions": moments})
            self.cancel_intent(self.store.get("payment_intent", payment["payment"]["payment_intent"]), "void_invoice")
        self.forgive(invoice)
        return invoice

    def give_up(self, invoice: Object, reason: str = "user_forgiven") -> Object:
        """Mark an invoice uncollectible: nobody expects it to be paid, though it still can be."""
        invoice["status_details"] = {"uncollectible": {"reason": reason}}
        invoice = self.close(invoice, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")
        self.forgive(invoice)
        return invoice
