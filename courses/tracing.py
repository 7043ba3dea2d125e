"""Whose link is this? A pasted URL, error or line of the log is held against our rows: who, what, when, from where; does it still work,
and why not.

Only what our own rows say is told as a fact. A trace in a URL whose signature was altered proves nothing, and that is said first.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from courses import access, clues, serving, storage
from courses.clues import Clue
from courses.models import Download, Fetch, File, FileVersion, Rekeying

SHOWN = 20
# The bucket's words, where they say more than our rows do.
SKEW = "RequestTimeTooSkewed"
ALTERED = "SignatureDoesNotMatch"


@dataclass(frozen=True)
class Finding:
    """`works` is None where nothing was found. `reasons` say why it does not, the weightiest first; `notes` are worth knowing besides."""

    clue: Clue
    download: Download | None = None
    file: File | None = None
    works: bool | None = None
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)
    addresses: int = 0
    others: list[Download] = field(default_factory=list)

    @property
    def person(self) -> Any:
        return self.download.user if self.download else None

    @property
    def permalink(self) -> str:
        """The address that mints a fresh link for whoever may have one; it never runs out."""
        return f"{settings.SITE_URL}{self.file.get_absolute_url()}" if self.file else ""


def trace(text: str, *, now: datetime) -> Finding:
    """Return what is known about a pasted text. About ten queries."""
    clue = clues.read(text)
    fetch = Fetch.objects.filter(pk=clue.request_id).first() if clue.request_id else None
    trace_id = clue.trace or (fetch.download_id if fetch else None)
    rows = Download.objects.select_related("user", "version__file__publication", "version__file__lesson")
    download = rows.filter(pk=trace_id).first() if trace_id else None
    if download is None:
        return by_key(clue, now=now)
    fetches = Fetch.objects.filter(download=download)
    reasons = list(why_not(clue, download, now=now))
    return Finding(
        clue=clue,
        download=download,
        file=download.version.file,
        works=not reasons,
        reasons=reasons,
        notes=list(notes(clue, download, now=now)),
        fetches=list(fetches.order_by("-at")[:SHOWN]),
        addresses=fetches.exclude(address="").order_by().values("address").distinct().count(),
    )


def by_key(clue: Clue, *, now: datetime) -> Finding:
    """Answer from the object's key alone: whose bytes, and who had a link to them lately."""
    if not clue.key:
        return Finding(clue, notes=[_("No link of ours is in this text.")] if not clue else [unknown(clue)])
    moved = Rekeying.objects.filter(old_key=clue.key, state=Rekeying.State.DONE).first()
    keys = [clue.key, *([moved.new_key] if moved else [])]
    version = FileVersion.objects.filter(key__in=keys).select_related("file__publication").first()
    others = (
        Download.objects.filter(key=clue.key).select_related("user", "version__file").order_by("-created_at")[:SHOWN]
    )
    told = [unknown(clue)] if clue.trace else []
    if moved:
        told.append(_("All links to these bytes were ended %(when)s.") % {"when": clock(moved.done_at)})
    return Finding(clue, file=version.file if version else None, notes=told, others=list(others))


def unknown(clue: Clue) -> str:
    if clue.request_id and not clue.trace and not clue.key:
        return _(
            "The bucket’s log says nothing of this request yet. It comes hours late, and is not complete; paste the link itself."
        )
    return _("It carries a trace that no row here answers to: it was not minted by this site, or its row is gone.")


def why_not(clue: Clue, download: Download, *, now: datetime) -> Any:
    """Yield why this link opens nothing any more, the weightiest first; nothing if it works."""
    signed = clue.signed
    if (signed and signed.genuine is False) or clue.code == ALTERED:
        yield _(
            "Something in it was altered after it was signed, so the bucket refuses it. What it says of itself cannot be trusted."
        )
    # A role's keys (ASIA…) are forgotten after an hour, and were ours all the same where the row says so.
    ours = bool(signed and signed.signer.startswith("ASIA") and signed.signer == download.signer)
    if signed and signed.genuine is None and not ours:
        yield _(
            "It is signed by the key %(key)s, which this site does not know: one that was switched off, or another’s."
        ) % {"key": signed.signer}
    expires_at = signed.expires_at if signed and signed.genuine and signed.expires_at else download.expires_at
    if expires_at <= now:
        yield _("It ran out %(when)s. Links are short-lived on purpose; a click on the page mints another.") % {
            "when": clock(expires_at)
        }
    if download.key and download.key != download.version.key:
        moved = Rekeying.objects.filter(old_key=download.key).order_by("-asked_at").first()
        when = clock(moved.done_at or moved.switched_at) if moved else ""
        yield _("All links to this file were ended %(when)s, and its bytes lie elsewhere.") % {"when": when}
    elif not FileVersion.objects.ready().filter(pk=download.version_id).exists():
        yield _("The version it names is not there any more.")
    if clue.code == SKEW:
        yield _("The clock of whoever asked, or the server’s, is wrong by more than a quarter of an hour.")


def notes(clue: Clue, download: Download, *, now: datetime) -> Any:
    """Yield what does not stop this link, and matters for the next one."""
    newest = serving.newest_ready(download.version.file_id)
    if newest is not None and newest.pk != download.version_id:
        yield _("The file has been replaced since: a new link gets the newer version.")
    if download.user_id:
        decision = access.decision(download.user, download.version.file, now=now, ready=newest is not None)
        if not decision.allowed:
            yield _("This person would get no new link now: %(reason)s.") % {"reason": words(decision.reason)}
    else:
        yield _("Nobody was signed in: samples and previews are open to all. Or the account has been deleted.")
    if clue.signed and clue.signed.signer != storage.signer() and clue.signed.genuine:
        yield _("It is signed by the other key of the two; new links are signed by %(key)s.") % {
            "key": storage.signer()
        }


def words(reason: access.Reason) -> str:
    told = {
        access.Reason.NOTHING_THERE: _("the file has no version that is ready"),
        access.Reason.NOT_PUBLISHED: _("the title is not published"),
        access.Reason.SWITCHED_OFF: _("the account is switched off"),
        access.Reason.NOT_HELD: _("they hold nothing that opens it"),
    }
    return str(told.get(reason, reason.value))


def clock(moment: datetime | None) -> str:
    """Return a moment to the second, rounded up: a link is never said to be dead before it is."""
    if moment is None:
        return ""
    shown = timezone.localtime(moment + timedelta(microseconds=999_999))
    return f"{date_format(shown, 'j F Y, H:i:s')} {shown.tzname()}"


def find_person(finding: Finding) -> str:
    """Return the e-mail of whoever the link was made for, or an empty string."""
    person = finding.person
    return str(getattr(person, get_user_model().EMAIL_FIELD)) if person else ""
