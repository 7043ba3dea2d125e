"""Sending what is in the outbox: each notice by one worker at a time, its facts read again, no lock held while mail goes out.

A worker takes a notice with one UPDATE that only one can win, and has it for LEASE. If it dies, the next one takes it after that: the
mail may then go out a second time, with the same Message-ID. A mail server that fails costs no mail: the notice keeps its error and
waits, longer each time, and is dropped for the owner to see after GIVE_UP.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import override

from billing import gateway, news
from billing.models import Notice
from config import mail

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
GIVE_UP = timedelta(days=7)
# How many are sent in one go, so that other work in the same queue gets its turn.
BATCH = 50
# What is wrong with one mail or one address, or with Stripe; anything else that a mail server does is wrong with all mail.
OF_ONE_MAIL = (SMTPRecipientsRefused, SMTPDataError, SMTPNotSupportedError, gateway.GatewayDown)


# Set for so many seconds after the mail server failed. Whoever brings news in a hurry leaves it to the next round then: a thousand
# of them would each wait for a server that hangs, and nothing else would be done in the background.
DOWN, DOWN_FOR = "mail-server-down", 50


class MailServerDown(Exception):
    """The server, not this mail, is what fails; the rest may as well wait."""


def send_due() -> bool:
    """Send what is due, the oldest first; False when there is more than one batch. Stops when the mail server itself fails."""
    due = Notice.objects.due(now=timezone.now()).order_by("created_at", "pk").values_list("pk", flat=True)
    batch = list(due[: BATCH + 1])
    try:
        for pk in batch[:BATCH]:
            send(pk, now=timezone.now())
    except MailServerDown:
        cache.set(DOWN, True, DOWN_FOR)
        return True
    return len(batch) <= BATCH


def is_server_down() -> bool:
    """Return whether the mail server has failed a moment ago."""
    return bool(cache.get(DOWN))


def send(pk: int, *, now: datetime) -> None:
    """Send one notice unless somebody else has it, or it is no longer true. Raises MailServerDown, and the notice waits."""
    if not take(pk, now=now):
        return
    notice = Notice.objects.select_related("user", "customer__user").get(pk=pk)
    try:
        with override(settings.LANGUAGE_CODE):
            post = news.post(notice, now=now)
            letter = post.letter
            mail.send(post.to, letter.template, subject=letter.subject, context=letter.context, key=post.key)
    except news.Stale as why:
        end(pk, dropped_at=now, error=str(why))
        logger.info("notice dropped id=%d kind=%s", pk, notice.kind)
    except (SMTPException, OSError, gateway.GatewayDown) as error:
        # Its words may name the address: they are for the owner, and not for the log.
        logger.warning(
            "notice not sent id=%d kind=%s try=%d error=%s", pk, notice.kind, notice.tries, type(error).__name__
        )
        fail(notice, error, now=timezone.now())
        if not isinstance(error, OF_ONE_MAIL):
            raise MailServerDown from None
    except Exception as error:
        logger.exception("notice cannot be written id=%d kind=%s", pk, notice.kind)
        fail(notice, error, now=timezone.now())
    else:
        end(pk, sent_at=timezone.now(), error="")
        logger.info("notice sent id=%d kind=%s try=%d", pk, notice.kind, notice.tries)


def take(pk: int, *, now: datetime) -> bool:
    """Take this notice for LEASE, committed; False when it is not due, or somebody was quicker. The try is counted."""
    with transaction.atomic(durable=True):
        mine = Notice.objects.due(now=now).filter(pk=pk)
        return mine.update(not_before=now + LEASE, tries=F("tries") + 1) == 1


def end(pk: int, **outcome: object) -> None:
    Notice.objects.waiting().filter(pk=pk).update(not_before=None, **outcome)


def fail(notice: Notice, error: Exception, *, now: datetime) -> None:
    """Let it wait, longer after each try; drop it when it has waited long enough."""
    words = f"{type(error).__name__}: {error}"[:1000]
    if now - notice.created_at >= GIVE_UP:
        end(notice.pk, dropped_at=now, error=words)
        logger.error("notice given up id=%d kind=%s tries=%d", notice.pk, notice.kind, notice.tries)
        return
    pause = PAUSES[min(notice.tries, len(PAUSES)) - 1]
    Notice.objects.waiting().filter(pk=notice.pk).update(not_before=now + pause, error=words)
