"""What courses has to do in the background: check what arrived, remove what was refused, clear up once a day."""

from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config import background, mail
from courses import fetched, rekeying, sharing, signers, sweep, verification
from courses.models import File, FileVersion, Lesson, Publication, Rekeying


class MailNotSent(Exception):
    """The mail server failed. Its own words may name the address, and are kept nowhere."""


@background.task(title=_("Check a file that was uploaded"))
def verify(version: int) -> None:
    found = FileVersion.objects.filter(pk=version).select_related("file").first()
    if found is not None and verification.verify(found):
        discard.enqueue(version)


@background.task(title=_("Remove the bytes of a refused or cancelled upload"))
def discard(version: int) -> None:
    found = FileVersion.objects.filter(pk=version).select_related("file").first()
    if found is not None:
        verification.discard(found)


@background.every(timedelta(days=1), title=_("Clear up after uploads"))
def sweep_uploads() -> None:
    sweep.run(now=timezone.now(), check=verify.enqueue)


@background.task(tries=20, title=_("Move a file to a new key, so that its links end"))
def rekey(move: int) -> None:
    found = Rekeying.objects.filter(pk=move).first()
    if found is not None:
        rekeying.go_on(found, now=timezone.now())


@background.every(timedelta(hours=1), title=_("Read the bucket’s access log"))
def read_access_log() -> None:
    if settings.S3_LOG_BUCKET:
        fetched.take_in_bucket(since=fetched.window(timezone.now()), report=fetched.Report())


@background.every(timedelta(hours=1), title=_("Look for signs of shared accounts"))
def watch_sharing() -> None:
    sharing.watch(now=timezone.now())


@background.every(timedelta(hours=1), title=_("Note which key signs links"))
def note_signer() -> None:
    signers.note_change()


@background.every(timedelta(days=1), title=_("Forget from where links were asked"))
def forget_sources() -> None:
    fetched.forget(now=timezone.now())


@background.task(tries=6, title=_("Send somebody the way to a fresh link"))
def send_fresh_link(person: int, file: str) -> None:
    """Mail a person a file's own address, which asks the access rule anew and mints; never a signed URL."""
    found = get_user_model()._default_manager.filter(pk=person, is_active=True).first()
    wanted = File.objects.select_related("publication").filter(pk=UUID(file)).first()
    if found is None or wanted is None:
        return
    title = wanted.publication.title
    context: dict[str, object] = {
        "url": f"{settings.SITE_URL}{wanted.get_absolute_url()}",
        "title": title,
        "name": wanted.name,
    }
    subject = gettext("Your link to %(title)s") % {"title": mail.one_line(title)}
    try:
        mail.send(str(getattr(found, found.get_email_field_name())), "fresh_link", subject=subject, context=context)
    except (SMTPException, OSError) as error:
        raise MailNotSent(type(error).__name__) from None


@background.every(timedelta(days=1), title=_("Look after what search reads"))
def refold() -> None:
    """Mend titles and lessons that were written past our own code, or by the version before a migration."""
    for title in Publication.objects.only("pk", "words", *Publication.FOUND_BY).iterator():
        if title.words != title.folded():
            Publication.objects.filter(pk=title.pk).update(words=title.folded())
    for lesson in Lesson.objects.only("pk", "words", "title").iterator():
        if lesson.words != lesson.folded():
            Lesson.objects.filter(pk=lesson.pk).update(words=lesson.folded())
