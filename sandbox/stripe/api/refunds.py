"""Refunds, disputes and early fraud warnings."""

from sandbox.stripe.api.customers import merged
from sandbox.stripe.api.lists import listing
from sandbox.stripe.api.routes import retrievable, route
from sandbox.stripe.errors import StripeError, needs
from sandbox.stripe.forms import boolean, hold, integer
from sandbox.stripe.shapes.disputes import EVIDENCE
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World


@route("POST", "refunds")
def create_refund(world: World, params: Object, _: list[str]) -> Object:
    hold(params, "charge payment_intent amount reason metadata.* expand[]")
    if params.get("charge"):
        charge = world.store.get("charge", params["charge"], "charge")
    elif params.get("payment_intent"):
        intent = world.store.get("payment_intent", params["payment_intent"], "payment_intent")
        if intent["latest_charge"] is None:
            raise StripeError(
                400,
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge = world.store.get("charge", intent["latest_charge"])
    else:
        raise needs("charge")
    amount = integer(params, "amount", charge["amount"] - charge["amount_refunded"], low=1) if "amount" in params else 0
    amount = amount or charge["amount"] - charge["amount_refunded"]
    world.refundable(charge, amount)
    return world.refund(charge, amount, params)


@route("GET", "refunds")
def list_refunds(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "refund", "/v1/refunds", own="charge payment_intent")


@route("POST", "refunds/{}")
def update_refund(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "metadata.* expand[]")
    found = world.store.get("refund", ids[0])
    found = world.change(found, "refund.updated", metadata=merged(found["metadata"], params.get("metadata", {})))
    world.ring("charge.refund.updated", found)
    return found


@route("POST", "refunds/{}/cancel")
def cancel_refund(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "expand[]")
    return world.cancel_refund(world.store.get("refund", ids[0]))


@route("GET", "disputes")
def list_disputes(world: World, params: Object, _: list[str]) -> Object:
    return listing(world, params, "dispute", "/v1/disputes", own="charge payment_intent")


@route("POST", "disputes/{}")
def update_dispute(world: World, params: Object, ids: list[str]) -> Object:
    hold(params, "submit metadata.* expand[] " + " ".join(f"evidence.{name}" for name in EVIDENCE))
    found = world.store.get("dispute", ids[0])
    metadata = merged(found["metadata"], params["metadata"]) if "metadata" in params else None
    # Stripe submits evidence to the bank at once unless told otherwise; metadata alone is submitted to nobody.
    submit = boolean(params, "submit", default=True) if params.get("evidence") else boolean(params, "submit")
    return world.answer_dispute(found, params.get("evidence") or {}, submit=submit, metadata=metadata)


@route("POST", "disputes/{}/close")
def close_dispute(world: World, params: Object, ids: list[str]) -> Object:
    """The owner gives in: the dispute is lost, an inquiry is closed."""
    hold(params, "expand[]")
    return world.decide(world.store.get("dispute", ids[0]), "lost")


@route("GET", "radar/early_fraud_warnings")
def list_warnings(world: World, params: Object, _: list[str]) -> Object:
    return listing(
        world, params, "radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", own="charge payment_intent"
    )


retrievable("refunds", "refund")
retrievable("disputes", "dispute")
retrievable("radar/early_fraud_warnings", "radar.early_fraud_warning")
