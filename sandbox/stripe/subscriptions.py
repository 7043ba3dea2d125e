"""Subscriptions: how they begin, are billed, renew, and end."""

from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.store import new_id
from sandbox.stripe.terms import ENDED, Object, after, period_end, period_start, subscription_of

Bought = list[tuple[Object, int]]


class Subscriptions:
    """Needs `store`, the clock, events, invoices and totals."""

    def subscribe(self, customer: Object, bought: Bought, wishes: Object) -> Object:
        """Create a subscription with its first invoice, and try to take the money for it.

        `bought` is (price, quantity); a price that is paid once goes onto the first invoice. Wishes: metadata, trial_end (seconds),
        missing_payment_method, discounts (with their links), tax, currency, method (the id of a payment method), behavior (as
        payment_behavior).
        """
        now = self.now(customer["test_clock"])
        one = self.new_subscription(customer, bought, wishes, now)
        extra = [(price, quantity) for price, quantity in bought if not price["recurring"]]
        invoice = self.bill(one, "subscription_create", (now, period_end(one)), extra=extra)
        one = self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
        with self.holding() as held:
            self.pay_first(self.store.get("invoice", invoice["id"]), wishes)
        one = self.store.get("subscription", one["id"])
        if one["status"] == "incomplete" and wishes.get("behavior") == "error_if_incomplete":
            raise StripeError(402, "Your card was declined.", code="card_declined", type_="card_error")
        # The subscription's own bell rings first, and says how the first payment went.
        self.ring("customer.subscription.created", one)
        self.release(held, without="customer.subscription.updated")
        return one

    def pay_first(self, invoice: Object, wishes: Object) -> None:
        invoice = self.finalize(invoice)
        if invoice["status"] == "draft":
            raise invalid("automatic_tax", "The customer's location isn't recognized.")
        if wishes.get("behavior") == "default_incomplete" and invoice["amount_due"]:
            self.change(invoice, None, next_payment_attempt=None)
            return
        self.try_to_pay(invoice)

    def new_subscription(self, customer: Object, bought: Bought, wishes: Object, now: int) -> Object:
        recurring = [(price, quantity) for price, quantity in bought if price["recurring"]]
        currency = wishes.get("currency") or recurring[0][0]["currency"]
        one = shapes.subscription(now, customer["id"], currency, wishes.get("metadata") or {})
        trial_end = wishes.get("trial_end")
        rows = [
            shapes.item(
                now, one["id"], price, start=now, end=trial_end or after(now, price["recurring"]), quantity=quantity
            )
            for price, quantity in recurring
        ]
        one["items"] = shapes.page(rows, f"/v1/subscription_items?subscription={one['id']}")
        one |= {"test_clock": customer["test_clock"], "description": wishes.get("description")}
        one["_notice"] = self.settings()["upcoming_days"]
        if method := wishes.get("method"):
            one |= {"default_payment_method": method, "_method": method}
        one["automatic_tax"] = one["automatic_tax"] | {"enabled": bool(wishes.get("tax"))}
        one["trial_settings"] = {
            "end_behavior": {"missing_payment_method": wishes.get("missing_payment_method", "create_invoice")}
        }
        if trial_end:
            one |= {"status": "trialing", "trial_start": now, "trial_end": trial_end, "billing_cycle_anchor": trial_end}
        one["discounts"] = [
            self.discount_with(coupon, now, customer=customer["id"], subscription=one["id"], **links)["id"]
            for coupon, links in wishes.get("discounts") or []
        ]
        if customer["currency"] is None:
            self.change(customer, "customer.updated", currency=currency)
        return self.store.save(one)

    def bill(
        self,
        one: Object,
        reason: str,
        period: tuple[int, int],
        *,
        rows: list[Object] | None = None,
        extra: Bought | None = None,
        free: bool | None = None,
    ) -> Object:
        """Draft an invoice for a subscription: its items for `period` (or these `rows`), what waits for the next bill, and `extra`."""
        customer, now = self.store.get("customer", one["customer"]), self.now_at(one)
        invoice = self.draft(customer, reason, period, one["currency"], of=one)
        trial = one["status"] == "trialing" if free is None else free
        lines = rows if rows is not None else self.lines_of(one, period, free=trial)
        for line in lines:
            line["invoice"] = invoice["id"]
        for price, quantity in extra or []:
            amount = self.each(price, one["currency"]) * quantity
            parent = shapes.parent_of_line(
                item=new_id("ii"), subscription=one["id"], subscription_item=None, proration=False
            )
            lines.append(
                shapes.line(
                    invoice["id"], price, amount, (now, now), parent, currency=one["currency"], quantity=quantity
                )
            )
        if rows is None:
            lines += self.waiting_lines(invoice, one)
        discounts = self.discounts_of(one, now)
        self.total(invoice, lines, discounts, tax=one["automatic_tax"]["enabled"])
        self.store.save(invoice)
        self.use_up(one, invoice, discounts)
        self.ring("invoice.created", invoice)
        return invoice

    def lines_of(self, one: Object, period: tuple[int, int], *, free: bool) -> list[Object]:
        lines = []
        for entry in one["items"]["data"]:
            amount = 0 if free else self.each(entry["price"], one["currency"]) * entry["quantity"]
            parent = shapes.parent_of_line(
                item=None, subscription=one["id"], subscription_item=entry["id"], proration=False
            )
            span = period if free else (entry["current_period_start"], entry["current_period_end"])
            line = shapes.line(
                "", entry["price"], amount, span, parent, currency=one["currency"], quantity=entry["quantity"]
            )
            lines.append(line | {"subscription": one["id"], "metadata": one["metadata"]})
        return lines

    def each(self, price: Object, currency: str) -> int:
        amount = shapes.amount_in(price, currency)
        if amount is None:
            raise invalid("items", f"The price {price['id']} has no amount in {currency}.")
        return amount

    def waiting_lines(self, invoice: Object, one: Object | None) -> list[Object]:
        """Take what waits for the next bill (prorations, single amounts) onto this invoice."""
        lines = []
        for item in self.store.all("invoiceitem", invoice["customer"]):
            of = subscription_of(item)
            if item["invoice"] or item["currency"] != invoice["currency"] or of not in (None, one and one["id"]):
                continue
            price = self.store.find("price", ((item["pricing"] or {}).get("price_details") or {}).get("price"))
            period = (item["period"]["start"], item["period"]["end"])
            parent = shapes.parent_of_line(
                item=item["id"], subscription=of, subscription_item=None, proration=item["proration"]
            )
            line = shapes.line(
                invoice["id"],
                price,
                item["amount"],
                period,
                parent,
                currency=item["currency"],
                quantity=item["quantity"],
            )
            lines.append(
                line | {"description": item["description"], "subscription": of, "discountable": item["discountable"]}
            )
            self.store.save(item | {"invoice": invoice["id"]})
        return lines

    def renew(self, one: Object) -> Object:
        """Roll the period first and collect an hour later, as Stripe does; a trial without a card ends as its settings say."""
        now, was = period_end(one), one["status"]
        if was == "trialing" and self.card(one) == "none":
            behaviour = one["trial_settings"]["end_behavior"]["missing_payment_method"]
            if behaviour == "cancel":
                return self.end_subscription(one, reason="payment_failed")
            if behaviour == "pause":
                return self.pause(one, "trial_end_without_payment_method")
        self.turn_schedule(one, now)
        previous: Any = {"items": one["items"], "latest_invoice": one["latest_invoice"], "status": was}
        for entry in one["items"]["data"]:
            if entry["current_period_end"] <= now:
                entry |= {"current_period_start": now, "current_period_end": after(now, entry["price"]["recurring"])}
        one |= {"status": "active" if was == "trialing" else was, "_upcoming": None}
        self.store.save(one)
        invoice = self.bill(one, "subscription_cycle", (period_start(one), period_end(one)))
        self.hold_back(one, invoice)
        one = self.store.save(self.store.get("subscription", one["id"]) | {"latest_invoice": invoice["id"]})
        self.ring("customer.subscription.updated", one, previous)
        return one

    def hold_back(self, one: Object, invoice: Object) -> None:
        """An unpaid subscription, or one whose collection is paused with keep_as_draft, makes drafts that nobody collects."""
        pause = one["pause_collection"]
        if one["status"] == "unpaid" or (pause and pause["behavior"] == "keep_as_draft"):
            self.store.save(
                invoice | {"auto_advance": False, "next_payment_attempt": None, "automatically_finalizes_at": None}
            )

    def end_subscription(self, one: Object, *, reason: str = "cancellation_requested") -> Object:
        now = self.now_at(one)
        one |= {"status": "canceled", "ended_at": now, "canceled_at": one["canceled_at"] or now}
        one["cancellation_details"] = one["cancellation_details"] | {"reason": reason}
        one.pop("status_details", None)
        self.store.save(one)
        for invoice in self.store.all("invoice", subscription=one["id"]):
            if invoice["status"] in ("draft", "open"):
                self.change(invoice, None, next_payment_attempt=None, auto_advance=False)
        self.release_schedule(one)
        self.ring("customer.subscription.deleted", one)
        return one

    def give_up_incomplete(self, one: Object) -> None:
        now = self.now_at(one)
        self.change(one, "customer.subscription.updated", status="incomplete_expired", ended_at=now, canceled_at=now)
        for invoice in self.store.all("invoice", subscription=one["id"], status="open"):
            self.void(invoice)

    def warn_of_trial_end(self, one: Object) -> None:
        self.store.save(one | {"_warned": True})
        self.ring("customer.subscription.trial_will_end", one)

    def announce(self, one: Object) -> None:
        """Ring `invoice.upcoming`, whose invoice has no id: it does not exist yet."""
        self.store.save(one | {"_upcoming": period_end(one)})
        preview = self.preview(one)
        self.ring("invoice.upcoming", {name: value for name, value in preview.items() if name != "id"})

    def is_over(self, one: Object) -> bool:
        return one["status"] in ENDED
