"""What becomes of a Checkout session: paid, promised, expired."""

from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import DAY, TAXES, Object, taken_off

NOBODY: Object = {"business_name": None, "individual_name": None, "phone": None, "tax_exempt": "none", "tax_ids": []}


class Sessions:
    """Needs `store`, the clock, events, cards, payments, subscriptions and invoices."""

    def expire_session(self, session: Object) -> Object:
        session |= {"status": "expired", "url": None}
        self.store.save(session)
        if intent := self.store.find("payment_intent", session["payment_intent"]):
            self.cancel_intent(intent, "expired")
        self.ring("checkout.session.expired", session)
        return session

    def price_session(self, session: Object) -> Object:
        """Add up what is in the basket: discount off, tax on."""
        total = session["amount_subtotal"]
        off = 0
        for coupon, _ in self.session_coupons(session):
            off += taken_off(total - off, coupon)
        rate = TAXES.get(session.get("_country") or "", 0) if session["automatic_tax"]["enabled"] else 0
        inclusive = any(
            self.store.get("price", row["price"])["tax_behavior"] == "inclusive" for row in session["_items"]
        )
        net = total - off
        tax = round(net * rate / (100 + rate)) if inclusive else round(net * rate / 100)
        session["amount_total"] = net if inclusive else net + tax
        session["total_details"] = {"amount_discount": off, "amount_shipping": 0, "amount_tax": tax}
        return session

    def session_coupons(self, session: Object) -> list[tuple[Object, Object]]:
        """Return (coupon, links) of the discounts a session carries: given by the shop, or typed in by the buyer."""
        found = []
        for entry in session["discounts"]:
            promotion = self.store.find("promotion_code", entry["promotion_code"])
            coupon = entry["coupon"] or promotion["promotion"]["coupon"]
            links = {"promotion_code": entry["promotion_code"], "checkout_session": session["id"]}
            found.append((self.store.get("coupon", coupon), links))
        return found

    def redeem(self, session: Object, code: str) -> bool:
        """Take a promotion code off the price; return whether it is one."""
        now = self.now_at(session)
        for promotion in self.store.all("promotion_code", code=code.strip().upper()):
            coupon = self.store.get("coupon", promotion["promotion"]["coupon"])
            owned = promotion["customer"] in (None, session["customer"])
            fresh = all(moment is None or moment > now for moment in (promotion["expires_at"], coupon["redeem_by"]))
            if promotion["active"] and coupon["valid"] and owned and fresh:
                session["discounts"] = [{"coupon": None, "promotion_code": promotion["id"]}]
                self.store.save(self.price_session(session))
                return True
        return False

    def complete_session(
        self, session: Object, *, email: str = "", name: str = "", country: str = "", card: str = "good", confirmed: bool = False
    ) -> Object:  # fmt: skip
        """The buyer has pressed the button. `card` "bank" or "bank_fails" is a promise that takes days.

        Raises StripeError (402) where a card is declined or 3D Secure has not been passed: the session stays open.
        """
        session |= {"_country": country or session.get("_country")}
        self.price_session(session)
        free = session["amount_total"] == 0 or bool(session["_trial_days"])
        asked = not free or (session["mode"] == "subscription" and session["payment_method_collection"] == "always")
        if asked:
            self.refuse_session(session, card, confirmed=confirmed)
        customer = self.buyer_of(session, email, name, country)
        # A card confirmed here is set up for what follows, and is not asked for again.
        kept = "good" if card == "3ds" else card
        method = self.new_method(kept, billing={"email": session["customer_details"]["email"]}) if asked else None
        if method and customer and session["mode"] == "subscription":
            self.make_default(customer["id"], self.attach(method, self.store.get("customer", customer["id"])))
        self.store.save(session)
        if session["mode"] == "subscription":
            self.subscribe_session(session, method)
        else:
            self.pay_session(session, method)
        self.store.save(session)
        self.ring("checkout.session.completed", session)
        return session

    def refuse_session(self, session: Object, card: str, *, confirmed: bool) -> None:
        """Only a card that works completes a session: others leave it open, with a payment that failed."""
        if card == "3ds" and not confirmed:
            message = "The bank asks for confirmation."
            raise StripeError(402, message, code="authentication_required", type_="card_error")
        if card in ("declines", "none"):
            if session["mode"] == "payment":
                self.attempt(self.intent_of_session(session), self.new_method("declines"))
            raise StripeError(402, "Your card was declined. Try another one.", code="card_declined", type_="card_error")

    def buyer_of(self, session: Object, email: str, name: str, country: str) -> Object | None:
        """Note on the session who has bought; return the customer, if there is to be one."""
        rest = ("city", "country", "line1", "line2", "postal_code", "state")
        address: Object = dict.fromkeys(rest) | {"country": country or None}
        customer = self.customer_of(session, email, name)
        session |= {"customer": customer and customer["id"], "status": "complete", "url": None}
        session["customer_details"] = NOBODY | {
            "address": address if country else customer and customer["address"],
            "email": customer["email"] if customer else email or session["customer_email"],
            "name": name or (customer and customer["name"]),
        }
        if customer:
            self.keep_address(session, customer, address, name)
        return customer

    def keep_address(self, session: Object, customer: Object, address: Object, name: str) -> None:
        update, fields = session.get("_update") or {}, {}
        new = not session.get("_known")
        if address["country"] and (new or update.get("address") == "auto"):
            fields["address"] = address
        if name and (new or update.get("name") == "auto"):
            fields["name"] = name
        if fields:
            self.change(self.store.get("customer", customer["id"]), "customer.updated", **fields)

    def subscribe_session(self, session: Object, method: Object | None) -> None:
        customer = self.store.get("customer", session["customer"])
        bought = [(self.store.get("price", row["price"]), row["quantity"]) for row in session["_items"]]
        wishes: Any = {
            "metadata": session["_subscription"],
            "description": session.get("_description"),
            "currency": session["currency"],
        }
        wishes |= {
            "discounts": self.session_coupons(session),
            "tax": session["automatic_tax"]["enabled"],
        }
        wishes["missing_payment_method"] = session["_missing"]
        if session["_trial_days"]:
            wishes["trial_end"] = self.now_of(customer["id"]) + session["_trial_days"] * DAY
        if session.get("_trial_end"):
            wishes["trial_end"] = session["_trial_end"]
        one = self.subscribe(customer, bought, wishes)
        if method:
            self.change(one, None, default_payment_method=method["id"])
        invoice = self.store.get("invoice", one["latest_invoice"])
        session |= {"subscription": one["id"], "invoice": invoice["id"]}
        if not invoice["amount_due"]:
            session["payment_status"] = "no_payment_required"
        elif invoice["status"] == "paid":
            session["payment_status"] = "paid"
        else:
            intent = self.intent_of(invoice)
            self.store.save(intent | {"_session": session["id"]})

    def pay_session(self, session: Object, method: Object | None) -> None:
        if not session["amount_total"]:
            session["payment_status"] = "no_payment_required"
            self.invoice_session(session, None)
            return
        intent = self.intent_of_session(session)
        if self.attempt(intent, method) == "succeeded":
            session["payment_status"] = "paid"
            self.invoice_session(session, intent)

    def intent_of_session(self, session: Object) -> Object:
        """Return the payment intent of a session in mode payment: there is one from the first attempt on."""
        found = self.store.find("payment_intent", session["payment_intent"])
        amount, customer = session["amount_total"], session["customer"]
        intent = found or self.intend(customer, amount, session["currency"], session["_intent"])
        intent |= {"amount": amount, "customer": customer, "_session": session["id"]}
        session["payment_intent"] = intent["id"]
        self.store.save(session)
        return self.store.save(intent)

    def invoice_session(self, session: Object, intent: Object | None) -> None:
        """Write the invoice of a purchase outright, which is a receipt: it is paid already."""
        if not session["invoice_creation"]["enabled"] or not session["customer"]:
            return
        customer = self.store.get("customer", session["customer"])
        now = self.now(customer["test_clock"])
        invoice = self.draft(customer, "manual", (now, now), session["currency"])
        invoice["metadata"] = session.get("_invoice_metadata") or {}
        rows = []
        for row in session["_items"]:
            price = self.store.get("price", row["price"])
            parent = shapes.parent_of_line(
                item=new_id("ii"), subscription=None, subscription_item=None, proration=False
            )
            rows.append(
                shapes.line(
                    invoice["id"],
                    price,
                    row["amount"],
                    (now, now),
                    parent,
                    currency=session["currency"],
                    quantity=row["quantity"],
                )
            )
        discounts = [self.discount_with(coupon, now, **links) for coupon, links in self.session_coupons(session)]
        self.total(invoice, rows, discounts, tax=session["automatic_tax"]["enabled"])
        invoice = self.finalize(self.store.save(invoice), intent=intent)
        session["invoice"] = invoice["id"]
        self.paid(invoice)

    def session_settled(self, session: Object, *, good: bool) -> None:
        """A bank debit arrives, or comes back, days after the buyer promised it."""
        if good:
            session["payment_status"] = "paid"
            if session["mode"] == "payment":
                self.invoice_session(session, self.store.get("payment_intent", session["payment_intent"]))
        self.store.save(session)
        self.ring(f"checkout.session.async_payment_{'succeeded' if good else 'failed'}", session)

    def customer_of(self, session: Object, email: str, name: str) -> Object | None:
        """Return the session's customer, or make one: always for a subscription, and for a payment where the shop asked for it."""
        if session["customer"]:
            return self.store.get("customer", session["customer"])
        if session["mode"] == "payment" and session["customer_creation"] != "always":
            return None
        wanted = session["customer_email"] or email or "guest@example.com"
        made = shapes.customer(self.now(), {"email": wanted, "name": name or None}, self.clock_of(session))
        self.store.save(made)
        self.ring("customer.created", made)
        return made
