"""Say how far a change of the reader's key has come, and what to do next. It changes nothing but the record."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from courses import signers
from courses.signers import Slot, Slots
from courses.tracing import clock


class Command(BaseCommand):
    help = "Rotate the key that signs links, step by step; run it after each step. docs/links.md tells the whole of it."

    def handle(self, *args: Any, **options: Any) -> None:
        if "reader" not in settings.S3_IDENTITIES:
            self.stdout.write(
                "The reader is a role: its keys change by themselves, every hour. There is nothing to do."
            )
            return
        found = signers.slots(now=timezone.now())
        if signers.note_change():
            self.stdout.write("Written into the record: another key signs now.")
        self.stdout.write("\n".join([*state(found), "", *step(found)]))


def state(found: Slots) -> list[str]:
    told = [f"Signs now: {told_of(found.active)}"]
    return [*told, f"The other: {told_of(found.spare)}"] if found.spare else told


def told_of(slot: Slot) -> str:
    works = f"refused by the bucket ({slot.refused})" if slot.refused else "may read"
    links = (
        f"{slot.links} links that still run, the last until {clock(slot.last_ends_at)}"
        if slot.links
        else "no link that still runs"
    )
    return f"{slot.key_id}, {works}, {links}."


def step(found: Slots) -> list[str]:
    """Return what to do next, as lines to read and lines to paste."""
    if not found.asked:
        return ["There is no file to try a key with yet. Upload one first."]
    if found.active.refused:
        return [
            "No link works now: the key that signs is refused. Put the key that may read into its slot, and restart."
        ]
    if found.spare is None:
        return [
            "Next: make a second key for the reader, and put it into the free slot.",
            "  aws iam create-access-key --user-name lectern-reader",
            "  S3_READER_2_KEY_ID=…  S3_READER_2_SECRET=…     (or S3_READER_KEY_ID and S3_READER_SECRET, while slot 2 signs)",
            "Restart the site and the worker, and run this again.",
        ]
    if found.spare.refused:
        return [
            "The other key is refused: if you switched it off, every link that it signed is dead, and this is done.",
            f"  aws iam delete-access-key --user-name lectern-reader --access-key-id {found.spare.key_id}",
            "Then empty its slot. If it is the new one, it may not read yet: wait a minute, or look at its policy.",
        ]
    return [
        "Both keys may read. To change over: set S3_READER_SLOT to the other number (1 or 2), restart the site, and run this again.",
        "If you have just changed over: the links of the other key die when you switch it off, at once:",
        f"  aws iam update-access-key --user-name lectern-reader --access-key-id {found.spare.key_id} --status Inactive",
        "Or wait until its last link has run out, and nobody notices.",
    ]
