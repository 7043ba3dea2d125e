"""Mail about new titles, to those who want it: each title once, at most one mail a day, and ended by one click.

An issue, the titles it announces and a delivery for each reader are one transaction; the deliveries are sent after that, each taken by one
worker with one UPDATE. A worker that dies keeps its delivery for LEASE; then the next one sends it, with the same Message-ID.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.models import Announcement, Delivery, Issue, User
from config import background, mail
from courses import access
from courses.models import Publication

logger = logging.getLogger(__name__)
SALT = "accounts.news"
# A title may be taken back within the first hour; and a first import of old ones is no news.
CALM, FRESH = timedelta(hours=1), timedelta(days=7)
PERIOD = timedelta(days=1)
LEASE, GIVE_UP = timedelta(minutes=5), timedelta(days=3)
BATCH, ROWS = 50, 1000


def readers() -> "QuerySet[User]":
    """Return those who want to be told and can be: active, with a confirmed address."""
    confirmed = User.objects.filter(emailaddress__verified=True, emailaddress__primary=True)
    return User.objects.filter(wants_news=True, is_active=True, pk__in=confirmed.values("pk"))


def write_issue(*, now: datetime) -> Issue | None:
    """Announce what is new since the last issue, and write a delivery for each reader; None when nothing is new, or too soon."""
    if Issue.objects.filter(created_at__gt=now - PERIOD).exists():
        return None
    new = Publication.objects.published(at=now - CALM).filter(published_at__gt=now - FRESH, announcement=None)
    with transaction.atomic():
        titles = list(new.values_list("pk", flat=True))
        if not titles:
            return None
        issue = Issue.objects.create(created_at=now)
        Announcement.objects.bulk_create(Announcement(publication_id=pk, issue=issue) for pk in titles)
        people = readers().order_by("pk").values_list("pk", flat=True)
        waiting = (Delivery(issue=issue, user_id=pk, not_before=now) for pk in people.iterator(ROWS))
        Delivery.objects.bulk_create(waiting, ROWS)
    logger.info("news written issue=%d titles=%d", issue.pk, len(titles))
    return issue


def send_due() -> bool:
    """Send a batch of what is due; True when there is more. Stops early when the mail server itself fails."""
    due = Delivery.objects.filter(sent_at=None, dropped_at=None, not_before__lte=timezone.now()).order_by("pk")
    batch = list(due.values_list("pk", flat=True)[: BATCH + 1])
    return all(deliver(pk, now=timezone.now()) for pk in batch[:BATCH]) and len(batch) > BATCH


def deliver(pk: int, *, now: datetime) -> bool:
    """Send one delivery, unless somebody else has it or its reader changed their mind; False when the mail server fails."""
    waiting = Delivery.objects.filter(pk=pk, sent_at=None, dropped_at=None, not_before__lte=now)
    with transaction.atomic(durable=True):
        if not waiting.update(not_before=now + LEASE, tries=F("tries") + 1):
            return True
    one = Delivery.objects.select_related("user", "issue").get(pk=pk)
    titles = titles_of(one.issue, now=now)
    if not titles or not readers().filter(pk=one.user_id).exists() or now - one.issue.created_at > GIVE_UP:
        Delivery.objects.filter(pk=pk).update(dropped_at=now)
        return True
    try:
        send(one.user, titles, key=f"news:{one.issue_id}:{one.user_id}", now=now)
    except (SMTPException, OSError) as error:
        # Its words may name the address, which belongs in no log.
        logger.warning("news not sent delivery=%d try=%d error=%s", pk, one.tries, type(error).__name__)
        Delivery.objects.filter(pk=pk).update(not_before=timezone.now() + background.pause(one.tries))
        return isinstance(error, SMTPRecipientsRefused | SMTPDataError)
    Delivery.objects.filter(pk=pk).update(sent_at=timezone.now())
    return True


def titles_of(issue: Issue, *, now: datetime) -> list[Publication]:
    """Return what an issue tells of, as far as it is still published."""
    found = Publication.objects.published(at=now).with_products().filter(announcement__issue=issue)
    return list(found.defer("description").order_by("kind", "title"))


def send(reader: User, titles: list[Publication], *, key: str, now: datetime) -> None:
    with override(settings.LANGUAGE_CODE):
        mine = access.openable(reader, titles, now=now)
        subject = ngettext("New: %(title)s", "%(count)d new titles: %(title)s and more", len(titles))
        context: dict[str, object] = {
            "titles": list(told(titles, mine)),
            "account": settings.SITE_URL + reverse("accounts:home"),
        }
        mail.send(
            reader.email,
            "new_titles",
            subject=subject % {"title": mail.one_line(titles[0].title), "count": len(titles)},
            context=context,
            key=key,
            unsubscribe=stop_address(reader.pk),
        )


def told(titles: list[Publication], mine: set[int]) -> Iterator[dict[str, str]]:
    """Yield what the mail says of each title."""
    for title in titles:
        opens = _("Open to you.") if title.pk in mine else ""
        if not opens:
            opens = _("Opens with a membership.") if title.access == title.Access.MEMBERS else _("Sold on its own.")
        yield {
            "name": mail.one_line(title.title),
            "author": mail.one_line(title.author),
            "kind": str(title.get_kind_display()).capitalize(),
            "summary": mail.one_line(title.summary, longest=400),
            "opens": opens,
            "address": settings.SITE_URL + title.get_absolute_url(),
        }


def stop_address(user_id: int) -> str:
    """Return the address where one POST ends this mail, whoever is signed in. It works for good, and can do nothing else."""
    token = signing.Signer(salt=SALT).sign(str(user_id))
    return settings.SITE_URL + reverse("accounts:stop_news", args=[token])


def reader_of(token: str) -> User | None:
    """Return whose mail a token ends, or None when it is forged or the person has left."""
    try:
        number = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=int(number)).first()
