"""Where the answer to a call depends on the API version it names."""

from sandbox.stripe.errors import StripeError
from sandbox.stripe.terms import Object
from sandbox.stripe.world import World

ENDIVE = "2026-09-30"
# Parameters and fields that are new in endive, and so are not in Stripe's description of version dahlia (2026-08-26). They follow the SDK.
NEW_IN_ENDIVE = {
    "subscription": ["status_details"],
    "invoice": ["status_details"],
    "POST subscriptions/{id}/pause": ["type", "bill_for", "invoicing_behavior"],
    "POST subscriptions/{id}/resume": ["payment_behavior", "billing_cycle_anchor[type]"],
    "POST checkout/sessions, payment_intents, setup_intents": [
        "allowed_payment_method_types",
        "excluded_payment_method_types",
    ],
    "billing_portal.configuration": ["features.subscription_pause"],
    "billing_portal.session": ["flow.subscription_pause"],
}


def is_endive(world: World) -> bool:
    return str(world.version)[:10] >= ENDIVE


def refuse_old_types(world: World, params: Object, where: str) -> None:
    """Since endive nobody names payment method types; older versions still may."""
    if "payment_method_types" in params and is_endive(world):
        raise StripeError(
            400,
            f"payment_method_types is no longer supported on {where}.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
