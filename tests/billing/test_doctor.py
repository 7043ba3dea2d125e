"""Each line about Stripe is right for an account as it should be, and wrong for one that is set up wrongly in just that way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from billing import doctor, gateway, refusals
from billing.catalogue import mirror_catalogue
from billing.gateway import setup
from billing.models import Product, WebhookEvent
from billing.refusals import Refusal
from config.checkup import Check, Finding, Verdict, answered
from sandbox.stripe import StripeServer

pytestmark = pytest.mark.django_db
GOOD, WEAK, WRONG, UNKNOWN = Verdict
HOOK = "http://testserver/stripe/webhook/"
KNOWN: dict[str, Check] = {check.name: check for check in (*doctor.CHECKS, *doctor.RINGING)}


def ask(name: str, *, fix: bool = False) -> Finding:
    found = answered(KNOWN[name], fix=fix)
    assert "whsec_" not in found.says + found.paste
    assert "sk_test_embedded" not in found.says + found.paste
    return found


@pytest.fixture(autouse=True)
def _place(settings: Any, tmp_path: Path) -> None:
    """Keep what the doctor leaves behind out of the real folder."""
    settings.VAR_DIR = tmp_path


def endpoint(stripe: StripeServer, **fields: Any) -> dict[str, Any]:
    wish = {"url": HOOK, "enabled_events": list(doctor.EVENTS), "api_version": gateway.API_VERSION}
    return stripe.call("POST", "webhook_endpoints", **wish | fields)


def on_sale(stripe: StripeServer) -> str:
    """A product with a price at Stripe and here; returns the price's id."""
    product = stripe.call("POST", "products", name="Membership")
    price = stripe.call(
        "POST", "prices", product=product["id"], currency="eur", unit_amount=900, recurring={"interval": "month"}
    )
    mirror_catalogue()
    return str(price["id"])


def test_owner_of_a_good_account_hears_nothing_bad(stripe: StripeServer) -> None:
    endpoint(stripe)
    on_sale(stripe)
    WebhookEvent.objects.create(stripe_id="evt_1", type="invoice.paid", created_at=timezone.now())
    found = {check.name: ask(check.name) for check in doctor.CHECKS}
    assert {name: one for name, one in found.items() if one.verdict is not GOOD} == {}
    assert len(found) == 7


# --- The key ------------------------------------------------------------------------------------


