"""What courses has to do in the background: check what arrived, remove what was refused, clear up once a day."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config import background
from courses import sweep, verification
from courses.models import FileVersion, Lesson, Publication


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


@background.every(timedelta(days=1), title=_("Look after what search reads"))
def refold() -> None:
    """Mend titles and lessons that were written past our own code, or by the version before a migration."""
    for title in Publication.objects.only("pk", "words", *Publication.FOUND_BY).iterator():
        if title.words != title.folded():
            Publication.objects.filter(pk=title.pk).update(words=title.folded())
    for lesson in Lesson.objects.only("pk", "words", "title").iterator():
        if lesson.words != lesson.folded():
            Lesson.objects.filter(pk=lesson.pk).update(words=lesson.folded())
