"""What courses has to do in the background: check what arrived, remove what was refused, clear up once a day."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config import background
from courses import rekeying, sweep, verification
from courses.models import FileVersion, Rekeying


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
