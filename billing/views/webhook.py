"""Where Stripe rings. Verify, record, converge, 200: nothing in a body but its ids, type and customer is believed."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import events, gateway, refusals
from billing.refusals import Refusal

logger = logging.getLogger(__name__)
REASONS = {gateway.BellForged: Refusal.FORGED, gateway.BellMistimed: Refusal.MISTIMED}


@csrf_exempt
@require_POST
@cache_control(no_store=True)
def webhook(request: HttpRequest) -> HttpResponse:
    """200 once an event is recorded and done (or parked for the owner), 400 or 413 for what is no bell of ours, 500 to be rung again."""
    try:
        bell = gateway.verify(
            body_of(request), request.headers.get("Stripe-Signature", ""), secrets=settings.STRIPE_WEBHOOK_SECRETS
        )
    except gateway.BellTooLarge as error:
        logger.warning("webhook refused: %s", error)
        return HttpResponse(status=413)
    except gateway.BellRefused as error:
        logger.warning("webhook refused: %s", error)
        if reason := REASONS.get(type(error)):
            refusals.note(reason, now=timezone.now())
        return HttpResponse(status=400)
    if bell.livemode != settings.STRIPE_LIVEMODE:
        logger.error("webhook refused: livemode=%s does not fit our key event=%s", bell.livemode, bell.id)
        refusals.note(Refusal.OTHER_MODE, now=timezone.now())
        return HttpResponse(status=400)
    if bell.account:
        logger.error("webhook ignored: another account's event=%s account=%s", bell.id, bell.account)
        refusals.note(Refusal.OTHER_ACCOUNT, now=timezone.now())
        return HttpResponse(status=200)
    return HttpResponse(status=200 if events.handle(events.record(bell)) else 500)


def body_of(request: HttpRequest) -> bytes:
    """Read the body if its declared length may be read at all; Django would answer 400 to what is too large for it."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > gateway.MAX_BODY:
        raise gateway.BellTooLarge("body over 1 MiB")
    return request.body
