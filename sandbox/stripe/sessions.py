"""What becomes of a Checkout session: paid, promised, expired."""

from sandbox.stripe import shapes
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import ASYNC_DELAY, DAY, SANDBOX_CLOCK, Object


class Sessions:
    """Needs `store`, the clock, events, subscriptions and invoices."""

    def expire_session(self, session: Object) -> Object:
        self.store.save(session | {"status": "expired", "url": None})
        session = self.store.get("checkout.session", session["id"])
        self.ring("checkout.session.expired", session)
        return session

    def complete_session(self, session: Object, *, email: str = "", settled: bool = True) -> Object:
        """The buyer has paid, or has promised to (`settled` false: a bank debit that takes days)."""
        customer = self.customer_of(session, email)
        session |= {"customer": customer["id"], "status": "complete", "url": None}
        session["customer_details"] = {
            "address": None,
            "business_name": None,
            "email": customer["email"],
            "individual_name": None,
            "name": customer["name"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        }
        if settled:
            customer = self.store.save(customer | {"_card": "good"})
        prices = [self.store.get("price", row["price"]) for row in session["_items"]]
        if session["mode"] == "subscription":
            one = self.subscribe(customer, prices, self.subscription_wishes(session))
            session |= {"subscription": one["id"], "invoice": one["latest_invoice"]}
            session["payment_status"] = (
                "paid" if session["amount_total"] and not one["trial_end"] else "no_payment_required"
            )
        elif settled:
            self.settle_payment(session)
        else:
            intent = shapes.payment_intent(
                self.now_of(customer["id"]),
                customer["id"],
                session["amount_total"],
                session["currency"],
                session["_intent"],
            )
            self.store.save(intent | {"status": "processing"})
            session |= {"payment_intent": intent["id"], "_settles_at": self.now_of(customer["id"]) + ASYNC_DELAY}
        self.store.save(session)
        self.ring("checkout.session.completed", session)
        return session

    def subscription_wishes(self, session: Object) -> Object:
        days = session["_trial_days"]
        wishes = {"metadata": session["_subscription"], "discount": session.get("_discount")}
        wishes |= {"tax": session["automatic_tax"]["enabled"], "missing_payment_method": session["_missing"]}
        if days:
            wishes["trial_end"] = self.now_of(session["customer"]) + days * DAY
        return wishes

    def settle_payment(self, session: Object) -> None:
        if not session["amount_total"]:
            session["payment_status"] = "no_payment_required"
            return
        customer = self.store.get("customer", session["customer"])
        intent = self.money(customer["id"], session["amount_total"], session["currency"], session["_intent"])
        session |= {"payment_intent": intent["id"], "payment_status": "paid"}
        if session["_invoice"]:
            now = self.now(customer["test_clock"])
            invoice = shapes.invoice(now, customer, "manual", (now, now), None)
            rows = []
            for row in session["_items"]:
                details = {
                    "invoice_item": new_id("ii"),
                    "proration": False,
                    "proration_details": None,
                    "subscription": None,
                }
                parent = {
                    "invoice_item_details": details,
                    "subscription_item_details": None,
                    "type": "invoice_item_details",
                }
                rows.append(
                    shapes.line(invoice["id"], self.store.get("price", row["price"]), row["amount"], (now, now), parent)
                )
            self.total(invoice, rows, session["currency"], session.get("_discount"))
            invoice = self.finalize(self.store.get("invoice", invoice["id"]))
            self.store.save(shapes.invoice_payment(now, invoice, intent))
            invoice |= {
                "status": "paid",
                "amount_paid": invoice["amount_due"],
                "amount_remaining": 0,
                "attempted": True,
            }
            self.store.save(invoice | {"next_payment_attempt": None})
            session["invoice"] = invoice["id"]
            self.ring("invoice.paid", self.store.get("invoice", invoice["id"]))

    def settle_session(self, session: Object) -> None:
        """A bank debit arrives, or fails, days after the buyer promised it."""
        fails = session.pop("_fails", False)
        session.pop("_settles_at", None)
        if fails:
            self.store.save(session)
            self.ring("checkout.session.async_payment_failed", session)
            return
        old = session["payment_intent"]
        self.settle_payment(session)
        self.store.save(self.store.get("payment_intent", old) | {"status": "canceled"})
        self.store.save(session)
        self.ring("checkout.session.async_payment_succeeded", session)

    def customer_of(self, session: Object, email: str) -> Object:
        if session["customer"]:
            return self.store.get("customer", session["customer"])
        wanted = session["customer_email"] or email or "guest@example.com"
        made = shapes.customer(self.now(), {"email": wanted}, SANDBOX_CLOCK)
        self.store.save(made)
        self.ring("customer.created", made)
        return made
