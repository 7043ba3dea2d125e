"""Checkout sessions."""

from sandbox.stripe.shapes.base import Object, base


def checkout_session(now: int, params: Object, url: str) -> Object:
    session = base(
        "checkout.session",
        "cs_test",
        now,
        adaptive_pricing=None,
        after_expiration=None,
        allow_promotion_codes=params.get("allow_promotion_codes") == "true" or None,
        amount_subtotal=None,
        amount_total=None,
        automatic_tax={
            "enabled": (params.get("automatic_tax") or {}).get("enabled") == "true",
            "liability": None,
            "provider": None,
            "status": None,
        },
        billing_address_collection=params.get("billing_address_collection"),
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        client_secret=None,
        collected_information=None,
        consent=None,
        consent_collection=None,
        currency=None,
        currency_conversion=None,
        custom_fields=[],
        custom_text={
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        customer=params.get("customer"),
        customer_account=None,
        customer_creation=creation_of(params),
        customer_details=None,
        customer_email=params.get("customer_email"),
        discounts=[],
        expires_at=int(params.get("expires_at") or now + 24 * 3600),
        invoice=None,
        invoice_creation=invoices_of(params) if params["mode"] == "payment" else None,
        locale=params.get("locale"),
        metadata=params.get("metadata") or {},
        mode=params["mode"],
        origin_context=None,
        payment_intent=None,
        payment_link=None,
        payment_method_collection=collection_of(params),
        payment_method_configuration_details=None,
        payment_method_options={},
        payment_method_types=["card"],
        payment_status="unpaid",
        permissions=None,
        phone_number_collection={"enabled": False},
        recovered_from=None,
        saved_payment_method_options=None,
        setup_intent=None,
        shipping_address_collection=None,
        shipping_cost=None,
        shipping_options=[],
        status="open",
        submit_type=params.get("submit_type"),
        subscription=None,
        success_url=params.get("success_url"),
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode="hosted_page",
        tax_id_collection={
            "enabled": (params.get("tax_id_collection") or {}).get("enabled") == "true",
            "required": "never",
        },
        wallet_options=None,
    )
    session["url"] = f"{url}/c/pay/{session['id']}"
    return session


def creation_of(params: Object) -> str | None:
    """Whether a customer is made: Stripe says nothing where there is one, and always makes one for a subscription."""
    if params.get("customer"):
        return None
    return "always" if params["mode"] == "subscription" else params.get("customer_creation", "if_required")


def collection_of(params: Object) -> str:
    """Whether a card is asked for when nothing is due today; for payments only one answer makes sense."""
    usual = "always" if params["mode"] == "subscription" else "if_required"
    return str(params.get("payment_method_collection", usual))


def invoices_of(params: Object) -> Object:
    asked = params.get("invoice_creation") or {}
    data = {"account_tax_ids": None, "custom_fields": None, "description": None, "footer": None, "issuer": None}
    metadata = (asked.get("invoice_data") or {}).get("metadata") or {}
    return {
        "enabled": asked.get("enabled") == "true",
        "invoice_data": data | {"metadata": metadata, "rendering_options": None},
    }
