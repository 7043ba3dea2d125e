"""Payment intents, setup intents, charges and payment methods."""

from sandbox.stripe import shapes
from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.api.versions import refuse_old_types
from sandbox.stripe.cards import FAILING_ACCOUNT, TOKENS
from sandbox.stripe.errors import StripeError, invalid, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World

INTENT = (
    "amount currency customer description metadata.* expand[] confirm off_session payment_method receipt_email return_url "
    "payment_method_types[] automatic_payment_methods.enabled automatic_payment_methods.allow_redirects setup_future_usage "
    "confirmation_method capture_method statement_descriptor shipping.* mandate_data.* allowed_payment_method_types[] "
    "excluded_payment_method_types[]"
)
BILLING = "billing_details.email billing_details.name billing_details.phone billing_details.address.* "


@route("GET", "payment_intents")
def list_payment_intents(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "payment_intent", "/v1/payment_intents", own="customer")


@route("POST", "payment_intents")
def create_payment_intent(world: World, params: Object, _: list[str]) -> Object:
    refuse_old_types(world, params, "PaymentIntents")
    hold(params, INTENT)
    if not params.get("currency"):
        raise needs("currency")
    customer = world.store.get("customer", params["customer"], "customer")["id"] if params.get("customer") else None
    intent = world.intend(
        customer, integer(params, "amount", low=1), params["currency"].lower(), params.get("metadata") or {}
    )
    intent |= {"description": params.get("description"), "capture_method": params.get("capture_method", "automatic")}
    intent |= {
        "receipt_email": params.get("receipt_email"),
        "confirmation_method": params.get("confirmation_method", "automatic"),
    }
    if params.get("payment_method"):
        intent |= {"payment_method": world.method(params["payment_method"])["id"], "status": "requires_confirmation"}
    world.store.save(intent)
    return confirmed(world, intent) if boolean(params, "confirm") else intent


def confirmed(world: World, intent: Object) -> Object:
    """Try to take the money; a decline is an error of status 402 that carries the intent, 3D Secure is not."""
    if not intent["payment_method"]:
        raise invalid("payment_method", "You cannot confirm this PaymentIntent because it's missing a payment method.")
    method = world.store.get("payment_method", intent["payment_method"])
    if intent["capture_method"] == "manual" and method["_card"] == "good":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        world.store.save(intent)
        world.ring("payment_intent.amount_capturable_updated", intent)
        return intent
    if world.attempt(intent, method) == "declined":
        raise StripeError(
            402, "Your card was declined.", code="card_declined", type_="card_error", extra={"payment_intent": intent}
        )
    return world.store.get("payment_intent", intent["id"])


@route("POST", "payment_intents/{}")
def update_payment_intent(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "description metadata.* receipt_email expand[]")
    found = world.store.get("payment_intent", ids[0])
    fields = {name: params[name] for name in ("description", "receipt_email") if name in params}
    if "metadata" in params:
        fields["metadata"] = merged(found["metadata"], params["metadata"])
    return world.change(found, None, **fields)


@route("POST", "payment_intents/{}/confirm")
def confirm_payment_intent(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "payment_method return_url off_session expand[]")
    found = world.store.get("payment_intent", ids[0])
    if found["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise StripeError(
            400,
            f"You cannot confirm a PaymentIntent that is {found['status']}.",
            code="payment_intent_unexpected_state",
        )
    if params.get("payment_method"):
        found["payment_method"] = world.method(params["payment_method"])["id"]
    return confirmed(world, found)


