"""What follows in the background when a purchase has found its person, and when a person has left."""

import logging
import time
from datetime import timedelta
from smtplib import SMTPException
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import invariants, news
from accounts.models import Farewell, Inspection, User
from billing import gateway
from billing.models import Customer
from config import background, mail

logger = logging.getLogger(__name__)
GIVE_UP = timedelta(days=7)


class MailNotSent(Exception):
    """The mail server failed. Its own words may name the address, and are kept nowhere."""


@background.task(title=_("Tell Stripe whose a customer is"))
def name_customer(customer: int) -> None:
    """Write the person into the customer's metadata at Stripe, so that a lost database can be rebuilt. Done twice, it is the same."""
    found = Customer.objects.filter(pk=customer, deleted=False).exclude(user=None).first()
    if found is not None:
        metadata = {"user": str(found.user_id), "site": settings.SITE_URL}
        gateway.name_customer(found.stripe_id, metadata=metadata)


@background.task(tries=40, title=_("Tell somebody that their account is deleted"))
def send_farewell(farewell: int) -> None:
    """Send the last mail to an address, then forget it; after GIVE_UP it is forgotten unsent."""
    found = Farewell.objects.filter(pk=farewell).first()
    if found is None:
        return
    try:
        mail.send(
            found.address,
            "account_deleted",
            subject=gettext("Your account is deleted"),
            context={},
            key=f"farewell:{farewell}",
        )
    except (SMTPException, OSError) as error:
        if timezone.now() - found.created_at < GIVE_UP:
            raise MailNotSent(type(error).__name__) from None
        logger.error("farewell given up id=%d error=%s", farewell, type(error).__name__)
    found.delete()


@background.task(tries=6, title=_("Tell somebody why they have to sign in again"))
def send_sign_in_again(person: int) -> None:
    """Write to a person who was signed out because their account was used in many places."""
    found = User.objects.filter(pk=person, is_active=True).first()
    if found is None:
        return
    context: dict[str, object] = {"url": urljoin(settings.SITE_URL, reverse("account_login"))}
    try:
        mail.send(found.email, "sign_in_again", subject=gettext("Please sign in again"), context=context)
    except (SMTPException, OSError) as error:
        raise MailNotSent(type(error).__name__) from None


@background.every(timedelta(days=1), title=_("Check what must always be true"))
def inspect() -> None:
    """Ask the invariants, and keep what is broken for the first page; a month of answers is kept."""
    begun, now = time.monotonic(), timezone.now()
    broken = {one.name: one.count for one in invariants.check(now=now) if one.count}
    Inspection.objects.create(at=now, seconds=round(time.monotonic() - begun, 1), broken=broken)
    Inspection.objects.filter(at__lt=now - timedelta(days=30)).delete()
    if broken:
        logger.error("invariants broken: %s", " ".join(f"{name}={count}" for name, count in broken.items()))


@background.task(tries=3, title=_("Send mail about new titles"))
def send_news() -> None:
    """Send what is due, a batch at a time so that other work gets its turn. What fails waits for the duty below."""
    if news.send_due():
        send_news.enqueue()


@background.every(timedelta(minutes=10), title=_("Look for new titles to tell of"))
def look_for_news() -> None:
    """Write an issue when there is something new, at most one a day, and send what waits."""
    news.write_issue(now=timezone.now())
    if news.send_due():
        send_news.enqueue()
