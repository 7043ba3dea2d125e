"""Whether Stripe's bells still reach us, and what is wrong when they do not: for the head of their log, and the dashboard."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import entitlements, gateway, refusals
from billing.attention import Alarm
from billing.models import Subscription, WebhookEvent
from billing.refusals import DAY, Refusal, Refused

RIGHT = "billing.view_webhookevent"
# A bell is acted on while Stripe waits, some seconds; one that nothing was done about for longer was dropped by a crash.
WAIT = timedelta(minutes=10)


def alarms(*, now: datetime) -> Iterator[Alarm]:
    """Yield what is wrong with the bells, in plain words. Four queries and a look at the cache."""
    last = WebhookEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()
    known = WebhookEvent.objects.unhandled().aggregate(
        parked=Count("pk", filter=Q(parked_at__isnull=False)),
        failing=Count("pk", filter=Q(parked_at=None, tries__gt=0)),
        waiting=Count("pk", filter=Q(parked_at=None, tries=0, received_at__lt=now - WAIT)),
    )
    yield from _silence(last, now=now)
    for refused in refusals.lately(now=now):
        yield _refusal(refused)
    if known["parked"]:
        text = ngettext(
            "%(count)d event failed five times and is parked. Replay it once its cause is gone.",
            "%(count)d events failed five times and are parked. Replay them once their cause is gone.",
            known["parked"],
        )
        yield Alarm(text % {"count": known["parked"]}, _list(state="parked"), urgent=True, permission=RIGHT)
    if known["failing"]:
        text = ngettext(
            "%(count)d event has failed, and Stripe will ring again.",
            "%(count)d events have failed, and Stripe will ring again.",
            known["failing"],
        )
        yield Alarm(text % {"count": known["failing"]}, _list(state="failing"), permission=RIGHT)
    if known["waiting"]:
        text = ngettext(
            "%(count)d event was recorded and not acted on: its worker may have ended. Replay it.",
            "%(count)d events were recorded and not acted on: their worker may have ended. Replay them.",
            known["waiting"],
        )
        yield Alarm(text % {"count": known["waiting"]}, _list(state="waiting"), permission=RIGHT)
    yield from _versions(now=now)


def _silence(last: datetime | None, *, now: datetime) -> Iterator[Alarm]:
    if last is not None and last > now - DAY:
        return
    if not Subscription.objects.filter(entitlements.live(now=now)).exists():
        return
    address = settings.SITE_URL + reverse("billing:webhook")
    if last is None:
        text = _("No event of Stripe has ever reached this site. Does its webhook endpoint point to %(address)s?")
        yield Alarm(text % {"address": address}, _list(), urgent=True, permission=RIGHT)
    else:
        text = _(
            "No event of Stripe has come for %(time)s, although there are live subscriptions. Look at %(address)s."
        )
        told = text % {"time": timesince(last, now), "address": _("Stripe’s page of webhook endpoints")}
        yield Alarm(told, _list(), urgent=True, permission=RIGHT)


def _refusal(refused: Refused) -> Alarm:
    texts = {
        Refusal.FORGED: _(
            "About %(count)d calls within 24 hours, the last %(ago)s ago, bore a signature that none of our secrets made. If events are "
            "missing, STRIPE_WEBHOOK_SECRET is not the one that Stripe has; if none is, somebody knocked in vain."
        ),
        Refusal.MISTIMED: _(
            "About %(count)d calls within 24 hours, the last %(ago)s ago, were signed by Stripe more than five minutes off. Set this "
            "machine’s clock; if it is right, somebody replayed old events."
        ),
        Refusal.OTHER_MODE: _(
            "About %(count)d events within 24 hours were of the other mode: test events at a live site, or live ones at a test site. "
            "Compare the endpoint’s mode at Stripe with STRIPE_SECRET_KEY."
        ),
        Refusal.OTHER_ACCOUNT: _(
            "About %(count)d events within 24 hours belonged to another account and were left alone. The endpoint at Stripe should "
            "listen to your own account only."
        ),
    }
    told = texts[refused.reason] % {"count": refused.count, "ago": timesince(refused.last)}
    return Alarm(told, _list(), urgent=refused.reason is not Refusal.FORGED, permission=RIGHT)


def _versions(*, now: datetime) -> Iterator[Alarm]:
    """Tell of bells that speak another version of the API than we read. Only ids are taken from them, so it can wait."""
    recent = WebhookEvent.objects.filter(received_at__gt=now - DAY).exclude(api_version__in=("", gateway.API_VERSION))
    found = sorted(set(recent.order_by().values_list("api_version", flat=True).distinct()[:3]))
    if found:
        text = _("Stripe’s events speak version %(theirs)s of its API, and this site reads %(ours)s.")
        told = text % {"theirs": ", ".join(found), "ours": gateway.API_VERSION}
        yield Alarm(told, _list(), permission=RIGHT)


def _list(**query: str) -> str:
    address = reverse("admin:billing_webhookevent_changelist")
    return f"{address}?{urlencode(query)}" if query else address
