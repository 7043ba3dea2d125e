"""What comes back by itself so that our rows are Stripe's: bells that were not come to, bells that were lost, and everybody once a day."""

import logging
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing import events, gateway, sync
from billing.catalogue import mirror_catalogue
from config import background

logger = logging.getLogger(__name__)
# How far back Stripe is asked for bells it could not deliver; it keeps them for 30 days, and the daily reconcile heals what is older.
LOOKED_BACK = timedelta(days=3)
# Seconds that mail and other tasks may have to wait behind this while Stripe does not answer.
PATIENCE = 30


@background.every(timedelta(minutes=1), title=_("Finish webhook events that were left over"))
def take_up_events() -> None:
    events.take_up(now=timezone.now())


@background.every(timedelta(minutes=10), title=_("Fetch webhook events that Stripe could not deliver"))
def recover_events() -> None:
    with gateway.within(PATIENCE):
        found = events.recover(since=timezone.now() - LOOKED_BACK)
    if found:
        logger.warning("webhook events fetched that had not arrived: %d", found)


@background.every(timedelta(days=1), title=_("Compare everybody with Stripe"))
def reconcile() -> None:
    mirror_catalogue()
    report = sync.reconcile()
    logger.info("reconciled customers=%d overtaken=%d unknown=%d", report.applied, report.overtaken, report.unknown)
