"""Invoices, payments, charges, refunds and disputes."""

from sandbox.stripe.api.lists import anything, listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import StripeError, invalid, needs
from sandbox.stripe.forms import hold, integer
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World


@route("GET", "invoices")
def list_invoices(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        details = (one["parent"] or {}).get("subscription_details") or {}
        right = "subscription" not in params or details.get("subscription") == params["subscription"]
        return right and ("status" not in params or one["status"] == params["status"])

    own = "customer subscription status collection_method"
    return listing(world, params, "invoice", "/v1/invoices", own=own, wanted=wanted)


@route("POST", "invoices/{}/pay")
def pay_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[] paid_out_of_band payment_method off_session")
    invoice = world.store.get("invoice", ids[0])
    if invoice["status"] in ("paid", "void"):
        raise invalid("invoice", f"Invoice is already {invoice['status']}.")
    if not world.try_to_pay(invoice):
        raise StripeError(402, "Your card was declined.", code="card_declined", type_="card_error")
    return world.store.get("invoice", ids[0])


@route("POST", "invoices/{}/void")
def void_invoice(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.void(world.store.get("invoice", ids[0]))


@route("GET", "invoice_payments")
def list_invoice_payments(world: World, params: Object, _: list[str]) -> Object:
    asked = params.get("payment") or {}

    def wanted(one: Object) -> bool:
        right = "payment_intent" not in asked or one["payment"]["payment_intent"] == asked["payment_intent"]
        return right and ("invoice" not in params or one["invoice"] == params["invoice"])

    own = "invoice status payment.type payment.payment_intent"
    return listing(world, params, "invoice_payment", "/v1/invoice_payments", own=own, wanted=wanted)


@route("GET", "payment_intents")
def list_payment_intents(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "payment_intent", "/v1/payment_intents", own="customer", wanted=anything)


@route("GET", "charges")
def list_charges(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return "payment_intent" not in params or one["payment_intent"] == params["payment_intent"]

    return listing(world, params, "charge", "/v1/charges", own="customer payment_intent", wanted=wanted)


@route("POST", "refunds")
def create_refund(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "charge payment_intent amount reason metadata.* expand[]")
    if params.get("charge"):
        charge = world.store.get("charge", params["charge"], "charge")
    elif params.get("payment_intent"):
        intent = world.store.get("payment_intent", params["payment_intent"], "payment_intent")
        charge = world.store.get("charge", intent["latest_charge"])
    else:
        raise needs("charge")
    left = charge["amount"] - charge["amount_refunded"]
    amount = integer(params, "amount", left, low=1)
    if amount > left:
        raise invalid("amount", f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).")
    return world.refund(charge, amount, params)


@route("GET", "refunds")
def list_refunds(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return all(one[name] == params[name] for name in ("charge", "payment_intent") if name in params)

    return listing(world, params, "refund", "/v1/refunds", own="charge payment_intent", wanted=wanted)


@route("GET", "disputes")
def list_disputes(world: World, params: Object, _: list[str]) -> Object:
    def wanted(one: Object) -> bool:
        return all(one[name] == params[name] for name in ("charge", "payment_intent") if name in params)

    return listing(world, params, "dispute", "/v1/disputes", own="charge payment_intent", wanted=wanted)


retrievable("invoices", "invoice")
retrievable("payment_intents", "payment_intent")
retrievable("charges", "charge")
retrievable("refunds", "refund")
retrievable("disputes", "dispute")
