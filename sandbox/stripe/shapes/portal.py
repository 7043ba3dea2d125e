"""The Billing Portal's configurations and sessions."""

from typing import Any

from sandbox.stripe.shapes.base import Object, base

REASONS = ["too_expensive", "missing_features", "switched_service", "unused", "other"]
# Everything a subscriber may do, unless a configuration of the owner's says less.
FEATURES: Object = {
    "customer_update": {"allowed_updates": ["email", "address", "name"], "enabled": True},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": REASONS},
        "enabled": True,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": ["price"],
        "enabled": True,
        "products": [],
        "proration_behavior": "always_invoice",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def configuration(now: int, features: Object, *, default: bool = False, **fields: Any) -> Object:
    return base(
        "billing_portal.configuration",
        "bpc",
        now,
        active=True,
        application=None,
        business_profile={"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        default_return_url=None,
        features=features,
        is_default=default,
        login_page={"enabled": False, "url": None},
        metadata={},
        name=None,
        updated=now,
    ) | {name: value for name, value in fields.items() if value is not None}


def session(now: int, customer: str, configuration_id: str, url: str, params: Object) -> Object:
    made = base(
        "billing_portal.session",
        "bps",
        now,
        configuration=configuration_id,
        customer=customer,
        customer_account=None,
        flow=flow(params["flow_data"]) if params.get("flow_data") else None,
        locale=params.get("locale"),
        on_behalf_of=None,
        return_url=params.get("return_url"),
    )
    return made | {"url": f"{url}/p/session/{made['id']}"}


def flow(asked: Object) -> Object:
    after = asked.get("after_completion") or {"type": "portal_homepage"}
    made: Object = {
        "type": asked["type"],
        "after_completion": {
            "hosted_confirmation": after.get("hosted_confirmation"),
            "redirect": after.get("redirect"),
            "type": after["type"],
        },
    }
    for name in ("customer_update", "subscription_cancel", "subscription_update", "subscription_update_confirm"):
        made[name] = asked.get(name)
    if made["subscription_cancel"]:
        made["subscription_cancel"] = {"retention": None} | made["subscription_cancel"]
    if confirm := made["subscription_update_confirm"]:
        items = [{"quantity": int(one.get("quantity", 1))} | one for one in confirm["items"]]
        items = [one | {"quantity": int(one["quantity"])} for one in items]
        made["subscription_update_confirm"] = confirm | {"discounts": confirm.get("discounts"), "items": items}
    if asked.get("subscription_pause"):
        made["subscription_pause"] = asked["subscription_pause"]
    return made
