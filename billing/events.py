"""What a recorded bell makes us do. Each is done again whole whenever it rings again, so doing it twice does no harm."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from billing import gateway, sync
from billing.catalogue import mirror_product
from billing.gateway import Bell
from billing.models import Price, WebhookEvent

logger = logging.getLogger(__name__)
MAX_TRIES = 5
# How old an event must be for another try by ourselves, by the tries it has had: Stripe's own ringing comes first.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
# Stripe waits some ten seconds for an answer, and no worker is to be held longer.
PATIENCE = 8


def record(bell: Bell) -> WebhookEvent:
    """Keep the bell, once whatever is delivered twice; committed on its own, before anything is done about it."""
    event, _ = WebhookEvent.objects.get_or_create(
        stripe_id=bell.id,
        defaults={
            "type": bell.type,
            "object_id": bell.object_id,
            "customer_id": bell.customer_id,
            "livemode": bell.livemode,
            "api_version": bell.api_version,
            "created_at": bell.created_at,
        },
    )
    return event


def handle(event: WebhookEvent) -> bool:
    """Act on an event unless that has been done; False asks Stripe to ring again.

    What fails keeps its error. After five tries it is parked and shown to the owner: the nightly reconcile heals it.
    """
    if event.handled_at or event.parked_at:
        return True
    try:
        with gateway.within(PATIENCE):
            act(event)
    except gateway.Busy:
        # No try: it was not come to. Stripe rings again, and the worker takes it up in a minute.
        logger.warning("webhook put off event=%s: too many wait for Stripe already", event.stripe_id)
        return False
    except Exception as error:  # noqa: BLE001 - whatever fails must leave its trace, and must not make Stripe ring for ever
        return _failed(event, error)
    WebhookEvent.objects.filter(pk=event.pk).update(handled_at=timezone.now(), tries=F("tries") + 1, error="")
    return True


def replay(event: WebhookEvent) -> bool:
    """Act on an event once more, as the owner asked; True when it worked."""
    WebhookEvent.objects.filter(pk=event.pk).update(handled_at=None, parked_at=None, tries=0)
    event.refresh_from_db()
    return handle(event)


def take_up(*, now: datetime) -> int:
    """Act on what was recorded and never finished, because Stripe was away or a worker died; return how much came through.

    Those that have failed least come first, and as soon as Stripe turns out to be away the others wait: each would wait for it in vain,
    and mail waits behind them.
    """
    waiting = WebhookEvent.objects.unhandled().filter(parked_at=None, received_at__lte=now - PAUSES[0])
    due = [
        one for one in waiting.order_by("tries", "pk") if one.received_at <= now - PAUSES[min(one.tries, MAX_TRIES - 1)]
    ]
    done = 0
    for event in due:
        event.refresh_from_db()
        if event.handled_at:
            continue
        if handle(event):
            done += 1
        elif WebhookEvent.objects.filter(pk=event.pk, error__startswith=gateway.GatewayDown.__name__).exists():
            break
    return done


def recover(*, since: datetime) -> int:
    """Ask Stripe for the bells it could not deliver since then, and act on them; return how many were new to us.

    Raises gateway.GatewayError.
    """
    missed = list(gateway.fetch_undelivered(since=since))
    known = set(
        WebhookEvent.objects.filter(stripe_id__in=[one.id for one in missed]).values_list("stripe_id", flat=True)
    )
    lost = [one for one in reversed(missed) if one.id not in known and is_ours(one)]
    for one in lost:
        handle(record(one))
    return len(lost)


def is_ours(bell: Bell) -> bool:
    """Return whether a bell is of our key's mode and account."""
    return bell.livemode == settings.STRIPE_LIVEMODE and not bell.account


def act(event: WebhookEvent) -> None:
    """Converge what the event is about. Events about nothing of ours are only kept."""
    if event.type.startswith("product."):
        mirror_product(event.object_id)
    elif event.type.startswith("price."):
        _mirror_price(event.object_id)
    elif customer := event.customer_id or _owner(event):
        sync.converge(customer)


def _owner(event: WebhookEvent) -> str:
    """Ask Stripe whom an event is about that names no customer, and keep the answer for the log."""
    owner = gateway.fetch_owner(event.object_id)
    if owner:
        WebhookEvent.objects.filter(pk=event.pk).update(customer_id=owner)
    return owner


def _mirror_price(price_id: str) -> None:
    known = Price.objects.filter(stripe_id=price_id).values_list("product__stripe_id", flat=True).first()
    mirror_product(known or gateway.fetch_product_of(price_id))


def _failed(event: WebhookEvent, error: Exception) -> bool:
    tries = event.tries + 1
    parked = timezone.now() if tries >= MAX_TRIES else None
    text = f"{type(error).__name__}: {error}" if isinstance(error, gateway.GatewayError) else type(error).__name__
    still = WebhookEvent.objects.unhandled().filter(pk=event.pk)
    if not still.update(tries=F("tries") + 1, error=text[:1000], parked_at=parked):
        # Another bell's answer held this one's news, and came through.
        return True
    logger.error(
        "webhook failed event=%s type=%s try=%d parked=%s",
        event.stripe_id,
        event.type,
        tries,
        bool(parked),
        exc_info=error,
    )
    return parked is not None
