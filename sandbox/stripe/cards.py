"""Cards and bank accounts: Stripe's test numbers, and which of them pays for whom."""

from typing import Any

from sandbox.stripe import shapes
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.terms import Object

# How a card behaves -> the end of its number. The first four are offered on the pages; "none" is no card at all.
CARDS = {
    "none": "",
    "good": "4242",
    "declines": "0341",
    "3ds": "3184",
    "dispute": "0259",
    "inquiry": "1976",
    "fraud": "5423",
    "refund_fails": "5126",
    "refund_pending": "7726",
    "bank": "3201",
    "bank_fails": "3202",
}
DEBITS = ("bank", "bank_fails")
# Stripe's names for test cards, as pm_card_<name> and tok_<name>. Source: https://docs.stripe.com/testing
TOKENS = {
    "visa": "good",
    "mastercard": "good",
    "amex": "good",
    "us": "good",
    "bypassPending": "good",
    "chargeDeclined": "declines",
    "visa_chargeDeclined": "declines",
    "chargeCustomerFail": "declines",
    "chargeDeclinedInsufficientFunds": "declines",
    "authenticationRequired": "3ds",
    "threeDSecure2Required": "3ds",
    "threeDSecureRequired": "3ds",
    "createDispute": "dispute",
    "createDisputeInquiry": "inquiry",
    "createIssuerFraudRecord": "fraud",
    "refundFail": "refund_fails",
    "pendingRefund": "refund_pending",
}
# Refused when attached or set up, while chargeCustomerFail is taken and fails when it is charged.
REFUSED_AT_ONCE = ("chargeDeclined", "visa_chargeDeclined", "chargeDeclinedInsufficientFunds")
FAILING_ACCOUNT = "IT60X0542811101000000123456"


class Cards:
    """Needs `store`, the clock and events."""

    def new_method(self, card: str, customer: str | None = None, *, billing: Any = None) -> Object:
        now = self.now_of(customer)
        made = shapes.payment_method(now, card, CARDS[card], debit=card in DEBITS, billing=billing)
        return self.store.save(made | {"customer": customer})

    def method(self, name: str, param: str = "payment_method") -> Object:
        """Return the payment method of this id; Stripe's test names (pm_card_visa) make one. Raises StripeError (404)."""
        token = name.removeprefix("pm_card_").removeprefix("tok_")
        if token != name and token in TOKENS:
            made = self.new_method(TOKENS[token])
            return self.store.save(made | {"_refused": token in REFUSED_AT_ONCE})
        return self.store.get("payment_method", name, param)

    def attach(self, method: Object, customer: Object) -> Object:
        """Bind a payment method to a customer. Raises StripeError (402) for a card that is refused at once."""
        if method.get("_refused"):
            raise StripeError(402, "Your card was declined.", code="card_declined", type_="card_error")
        if customer.get("deleted"):
            raise missing("customer", customer["id"], "customer")
        method = self.store.save(method | {"customer": customer["id"]})
        if customer["_card"] == "none":
            self.store.save(customer | {"_card": method["_card"]})
        self.ring("payment_method.attached", method)
        return method

    def make_default(self, customer_id: str, method: Object) -> Object:
        """Let this payment method pay the customer's invoices from now on."""
        customer = self.store.get("customer", customer_id)
        customer["_card"] = method["_card"]
        settings = customer["invoice_settings"] | {"default_payment_method": method["id"]}
        return self.change(customer, "customer.updated", invoice_settings=settings)

    def use_card(self, customer_id: str, card: str) -> Object:
        """Give the customer a card that behaves so (see CARDS), and take it for everything from now on; "none" takes all away."""
        customer = self.store.get("customer", customer_id, "customer")
        if card != "none":
            return self.make_default(customer_id, self.attach(self.new_method(card, customer_id), customer))
        for method in self.store.all("payment_method", customer_id):
            self.detach(method)
        customer = self.store.get("customer", customer_id)
        settings = customer["invoice_settings"] | {"default_payment_method": None}
        return self.change(customer, "customer.updated", invoice_settings=settings, _card="none")

    def detach(self, method: Object) -> Object:
        was = method["customer"]
        method = self.store.save(method | {"customer": None})
        self.ring("payment_method.detached", method, {"customer": was})
        return method

    def card(self, one: Object) -> str:
        """Return how the card behaves that would pay for this subscription or invoice."""
        if chosen := self.store.find("payment_method", one.get("_method")):
            return str(chosen["_card"])
        return str(self.store.get("customer", one["customer"])["_card"])

    def payer(self, one: Object) -> Object | None:
        """Return the payment method that would pay for this subscription or invoice; None where there is none."""
        if chosen := self.store.find("payment_method", one.get("_method")):
            return chosen
        customer = self.store.get("customer", one["customer"])
        if customer["_card"] == "none":
            return None
        card = customer["_card"] if customer["_card"] in CARDS else "declines"
        default = self.store.find("payment_method", customer["invoice_settings"]["default_payment_method"])
        if default and default["_card"] == card:
            return default
        kept = [one for one in self.store.all("payment_method", customer["id"]) if one["_card"] == card]
        return kept[0] if kept else self.new_method(card, customer["id"])
