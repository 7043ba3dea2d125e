"""The two slots of the reader's key: which one signs, how far a change has come, and what is to be done next."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max

from config import audit
from config.audit import AuditEntry
from courses import storage
from courses.models import Download, FileVersion

ACT = "signer.changed"


@dataclass(frozen=True)
class Slot:
    """A key, what it was refused with (nothing: it may read), and its links that still run."""

    key_id: str
    refused: str
    links: int
    last_ends_at: datetime | None


@dataclass(frozen=True)
class Slots:
    """`spare` is None while only one slot is filled; `asked` says that there was an object to ask the bucket about."""

    active: Slot
    spare: Slot | None
    asked: bool


def slots(*, now: datetime) -> Slots:
    """Ask the bucket with both keys, and count their links. It writes nothing."""
    version = FileVersion.objects.ready().order_by("-pk").first()
    live = Download.objects.live(now=now).exclude(signer="").order_by().values("signer")
    rows = live.annotate(links=Count("pk"), last=Max("expires_at")).values_list("signer", "links", "last")
    out = {signer: (links, last) for signer, links, last in rows}

    def slot(pair: tuple[str, str]) -> Slot:
        links, last = out.get(pair[0], (0, None))
        return Slot(pair[0], storage.refusal_of(pair, version.key) if version else "", links, last)

    spare = settings.S3_SPARE_READER
    return Slots(slot(settings.S3_IDENTITIES["reader"]), slot(spare) if spare else None, version is not None)


def note_change() -> bool:
    """Write into the record that another key signs than before; return whether one does. The first is where the record begins."""
    if "reader" not in settings.S3_IDENTITIES:
        return False  # A role: its keys change every hour, by themselves.
    key_id = storage.signer()
    last = AuditEntry.objects.filter(act=ACT).order_by("-pk").first()
    if last is not None and (last.after or {}).get("key_id") == key_id:
        return False
    audit.record(ACT, before={"key_id": (last.after or {}).get("key_id")} if last else None, after={"key_id": key_id})
    return last is not None