@route("POST", "payment_intents/{}/capture")
def capture_payment_intent(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    found = world.store.get("payment_intent", ids[0])
    if found["status"] != "requires_capture":
        raise StripeError(400, f"This PaymentIntent is {found['status']}.", code="payment_intent_unexpected_state")
    world.take(found | {"amount_capturable": 0}, world.store.get("payment_method", found["payment_method"]))
    found = world.store.get("payment_intent", ids[0])
    world.ring("charge.captured", world.store.get("charge", found["latest_charge"]))
    return found


@route("POST", "payment_intents/{}/cancel")
def cancel_payment_intent(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "cancellation_reason expand[]")
    found = world.store.get("payment_intent", ids[0])
    if found["status"] in ("succeeded", "canceled", "processing"):
        raise StripeError(
            400, f"You cannot cancel a PaymentIntent that is {found['status']}.", code="payment_intent_unexpected_state"
        )
    return world.cancel_intent(found, params.get("cancellation_reason"))


@route("GET", "charges")
def list_charges(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "charge", "/v1/charges", own="customer payment_intent")


@route("POST", "charges")
def create_charge(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "amount currency customer source description metadata.* expand[]")
    customer = world.store.get("customer", params["customer"], "customer")["id"] if params.get("customer") else None
    method = (
        world.method(params["source"], "source")
        if params.get("source")
        else customer and world.payer({"customer": customer})
    )
    if not method:
        raise needs("source")
    intent = world.intend(
        customer, integer(params, "amount", low=1), params.get("currency", "usd"), params.get("metadata") or {}
    )
    if world.attempt(intent, method, confirmed=True) == "declined":
        raise StripeError(402, "Your card was declined.", code="card_declined", type_="card_error")
    return world.store.get("charge", intent["latest_charge"])


@route("POST", "payment_methods")
def create_payment_method(world: World, params: Object, _: list[str]) -> Object:
    hold(
        params,
        "type card.token card.number card.exp_month card.exp_year card.cvc sepa_debit.iban metadata.* expand[] "
        + BILLING,
    )
    if params.get("type") == "sepa_debit":
        failing = (params.get("sepa_debit") or {}).get("iban") == FAILING_ACCOUNT
        return world.new_method("bank_fails" if failing else "bank", billing=params.get("billing_details"))
    token = (params.get("card") or {}).get("token", "")
    if params.get("type") != "card" or token.removeprefix("tok_") not in TOKENS:
        raise invalid("card[token]", "This stand-in takes Stripe's test tokens (tok_visa) and no card numbers.")
    return world.new_method(TOKENS[token.removeprefix("tok_")], billing=params.get("billing_details"))


@route("GET", "payment_methods")
def list_payment_methods(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "payment_method", "/v1/payment_methods", own="customer type", wanted=attached)


@route("GET", "customers/{}/payment_methods")
def list_customers_methods(world: World, params: Object, ids: list[str]) -> Object:
    world.store.get("customer", ids[0], "customer")
    url = f"/v1/customers/{ids[0]}/payment_methods"
    return listing(world, params, "payment_method", url, own="type", wanted=attached, customer=ids[0])


def attached(one: Object) -> bool:
    return one["customer"] is not None


@route("POST", "payment_methods/{}")
def update_payment_method(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "metadata.* expand[] " + BILLING)
    found = world.store.get("payment_method", ids[0])
    fields = {"metadata": merged(found["metadata"], params.get("metadata", {}))}
    if params.get("billing_details"):
        fields["billing_details"] = found["billing_details"] | params["billing_details"]
    return world.change(found, "payment_method.updated", **fields)


@route("POST", "payment_methods/{}/attach")
def attach_payment_method(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "customer expand[]")
    return world.attach(world.method(ids[0]), world.store.get("customer", params.get("customer", ""), "customer"))


@route("POST", "payment_methods/{}/detach")
def detach_payment_method(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.detach(world.store.get("payment_method", ids[0]))


@route("POST", "setup_intents")
def create_setup_intent(world: World, params: Object, _: list[str]) -> Object:
    refuse_old_types(world, params, "SetupIntents")
    hold(
        params,
        "customer description metadata.* payment_method confirm usage payment_method_types[] expand[] return_url",
    )
    made = world.store.save(shapes.setup_intent(world.now_of(params.get("customer")), params))
    world.ring("setup_intent.created", made)
    if not params.get("payment_method"):
        return made
    method = world.method(params["payment_method"])
    made |= {"payment_method": method["id"], "status": "requires_confirmation"}
    if not boolean(params, "confirm"):
        return world.store.save(made)
    return set_up(world, made, method)


def set_up(world: World, made: Object, method: Object) -> Object:
    if method["_card"] == "3ds":
        made |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}}}
    elif method.get("_refused"):
        made |= {"status": "requires_payment_method", "payment_method": None}
        made["last_setup_error"] = {"code": "card_declined", "message": "Your card was declined.", "type": "card_error"}
    else:
        made["status"] = "succeeded"
        if made["customer"]:
            world.attach(method, world.store.get("customer", made["customer"]))
    world.store.save(made)
    words = {"requires_action": "requires_action", "requires_payment_method": "setup_failed", "succeeded": "succeeded"}
    world.ring(f"setup_intent.{words[made['status']]}", made)
    if made["last_setup_error"]:
        raise StripeError(
            402, "Your card was declined.", code="card_declined", type_="card_error", extra={"setup_intent": made}
        )
    return made


@route("GET", "setup_intents")
def list_setup_intents(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "setup_intent", "/v1/setup_intents", own="customer")


@route("POST", "setup_intents/{}/cancel")
def cancel_setup_intent(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "cancellation_reason expand[]")
    found = world.store.get("setup_intent", ids[0])
    found |= {"status": "canceled", "cancellation_reason": params.get("cancellation_reason")}
    world.store.save(found)
    world.ring("setup_intent.canceled", found)
    return found


retrievable("payment_intents", "payment_intent")
retrievable("charges", "charge")
retrievable("payment_methods", "payment_method")
retrievable("setup_intents", "setup_intent")
