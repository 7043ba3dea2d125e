"""Every object that the embedded Stripe answers, held against Stripe's own OpenAPI description."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from stripe import StripeClient

from sandbox.stripe import StripeServer
from sandbox.stripe.api.versions import NEW_IN_ENDIVE
from tests.sandbox.stripe.conftest import submit

DESCRIPTION = os.environ.get("STRIPE_OPENAPI", "")
pytestmark = pytest.mark.skipif(
    not DESCRIPTION, reason="STRIPE_OPENAPI names no file with Stripe's OpenAPI description"
)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    path = Path(DESCRIPTION)
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return dict(nullable(json.loads(raw)))


def nullable(schema: Any) -> Any:
    """Say OpenAPI 3.0's `nullable` in JSON Schema's own words."""
    if isinstance(schema, list):
        return [nullable(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: nullable(inner) for name, inner in schema.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def problems(description: dict[str, Any], body: dict[str, Any]) -> list[str]:
    """Return what Stripe's description holds against this object, by its `object` field."""
    schema = {"$ref": f"#/components/schemas/{body['object']}", "components": description["components"]}
    found = Draft202012Validator(schema).iter_errors(body)
    return [f"{body['object']}{list(error.absolute_path)}: {error.message[:200]}" for error in found]


def a_full_life(server: StripeServer, api: StripeClient, monthly: Any, once: Any, checkout: Any) -> None:
    """Leave one of everything behind: paid, trialing, past due, paused, cancelled, refunded, disputed, expired."""
    coupon = api.v1.coupons.create({"percent_off": 20, "duration": "repeating", "duration_in_months": 3})
    api.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    taxed: Any = {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    submit(checkout(monthly, allow_promotion_codes=True, **taxed).url, outcome="pay", code="SPRING", country="GB")
    submit(checkout(monthly, subscription_data={"trial_period_days": 7}).url, outcome="pay")
    submit(checkout(monthly).url, outcome="async")
    for card in ("async", "pay"):
        submit(checkout(once, invoice_creation={"enabled": True}).url, outcome=card)
    checkout(once)
    first, second, third = api.v1.subscriptions.list({"status": "all"}).data[::-1]
    outright = next(
        one for one in api.v1.checkout.sessions.list().data if one.payment_status == "paid" and one.mode == "payment"
    )
    server.refund(outright.id, 100)
    server.settle_refund(server.refund(outright.id, 100, outcome="pending")["id"], succeeds=False)
    server.decide(server.dispute(str(first.latest_invoice))["id"], "won")
    server.dispute(outright.id, inquiry=True)
    server.warn_of_fraud(outright.id)
    portals(server, api, first, monthly)
    server.renew(first.id, "declines")
    server.renew(third.id, "3ds")
    server.advance(20 * 24 * 3600)
    api.v1.subscriptions.pause(second.id)
    api.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["invoice.paid"]})
    api.v1.test_helpers.test_clocks.create({"frozen_time": server.now()})
    api.v1.setup_intents.create({"payment_method": "pm_card_visa", "confirm": True})


def portals(server: StripeServer, api: StripeClient, one: Any, monthly: Any) -> None:
    """Switch down now and up later, with everything the portal offers."""
    recurring: Any = {"interval": "month"}
    product = str(monthly.product)
    cheaper = api.v1.prices.create({"product": product, "currency": "usd", "unit_amount": 500, "recurring": recurring})
    conditions: Any = {"conditions": [{"type": "decreasing_item_amount"}]}
    update: Any = {"enabled": True, "default_allowed_updates": ["price"], "schedule_at_period_end": conditions}
    update["products"] = [{"product": product, "prices": [cheaper.id]}]
    later = api.v1.billing_portal.configurations.create({"features": {"subscription_update": update}})
    flow: Any = {"type": "subscription_update", "subscription_update": {"subscription": one.id}}
    session: Any = {"customer": str(one.customer), "return_url": "https://shop.example/", "flow_data": flow}
    for chosen in ({}, {"configuration": later.id}):
        portal = api.v1.billing_portal.sessions.create(session | chosen)
        submit(portal.url, price=monthly.id if chosen else cheaper.id, subscription=one.id)
        session.pop("flow_data", None)
    server.world.schedule_switch(server.store.get("subscription", one.id), server.store.get("price", monthly.id))
    submit(portal.url, act="cancel", subscription=one.id)


KINDS = [
    "billing_portal/configurations",
    "charges",
    "checkout/sessions",
    "coupons",
    "customers",
    "disputes",
    "events",
    "invoice_payments",
    "invoiceitems",
    "invoices",
    "payment_intents",
    "payment_methods",
    "prices",
    "products",
    "promotion_codes",
    "radar/early_fraud_warnings",
    "refunds",
    "setup_intents",
    "subscription_schedules",
    "subscriptions",
    "test_helpers/test_clocks",
    "webhook_endpoints",
]


def pages_of(sandbox: StripeServer, kind: str, params: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    while True:
        page = sandbox.call("GET", kind, **params)
        yield page["data"]
        if not page["has_more"]:
            return
        params = params | {"starting_after": page["data"][-1]["id"]}


def test_every_answer_fits_stripes_description(
    sandbox: StripeServer, api: StripeClient, monthly: Any, once: Any, checkout: Any, description: dict[str, Any]
) -> None:
    a_full_life(sandbox, api, monthly, once, checkout)
    checked, wrong = 0, []
    for kind in KINDS:
        params = {"limit": 100} | ({"status": "all"} if kind == "subscriptions" else {})
        found = [one for page in pages_of(sandbox, kind, params) for one in page]
        assert found, f"no {kind} to look at"
        bodies = (
            found
            if kind != "events"
            else [body for event in sandbox.events() for body in (event, event["data"]["object"])]
        )
        for body in bodies:
            checked += 1
            # An upcoming invoice does not exist yet, and so has no id, whatever the description says.
            wrong.extend(problems(description, {"id": "in_0"} | body if body["object"] == "invoice" else body))
    assert checked >= 300
    assert not wrong, "\n".join(sorted(set(wrong)))


@pytest.mark.parametrize("kind", ["subscription", "invoice"])
def test_what_is_newer_than_the_description_is_listed(description: dict[str, Any], kind: str) -> None:
    """A newer description takes names off the list."""
    assert not set(NEW_IN_ENDIVE[kind]) & set(description["components"]["schemas"][kind]["properties"])