def test_owner_is_told_of_a_key_that_stripe_does_not_know(stripe: StripeServer, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_of_somebody_else"
    found = ask("stripe.key")
    assert (found.verdict, found.says, "apikeys" in found.paste) == (WRONG, "Stripe does not know our key", True)


def test_owner_is_told_what_a_restricted_key_may_not_read(stripe: StripeServer) -> None:
    stripe.fail_next("403", path="/v1/disputes")
    found = ask("stripe.key")
    assert (found.verdict, "may not read disputes" in found.says) == (WRONG, True)


def test_owner_is_told_of_a_stripe_that_does_not_answer(stripe: StripeServer, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    found = ask("stripe.key")
    assert (found.verdict, "does not answer" in found.says) == (WRONG, True)
    assert ask("stripe.webhook").verdict is UNKNOWN
    assert ask("stripe.clock").verdict is UNKNOWN


@pytest.mark.parametrize(
    ("secure", "key", "expected", "word"),
    [
        (True, "sk_test_embedded0123456789", WEAK, "no money moves"),
        (False, "sk_test_embedded0123456789", GOOD, "test key"),
        (True, "sk_live_opened", WEAK, "may do everything"),
        (True, "rk_live_opened", GOOD, "live key"),
    ],
)
def test_owner_is_told_the_mode_and_the_power_of_the_key(
    stripe: StripeServer, settings: Any, secure: bool, key: str, expected: Verdict, word: str
) -> None:
    before, stripe.api_key = stripe.api_key, key
    settings.SECURE, settings.STRIPE_SECRET_KEY, settings.STRIPE_LIVEMODE = secure, key, "_live_" in key
    try:
        found = ask("stripe.key")
    finally:
        stripe.api_key = before
    assert (found.verdict, word in found.says) == (expected, True), found


@pytest.mark.parametrize(("seconds", "expected"), [(0, GOOD), (90, WRONG), (-90, WRONG)])
def test_owner_is_told_of_a_clock_that_stripe_does_not_share(
    monkeypatch: pytest.MonkeyPatch, seconds: int, expected: Verdict
) -> None:
    """The embedded Stripe has this machine's clock, so its answer is moved."""
    monkeypatch.setattr(setup, "fetch_time", lambda: timezone.now() + timedelta(seconds=seconds))
    assert ask("stripe.clock").verdict is expected


# --- The webhook --------------------------------------------------------------------------------


def test_owner_is_told_that_stripe_does_not_ring(stripe: StripeServer) -> None:
    endpoint(stripe, url="http://elsewhere.example/stripe/webhook/")
    found = ask("stripe.webhook")
    assert (found.verdict, HOOK in found.paste, gateway.API_VERSION in found.paste) == (WRONG, True, True)


def test_fix_makes_the_endpoint_and_leaves_its_secret_in_a_file_of_ours_alone(
    stripe: StripeServer, settings: Any, tmp_path: Path, capfd: Any
) -> None:
    found = ask("stripe.webhook", fix=True)
    (made,) = stripe.store.all("webhook_endpoint")
    assert (made["url"], made["api_version"], set(made["enabled_events"])) == (
        HOOK,
        gateway.API_VERSION,
        set(doctor.EVENTS),
    )
    place = tmp_path / "stripe-webhook.env"
    assert place.read_text() == f"STRIPE_WEBHOOK_SECRET={made['_secret']}\n"
    assert place.stat().st_mode & 0o777 == 0o600
    # Not right before the secret is where bells are held against it.
    assert (found.verdict, str(place) in found.paste, found.fixed) == (WRONG, True, False)
    told = capfd.readouterr()
    assert made["_secret"] not in told.out + told.err
    settings.STRIPE_WEBHOOK_SECRETS = [made["_secret"]]
    assert (ask("stripe.webhook").verdict, ask("stripe.webhook").paste) == (WEAK, f"rm {place}")
    place.unlink()
    assert ask("stripe.webhook").verdict is GOOD


def test_fix_makes_no_endpoint_whose_secret_would_be_lost(stripe: StripeServer, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "not there"
    assert "FileNotFoundError" in ask("stripe.webhook", fix=True).says
    settings.VAR_DIR = tmp_path
    stripe.fail_next("500", times=9, path="/v1/webhook_endpoints")
    ask("stripe.webhook", fix=True)
    assert list(tmp_path.iterdir()) == []
    assert stripe.store.all("webhook_endpoint") == []


def test_fix_makes_no_second_endpoint_while_a_secret_waits(stripe: StripeServer, tmp_path: Path) -> None:
    (tmp_path / "stripe-webhook.env").write_text("STRIPE_WEBHOOK_SECRET=whsec_waits\n")
    assert "FileExistsError" in ask("stripe.webhook", fix=True).says
    assert stripe.store.all("webhook_endpoint") == []


def test_owner_of_a_try_out_is_told_of_stripes_cli(stripe: StripeServer, settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    found = ask("stripe.webhook")
    assert found.verdict is UNKNOWN
    assert found.paste == "stripe listen --forward-to http://127.0.0.1:8000/stripe/webhook/"


@pytest.mark.parametrize(
    ("fields", "expected", "word"),
    [
        ({}, GOOD, "all that matters"),
        ({"enabled_events": ["*"]}, GOOD, "all that matters"),
        ({"enabled_events": ["invoice.paid"]}, WRONG, "customer.subscription.updated"),
        ({"url": HOOK.rstrip("/")}, WRONG, "without the last slash"),
    ],
)
def test_owner_is_told_of_an_endpoint_that_hears_too_little(
    stripe: StripeServer, fields: dict[str, Any], expected: Verdict, word: str
) -> None:
    endpoint(stripe, **fields)
    found = ask("stripe.webhook")
    assert (found.verdict, word in found.says) == (expected, True), found


def test_owner_has_the_endpoint_widened_and_switched_on_by_fix(stripe: StripeServer) -> None:
    made = endpoint(stripe, enabled_events=["invoice.paid", "coupon.created"])
    stripe.call("POST", f"webhook_endpoints/{made['id']}", disabled=True)
    assert "switched off" in ask("stripe.webhook").says
    found = ask("stripe.webhook", fix=True)
    assert (found.verdict, found.fixed) == (GOOD, True)
    now = stripe.call("GET", f"webhook_endpoints/{made['id']}")
    assert set(now["enabled_events"]) == {*doctor.EVENTS, "coupon.created"}
    assert (now["status"], now["url"]) == ("enabled", HOOK)


def test_owner_is_told_of_two_endpoints_at_one_address(stripe: StripeServer) -> None:
    endpoint(stripe)
    endpoint(stripe)
    assert ask("stripe.webhook").verdict is WEAK


@pytest.mark.parametrize(
    ("version", "expected"), [(gateway.API_VERSION, GOOD), ("2024-06-20", WEAK)], ids=["ours", "an older one"]
)
def test_owner_is_told_of_the_version_that_events_come_in(
    stripe: StripeServer, version: str, expected: Verdict
) -> None:
    endpoint(stripe, api_version=version)
    assert ask("stripe.version").verdict is expected


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (Refusal.FORGED, "no secret of ours signed them"),
        (Refusal.MISTIMED, "a clock is wrong"),
        (Refusal.OTHER_MODE, "of the other mode"),
    ],
)
def test_owner_is_told_why_events_are_refused(reason: Refusal, word: str) -> None:
    refusals.notebook.written.clear()
    refusals.note(reason, now=timezone.now())
    found = ask("stripe.secret")
    assert (found.verdict, word in found.says) == (WRONG, True), found


def test_owner_whom_strangers_knock_at_is_not_frightened() -> None:
    refusals.notebook.written.clear()
    refusals.note(Refusal.FORGED, now=timezone.now())
    WebhookEvent.objects.create(stripe_id="evt_1", type="invoice.paid", created_at=timezone.now())
    assert ask("stripe.secret").verdict is GOOD


def test_owner_of_a_new_site_is_told_to_ring() -> None:
    found = ask("stripe.secret")
    assert (found.verdict, "--ring" in found.paste) == (UNKNOWN, True)


# --- The bell -----------------------------------------------------------------------------------


@pytest.fixture
def rung(stripe: StripeServer, live_server: Any, settings: Any) -> Callable[[str], Finding]:
    """Ask Stripe to ring at a running site whose secret is what the test says, or the right one."""
    settings.SITE_URL = live_server.url

    def ring(secret: str) -> Finding:
        made = endpoint(stripe, url=f"{live_server.url}/stripe/webhook/")
        settings.STRIPE_WEBHOOK_SECRETS = [secret or made["secret"]]
        on_sale(stripe)
        return ask("stripe.ring")

    return ring


@pytest.mark.django_db(transaction=True)
def test_owner_sees_that_the_bell_rings_and_no_mark_stays(rung: Callable[[str], Finding], stripe: StripeServer) -> None:
    assert rung("").verdict is GOOD
    stripe.settle()
    product = Product.objects.get()
    assert stripe.call("GET", f"products/{product.stripe_id}")["metadata"] == {}
    assert not [path for method, path in stripe.calls if method != "GET" and "customers" in path]


@pytest.mark.django_db(transaction=True)
def test_owner_is_told_when_the_secret_is_another(
    rung: Callable[[str], Finding], monkeypatch: pytest.MonkeyPatch, stripe: StripeServer
) -> None:
    monkeypatch.setattr(doctor, "WAIT", 2)
    found = rung("whsec_of_another_endpoint_0123456789")
    assert (found.verdict, "STRIPE_WEBHOOK_SECRET" in found.paste) == (WRONG, True)
    product = Product.objects.get()
    assert stripe.call("GET", f"products/{product.stripe_id}")["metadata"] == {}


# --- What is sold -------------------------------------------------------------------------------


def test_owner_is_told_that_nothing_is_for_sale(stripe: StripeServer) -> None:
    assert ask("stripe.prices").verdict is WRONG


def test_owner_is_told_of_prices_that_differ(stripe: StripeServer) -> None:
    price = on_sale(stripe)
    assert ask("stripe.prices").verdict is GOOD
    stripe.call("POST", f"prices/{price}", active=False)
    found = ask("stripe.prices")
    assert (found.verdict, "sync_billing --catalogue" in found.paste) == (WRONG, True)
    mirror_catalogue()
    assert ask("stripe.prices").verdict is WRONG  # Now nothing is for sale.


@pytest.mark.parametrize(
    ("features", "pause", "expected", "word"),
    [
        ({"subscription_cancel": {"enabled": False}}, False, WRONG, "nobody can cancel"),
        ({"payment_method_update": {"enabled": False}}, False, WRONG, "change the card"),
        ({"subscription_cancel": {"enabled": True, "mode": "immediately"}}, False, WEAK, "at once"),
        ({"subscription_pause": {"enabled": False}}, True, WRONG, "offers a pause"),
    ],
)
def test_owner_is_told_what_the_portal_does_not_let_people_do(
    stripe: StripeServer, settings: Any, features: dict[str, Any], pause: bool, expected: Verdict, word: str
) -> None:
    settings.STRIPE_PAUSE = pause
    default = stripe.call("GET", "billing_portal/configurations")["data"][0]["id"]
    stripe.call("POST", f"billing_portal/configurations/{default}", features=features)
    found = ask("stripe.portal")
    assert (found.verdict, word in found.says) == (expected, True), found


def test_every_event_that_is_wanted_is_one_of_stripes(now: datetime) -> None:
    assert list(doctor.EVENTS) == sorted(set(doctor.EVENTS))
    assert not [name for name in doctor.EVENTS if "*" in name or name.count(".") == 0]
