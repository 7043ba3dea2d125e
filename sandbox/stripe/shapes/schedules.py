"""Subscription schedules and their phases."""

from typing import Any

from sandbox.stripe.shapes.base import Object, base


def schedule(now: int, customer: str, phases: list[Object], *, end_behavior: str, clock: str) -> Object:
    return base(
        "subscription_schedule",
        "sub_sched",
        now,
        application=None,
        billing_mode={"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        canceled_at=None,
        completed_at=None,
        current_phase=None,
        customer=customer,
        customer_account=None,
        default_settings={
            "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": None,
            "description": None,
            "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
            "on_behalf_of": None,
            "transfer_data": None,
        },
        end_behavior=end_behavior,
        metadata={},
        phases=phases,
        released_at=None,
        released_subscription=None,
        status="not_started",
        subscription=None,
        test_clock=clock,
    )


def phase(start: int, end: int, items: list[tuple[Object, int]], proration: str = "create_prorations") -> Object:
    """`items` are (price, quantity)."""
    rows: list[Any] = [
        {
            "billing_thresholds": None,
            "discounts": [],
            "metadata": {},
            "plan": price["id"],
            "price": price["id"],
            "quantity": quantity,
            "tax_rates": [],
        }
        for price, quantity in items
    ]
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": items[0][0]["currency"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": rows,
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": proration,
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }
