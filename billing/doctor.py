"""Whether Stripe takes our key, rings where it should and for what it should, and has something to sell."""

import os
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing import refusals
from billing.gateway import API_VERSION, GatewayError, fetch_catalogue, setup
from billing.models import Price, Product, WebhookEvent
from billing.refusals import Refusal
from config.checkup import Check, Finding, good, is_local, unknown, weak, wrong

KEY, ENDPOINT = "stripe.key", "stripe.webhook"
KEYS, HOOKS = "https://dashboard.stripe.com/apikeys", "https://dashboard.stripe.com/webhooks"
STATUS = "Look at https://status.stripe.com, and whether this machine may go out."
CLOCK, WAIT = 30, 45  # seconds
TABLES = "database.tables"
# What the site wants to hear of. Stripe takes names here, and no patterns but "*".
EVENTS = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.finalization_failed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.updated",
    "invoice.voided",
    "price.created",
    "price.deleted",
    "price.updated",
    "product.created",
    "product.deleted",
    "product.updated",
    "radar.early_fraud_warning.created",
    "refund.created",
    "refund.failed",
    "refund.updated",
)


def answering(ask: Callable[[], Finding]) -> Callable[[], Finding]:
    """Turn a Stripe that does not answer, or a key that may not ask, into "cannot tell"."""

    @wraps(ask)
    def wrapped() -> Finding:
        try:
            return ask()
        except GatewayError as error:
            return unknown(
                f"cannot tell: {error}", f"Run it again in a minute; or a restricted key lacks a right: {KEYS}"
            )

    return wrapped


def key_opens() -> Finding:
    mode = "live" if settings.STRIPE_LIVEMODE else "test"
    try:
        closed = setup.forbidden()
    except GatewayError as error:
        if "status=401" in str(error):
            return wrong("Stripe does not know our key", f"STRIPE_SECRET_KEY=… of {KEYS}")
        return wrong(
            f"Stripe does not answer as it should: {error}",
            STATUS,
        )
    if closed:
        return wrong(f"the key may not read {', '.join(closed)}", f"Give the restricted key “read” on these: {KEYS}")
    if settings.SECURE and not settings.STRIPE_LIVEMODE:
        return weak("a test key: no money moves", "STRIPE_SECRET_KEY=rk_live_… when you open")
    if settings.STRIPE_SECRET_KEY.startswith("sk_live_"):
        return weak("a live key that may do everything in the account", f"A restricted key (rk_live_…) does: {KEYS}")
    return good(f"a {mode} key, and it may read what the site reads")


@answering
def agrees_on_the_time() -> Finding:
    off = (timezone.now().replace(microsecond=0) - setup.fetch_time()).total_seconds()
    if abs(off) > CLOCK:
        return wrong(f"this machine's clock and Stripe's differ by {abs(off):.0f} s", "timedatectl set-ntp true")
    return good("this machine and Stripe have the same time")


def address() -> str:
    return f"{settings.SITE_URL}{reverse('billing:webhook')}"


def endpoints() -> list[setup.Endpoint]:
    return [one for one in setup.fetch_endpoints() if one.url.rstrip("/") == address().rstrip("/")]


@answering
def webhook_is_there() -> Finding:
    mine = endpoints()
    if not mine and is_local():
        return unknown(
            "Stripe cannot ring at this machine by itself; its CLI brings the events",
            f"stripe listen --forward-to {address()}",
        )
    if not mine:
        told = (
            "python manage.py doctor stripe.webhook --fix makes the endpoint and says where its secret is; or "
            f"{HOOKS}: add {address()} with any event and version {API_VERSION}, then STRIPE_WEBHOOK_SECRET=…"
        )
        return wrong(f"Stripe does not ring at {address()}", told)
    if len(mine) > 1:
        return weak("Stripe rings twice: two endpoints have the same address", f"Delete one of them: {HOOKS}")
    one = mine[0]
    if one.url != address():
        return wrong(
            f"Stripe rings at {one.url}, without the last slash, and follows no redirect", f"{HOOKS}: {address()}"
        )
    if not one.enabled:
        return wrong("the endpoint is switched off", f"python manage.py doctor --fix, or {HOOKS}")
    if (place := new_secret()).exists():
        if is_in_settings(place):
            return weak("the endpoint's secret is in the settings, and still in a file", f"rm {place}")
        return wrong(
            "the endpoint is new, and its secret is not in the settings yet",
            f"Put the line in {place} into .env, in place of the old STRIPE_WEBHOOK_SECRET, restart, then: rm {place}",
        )
    missing = [] if "*" in one.events else [name for name in EVENTS if name not in one.events]
    if missing:
        return wrong(f"Stripe does not ring for {', '.join(missing)}", "python manage.py doctor stripe.webhook --fix")
    return good(f"Stripe rings at {address()} for all that matters")


def set_webhook() -> None:
    """Let Stripe ring for all that matters; where it does not ring at all, by an endpoint that is made now."""
    found = endpoints()
    if not found:
        make_webhook()
    for one in found:
        setup.widen_endpoint(one.id, ["*"] if "*" in one.events else sorted({*one.events, *EVENTS}))


def new_secret() -> Path:
    """Return the file in which the secret of an endpoint that was made here waits to be put into the settings."""
    return Path(settings.VAR_DIR) / "stripe-webhook.env"


def make_webhook() -> None:
    """Make the endpoint. Its secret, which Stripe tells once, goes into a file that only we can read, and nowhere else.

    The file is opened before Stripe is asked: no endpoint is made whose secret would be lost. Raises FileExistsError while one waits.
    """
    place = new_secret()
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"STRIPE_WEBHOOK_SECRET={setup.create_endpoint(address(), list(EVENTS))}\n")
    except BaseException:
        place.unlink()
        raise


def is_in_settings(place: Path) -> bool:
    return place.read_text().strip().removeprefix("STRIPE_WEBHOOK_SECRET=") in settings.STRIPE_WEBHOOK_SECRETS


@answering
def webhook_speaks_our_version() -> Finding:
    for one in endpoints():
        if one.api_version != API_VERSION:
            return weak(
                f"events come in the shapes of {one.api_version or 'the account’s default'}, and we read those of {API_VERSION}",
                f"{HOOKS}: make the endpoint anew with that version. Until then nothing is lost: only ids are read.",
            )
        return good(f"events come in the shapes of {API_VERSION}")
    return unknown("there is no endpoint, so no version of it")


def secret_is_right() -> Finding:
    """Judge by what was delivered and refused of late; `--ring` asks Stripe to ring now."""
    now = timezone.now()
    refused = {one.reason: one for one in refusals.lately(now=now)}
    last = WebhookEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()
    forged = refused.get(Refusal.FORGED)
    if forged and (last is None or last < forged.last - timedelta(minutes=1)):
        return wrong(
            "events are refused: no secret of ours signed them", f"STRIPE_WEBHOOK_SECRET=… of the endpoint: {HOOKS}"
        )
    if mistimed := refused.get(Refusal.MISTIMED):
        return wrong(
            f"{mistimed.count} events of the last day came minutes off: a clock is wrong", "timedatectl set-ntp true"
        )
    if Refusal.OTHER_MODE in refused:
        return wrong(
            "events of the other mode arrive: test events at a live site, or the reverse",
            f"Key and endpoint must be of one mode: {HOOKS}",
        )
    if last is None:
        return unknown("no event has come yet", "python manage.py doctor --ring")
    return good(f"the last event came at {last:%Y-%m-%d %H:%M} UTC, rightly signed")


@answering
def has_something_to_sell() -> Finding:
    selling = Price.objects.filter(active=True, product__active=True).exclude(product__stripe_id=None)
    if not selling.exists():
        return wrong("no price is for sale here", "Make one at Stripe, then: python manage.py sync_billing --catalogue")
    there = {price.id for product in fetch_catalogue() if product.active for price in product.prices if price.active}
    here = set(selling.values_list("stripe_id", flat=True))
    if there - here or here - there:
        return wrong(
            f"{len(there ^ here)} prices differ between Stripe and here", "python manage.py sync_billing --catalogue"
        )
    return good(f"{len(here)} prices are for sale, as at Stripe")


@answering
def portal_is_open() -> Finding:
    found, where = setup.fetch_portal(), "https://dashboard.stripe.com/settings/billing/portal"
    if found is None:
        return wrong("the Billing Portal is not switched on: nobody can cancel", where)
    closed = [
        name
        for name, on in (("cancel", found.cancel), ("change the card", found.card), ("see invoices", found.invoices))
        if not on
    ]
    if closed:
        return wrong(f"in the Billing Portal nobody can {', '.join(closed)}", where)
    if not found.at_period_end:
        return weak(
            "who cancels in the portal loses at once what is paid for", f"{where}: cancel at the end of the period"
        )
    if settings.STRIPE_PAUSE and not found.pause:
        return wrong("the site offers a pause, and the portal does not", f"{where}, or STRIPE_PAUSE=false")
    return good("the Billing Portal lets people cancel, change their card and see their invoices")


@answering
def bell_rings() -> Finding:
    """Mark a product of ours at Stripe, wait for the event about it, and take the mark out. No customer is touched."""
    product = Product.objects.filter(active=True).exclude(stripe_id=None).first()
    if product is None or not product.stripe_id:
        return unknown("there is no product to ring for", "python manage.py sync_billing --catalogue")
    since = timezone.now() - timedelta(seconds=CLOCK)
    known = set(WebhookEvent.objects.filter(type="product.updated", created_at__gt=since).values_list("pk", flat=True))
    setup.mark_product(product.stripe_id, secrets.token_hex(4))
    try:
        ends = time.monotonic() + WAIT
        while time.monotonic() < ends:
            about = WebhookEvent.objects.filter(
                type="product.updated", object_id=product.stripe_id, created_at__gt=since
            )
            if about.exclude(pk__in=known).exists():
                return good("Stripe rang, and the site heard it")
            time.sleep(0.2)
    finally:
        setup.mark_product(product.stripe_id, "")
    return wrong(
        "Stripe was asked to ring and nothing came: another secret, another address, or no way through",
        f"Look at the deliveries of the endpoint, {HOOKS}: 400 is a wrong STRIPE_WEBHOOK_SECRET.",
    )


CHECKS = (
    Check(KEY, key_opens),
    Check("stripe.clock", agrees_on_the_time),
    Check(ENDPOINT, webhook_is_there, needs=(KEY,), fix=set_webhook),
    Check("stripe.version", webhook_speaks_our_version, needs=(KEY,)),
    Check("stripe.secret", secret_is_right, needs=(TABLES,)),
    Check("stripe.prices", has_something_to_sell, needs=(KEY, TABLES)),
    Check("stripe.portal", portal_is_open, needs=(KEY,)),
)
RINGING = (Check("stripe.ring", bell_rings, needs=(ENDPOINT, TABLES)),)
