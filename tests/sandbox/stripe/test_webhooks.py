"""Webhooks on the wire: signed as the SDK verifies, sent until answered, and troubled on request."""

import json
from pathlib import Path

import pytest
from stripe import SignatureVerificationError, StripeClient

from sandbox.stripe import StripeServer
from tests.sandbox.stripe.conftest import KEY, SECRET, Inbox


def test_the_sdk_verifies_what_is_sent(sandbox: StripeServer, api: StripeClient, inbox: Inbox) -> None:
    customer = api.v1.customers.create({"email": "sam@example.com"})
    sandbox.settle()
    [(body, header)] = inbox.got
    event = api.construct_event(body, header, SECRET)
    assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)
    assert event.api_version == "2026-10-28.endive"


def test_a_delivery_that_fails_comes_again(sandbox: StripeServer, api: StripeClient, inbox: Inbox) -> None:
    inbox.answers = [500, 503]
    api.v1.customers.create({"email": "sam@example.com"})
    sandbox.settle()
    assert len(inbox.got) == 3
    assert len({body for body, _ in inbox.got}) == 1


def verified_by(api: StripeClient, body: bytes, header: str, secret: str | None) -> str:
    """Return the event's type when this secret signed it, else nothing."""
    try:
        return str(api.construct_event(body, header, str(secret)).type)
    except SignatureVerificationError:
        return ""


def test_an_endpoint_has_its_own_secret_and_its_own_events(
    sandbox: StripeServer, api: StripeClient, inbox: Inbox
) -> None:
    made = api.v1.webhook_endpoints.create({"url": inbox.url, "enabled_events": ["product.created"]})
    api.v1.customers.create({"email": "sam@example.com"})
    api.v1.products.create({"name": "Membership"})
    sandbox.settle()
    assert len(inbox.got) == 3
    verified = [
        (verified_by(api, body, header, secret), secret == SECRET)
        for body, header in inbox.got
        for secret in (SECRET, made.secret)
    ]
    verified = [pair for pair in verified if pair[0]]
    assert sorted(verified) == [("customer.created", True), ("product.created", False), ("product.created", True)]
    assert api.v1.webhook_endpoints.list().data[0].to_dict().get("secret") is None


@pytest.mark.parametrize(("switch", "count"), [("duplicate", 3), ("drop", 0)])
def test_switches_make_trouble(sandbox: StripeServer, api: StripeClient, inbox: Inbox, switch: str, count: int) -> None:
    sandbox.sender.switches.add(switch)
    api.v1.customers.create({"email": "sam@example.com"})
    sandbox.settle()
    assert len(inbox.got) == count
    undelivered = api.v1.events.list({"delivery_success": False}).data
    assert len(undelivered) == (1 if switch == "drop" else 0)


def test_what_was_sold_and_what_is_in_the_post_outlive_a_restart(tmp_path: Path, inbox: Inbox) -> None:
    settings = {"api_key": KEY, "webhook_secret": SECRET, "mail_dir": None}
    inbox.got.clear()
    with StripeServer(tmp_path, webhook_url="http://127.0.0.1:9/closed", **settings) as first:  # type: ignore[arg-type]
        customer = first.call("POST", "customers", email="sam@example.com")
        first.advance(24 * 3600)
        ahead = first.now()
    with StripeServer(tmp_path, webhook_url=inbox.url, **settings) as second:  # type: ignore[arg-type]
        assert second.call("GET", f"customers/{customer['id']}")["email"] == "sam@example.com"
        assert second.now() >= ahead
        second.settle()
    assert [json.loads(body)["type"] for body, _ in inbox.got] == ["customer.created"]
