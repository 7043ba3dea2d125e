"""What an invoice comes to: discounts off, tax on, and the customer's balance."""

from sandbox.stripe import shapes
from sandbox.stripe.terms import TAXES, Object, months_after, taken_off


class Totals:
    """Needs `store`, the clock and events."""

    def discount_with(self, coupon: Object, now: int, **links: str | None) -> Object:
        """Put a coupon to use; links: subscription, customer, promotion_code, checkout_session."""
        months = coupon["duration_in_months"]
        end = months_after(now, months) if coupon["duration"] == "repeating" and months else None
        made = self.store.save(shapes.discount(now, coupon["id"], end=end, **links) | {"_coupon": coupon})
        self.count_redemption(coupon)
        if promotion := self.store.find("promotion_code", links.get("promotion_code")):
            self.count_redemption(promotion)
        self.ring("customer.discount.created", made)
        return made

    def count_redemption(self, one: Object) -> None:
        times = one["times_redeemed"] + 1
        full = one["max_redemptions"] is not None and times >= one["max_redemptions"]
        flag = "valid" if one["object"] == "coupon" else "active"
        self.store.save(one | {"times_redeemed": times, flag: one[flag] and not full})

    def end_discount(self, discount: Object) -> None:
        self.ring("customer.discount.deleted", discount)
        self.store.save(discount | {"deleted": True})

    def discounts_of(self, one: Object, now: int) -> list[Object]:
        """Return a subscription's discounts that hold at this moment; those whose months are over leave it."""
        found = [self.store.get("discount", name) for name in one["discounts"]]
        over = [discount for discount in found if discount["end"] and discount["end"] <= now]
        for discount in over:
            self.end_discount(discount)
        if over:
            one["discounts"] = [discount["id"] for discount in found if discount not in over]
            self.store.save(one)
        return [discount for discount in found if discount not in over]

    def use_up(self, one: Object, invoice: Object, discounts: list[Object]) -> None:
        """A coupon that holds once is gone with the first invoice it took something off."""
        used = {entry["discount"] for entry in invoice["total_discount_amounts"] if entry["amount"]}
        spent = [found for found in discounts if found["_coupon"]["duration"] == "once" and found["id"] in used]
        for discount in spent:
            self.end_discount(discount)
        if spent:
            one["discounts"] = [name for name in one["discounts"] if name not in [found["id"] for found in spent]]
            self.store.save(one)

    def total(self, invoice: Object, rows: list[Object], discounts: list[Object], *, tax: bool = False) -> Object:
        """Add up an invoice's lines, take the discounts off, put the tax on. Does not save."""
        subtotal = sum(row["amount"] for row in rows)
        left, amounts = sum(row["amount"] for row in rows if row["discountable"]), []
        for discount in discounts:
            off = taken_off(left, discount["_coupon"])
            left -= off
            amounts.append({"amount": off, "discount": discount["id"]})
            spread(rows, off, discount["id"])
        net = subtotal - sum(entry["amount"] for entry in amounts)
        invoice["lines"] = shapes.page(rows, f"/v1/invoices/{invoice['id']}/lines")
        invoice |= {"subtotal": subtotal, "subtotal_excluding_tax": subtotal, "total_discount_amounts": amounts}
        invoice["discounts"] = [discount["id"] for discount in discounts]
        self.tax(invoice, net, on=tax)
        return self.due(invoice)

    def tax(self, invoice: Object, net: int, *, on: bool) -> None:
        country = (invoice["customer_address"] or {}).get("country")
        status = None if not on else "complete" if country else "requires_location_inputs"
        invoice["automatic_tax"] = invoice["automatic_tax"] | {
            "enabled": on,
            "provider": "stripe" if on else None,
            "status": status,
        }
        rate = TAXES.get(country or "", 0) if on else 0
        prices = [
            self.store.find("price", (row["pricing"] or {}).get("price_details", {}).get("price"))
            for row in invoice["lines"]["data"]
        ]
        inclusive = any(price and price["tax_behavior"] == "inclusive" for price in prices)
        amount = round(net * rate / (100 + rate)) if inclusive else round(net * rate / 100)
        total = net if inclusive else net + amount
        invoice |= {"total": total, "total_excluding_tax": total - amount}
        invoice["total_taxes"] = (
            [shapes.tax_of_invoice(amount, total - amount, inclusive=inclusive)] if status == "complete" else []
        )

    def due(self, invoice: Object) -> Object:
        """Say what is to be paid after the customer's balance: credit lowers it, and a negative total becomes credit."""
        balance = self.store.get("customer", invoice["customer"])["balance"]
        due = max(0, invoice["total"] + balance)
        invoice |= {"starting_balance": balance, "amount_due": due, "amount_remaining": due}
        return invoice

    def settle_balance(self, invoice: Object) -> None:
        """At finalization the balance is used: what is left of it stays with the customer."""
        self.due(invoice)
        invoice["ending_balance"] = invoice["starting_balance"] + invoice["total"] - invoice["amount_due"]
        change = invoice["ending_balance"] - invoice["starting_balance"]
        if change:
            self.move_balance(
                invoice["customer"], change, "applied_to_invoice", invoice=invoice["id"], currency=invoice["currency"]
            )

    def move_balance(self, customer_id: str, amount: int, kind: str, *, invoice: str | None, currency: str) -> Object:
        customer = self.store.get("customer", customer_id)
        made = shapes.balance_transaction(
            self.now_of(customer_id), customer, amount, kind, invoice=invoice, currency=currency
        )
        self.store.save(made)
        self.change(customer, "customer.updated", balance=made["ending_balance"])
        return made


def spread(rows: list[Object], off: int, discount: str) -> None:
    """Say on each line what share of a discount is its own; the last one takes the rounding."""
    shared = [row for row in rows if row["discountable"] and row["amount"] > 0]
    whole, left = sum(row["amount"] for row in shared), off
    for row in shared:
        share = left if row is shared[-1] else round(off * row["amount"] / whole)
        left -= share
        row["discounts"] = [*row["discounts"], discount]
        row["discount_amounts"] = [*row["discount_amounts"], {"amount": share, "discount": discount}]
