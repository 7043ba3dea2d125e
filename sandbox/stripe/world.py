"""What happens at the embedded Stripe: its clock, payments, subscriptions and invoices, and the events they raise."""

import calendar
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store, new_id

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
SANDBOX_CLOCK = "clock_sandbox"
HOUR, DAY = 3600, 24 * 3600
RETRIES = (3 * DAY, 5 * DAY, 7 * DAY)
ASYNC_DELAY = 3 * DAY


class World:
    """One Stripe account. Call its methods with `store.lock` held; they return objects as stored."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self.url = store, url
        self.moment: dict[str, int] = {}  # While a clock advances, its time stands at the thing being done.

    # --- Time ---------------------------------------------------------------------------------

    def now(self, clock: str = SANDBOX_CLOCK) -> int:
        if clock in self.moment:
            return self.moment[clock]
        if clock == SANDBOX_CLOCK:
            return int(time.time()) + int(self.store.note("offset", 0))
        return int(self.store.get("test_helpers.test_clock", clock)["frozen_time"])

    def now_of(self, customer_id: str) -> int:
        return self.now(self.store.get("customer", customer_id, "customer")["test_clock"])

    def sandbox_clock(self) -> Object:
        return {
            "id": SANDBOX_CLOCK,
            "object": "test_helpers.test_clock",
            "created": int(self.store.note("began", int(time.time()))),
            "deletes_after": self.now() + 30 * DAY,
            "frozen_time": self.now(),
            "livemode": False,
            "name": "The sandbox's clock: everybody without another one lives by it",
            "status": "ready",
            "status_details": {},
        }

    def advance(self, clock: str, target: int) -> None:
        """Move a clock forward, doing everything that falls due on the way in its order."""
        if target < self.now(clock):
            raise StripeError(400, "The new time must be later than the clock's.", param="frozen_time")
        self.run_until(clock, target)
        if clock == SANDBOX_CLOCK:
            self.store.set_note("offset", target - int(time.time()))
        else:
            self.store.save(self.store.get("test_helpers.test_clock", clock) | {"frozen_time": target})

    def run_until(self, clock: str, target: int) -> None:
        start = self.now(clock)
        try:
            for _ in range(100_000):
                due = self.next_due(clock, target)
                if due is None:
                    return
                moment, act, subject = due
                self.moment[clock] = max(start, moment)
                act(subject)
            raise RuntimeError("the clock does not come to rest")
        finally:
            self.moment.pop(clock, None)

    def next_due(self, clock: str, target: int) -> tuple[int, Any, Object] | None:
        """Return (when, what to do, with what) of the first thing that falls due by `target`, or None."""
        mine = {
            one["id"] for one in self.store.all("customer") if one["test_clock"] == clock and not one.get("deleted")
        }
        subscriptions = [one for one in self.store.all("subscription") if one["customer"] in mine]
        bills = [one for one in self.store.all("invoice") if one["customer"] in mine]
        found = [self.subscription_due(one) for one in subscriptions] + [self.invoice_due(one) for one in bills]
        for one in self.store.all("checkout.session"):
            if one["customer"] in mine or (one["customer"] is None and clock == SANDBOX_CLOCK):
                if one["status"] == "open":
                    found.append((one["expires_at"], self.expire_session, one))
                if one.get("_settles_at"):
                    found.append((one["_settles_at"], self.settle_session, one))
        ready = [due for due in found if due and due[0] <= target]
        return min(ready, key=lambda due: due[0]) if ready else None

    def subscription_due(self, one: Object) -> tuple[int, Any, Object] | None:
        if one["status"] == "incomplete":
            return one["created"] + 23 * HOUR, self.give_up_incomplete, one
        if one["status"] not in ("trialing", "active", "past_due"):
            return None
        moments = [(period_end(one), self.renew, one)]
        if one["cancel_at"] is not None:
            moments.insert(0, (one["cancel_at"], self.end_subscription, one))
        if one["trial_end"] and one["status"] == "trialing" and not one.get("_warned"):
            moments.insert(0, (one["trial_end"] - 3 * DAY, self.warn_of_trial_end, one))
        return min(moments, key=lambda due: due[0])

    def invoice_due(self, one: Object) -> tuple[int, Any, Object] | None:
        if one["status"] == "draft" and one["auto_advance"]:
            return one["automatically_finalizes_at"], self.collect, one
        if one["status"] == "open" and one["next_payment_attempt"]:
            return one["next_payment_attempt"], self.collect, one
        return None

    # --- Events -------------------------------------------------------------------------------

    def ring(self, type_: str, body: Object, previous: Object | None = None) -> Object:
        """Store an event about this object, and put it into the post to every address that wants it."""
        data: Object = {"object": public(body)}
        if previous is not None:
            data["previous_attributes"] = previous
        customer = body if body["object"] == "customer" else self.store.find("customer", body.get("customer"))
        clock = customer["test_clock"] if customer else SANDBOX_CLOCK
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(clock),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": type_,
        }
        self.store.save(event)
        self.post(event)
        return event

    def post(self, event: Object) -> None:
        """Queue the event for each address; the sender takes it from there. Replaced by the server."""

    def change(self, body: Object, event: str | None = None, **fields: Any) -> Object:
        """Save new values, and ring `<kind>.updated`'s bell when they differ."""
        previous = {name: body.get(name) for name, value in fields.items() if body.get(name) != value}
        body |= fields
        self.store.save(body)
        if event and previous:
            self.ring(event, body, {name: value for name, value in previous.items() if not name.startswith("_")})
        return body

    # --- Subscriptions ------------------------------------------------------------------------

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

    # --- Invoices -----------------------------------------------------------------------------

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

    # --- Checkout -----------------------------------------------------------------------------

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


def public(value: Any) -> Any:
    """Return a copy without our private notes."""
    if isinstance(value, dict):
        return {name: public(inner) for name, inner in value.items() if not name.startswith("_")}
    return [public(inner) for inner in value] if isinstance(value, list) else value


def period_end(one: Object) -> int:
    return max(entry["current_period_end"] for entry in one["items"]["data"])


def subscription_of(invoice: Object) -> str | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details.get("subscription")


def discounted(amount: int, coupon: Object | None) -> int:
    if not coupon or amount <= 0:
        return amount
    if coupon.get("percent_off"):
        return amount - round(amount * coupon["percent_off"] / 100)
    return amount - int(coupon.get("amount_off") or 0)


def after(moment: int, recurring: Object) -> int:
    """Return the end of a period that starts at `moment`: months keep the day where the month has it."""
    interval, count = recurring["interval"], recurring["interval_count"]
    if interval in ("day", "week"):
        return moment + count * (DAY if interval == "day" else 7 * DAY)
    start = datetime.fromtimestamp(moment, UTC)
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int((start.replace(year=year, month=month, day=day) + timedelta()).timestamp())
