"""What arrived is read and looked at in the background: size, structure, every byte's sum. Only then does it serve."""

import hashlib
import logging
import time
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from config import audit
from courses import inspection, storage, timing
from courses.models import FileVersion

logger = logging.getLogger(__name__)
State = FileVersion.State
TELL_EVERY = 2  # seconds


def verify(version: FileVersion) -> bool:
    """Make a version that is VERIFYING READY, or REJECTED with a sentence; return whether bytes are left to be removed.

    Checking twice does no harm: whoever ends first has decided. Raises StorageError when the bucket fails; nothing has changed then.
    """
    if version.state != State.VERIFYING:
        return version.state == State.REJECTED
    trouble, sha256, seconds = _examined(version)
    now = timezone.now()
    with transaction.atomic():
        if trouble:
            decided = version.move(State.VERIFYING, State.REJECTED, problem=str(trouble)[:255], touched_at=now)
        else:
            found = {"sha256": sha256, "seconds": seconds, "checked": version.size}
            decided = version.move(State.VERIFYING, State.READY, ready_at=now, touched_at=now, **found)
            if decided:
                timing.follow(version)
        if decided:
            version.parts.all().delete()
            audit.record(
                f"file.{version.state}", target=version.file, reason=version.problem, after={"version": version.pk}
            )
    logger.info("upload checked version=%s file=%s state=%s", version.pk, version.file_id, version.state)
    return version.state == State.REJECTED


def _examined(version: FileVersion) -> tuple[str | Promise, str, int]:
    """Return what is wrong, if anything; the SHA-256 of the whole in hex; how long it plays in seconds, 0 if that is not known."""
    try:
        size = storage.head(version.key, by="keeper").size
    except storage.NotThere:
        size = -1
    if size != version.size:
        return _("The file did not arrive whole. Upload it again."), "", 0

    def read(offset: int, length: int) -> bytes:
        return storage.read_range(version.key, offset, length)

    if trouble := inspection.problem(version.content_type, version.size, read):
        return trouble, "", 0
    summed = Summed(version)
    for seen in paced(summed.read()):
        FileVersion.objects.filter(pk=version.pk, state=State.VERIFYING).update(checked=seen, touched_at=timezone.now())
    if summed.differs:
        return _("The file changed on its way. Upload it again."), "", 0
    return "", summed.whole.hexdigest(), inspection.seconds(version.content_type, version.size, read)


class Summed:
    """The SHA-256 of a version's bytes, and whether they are those that the browser said it would send.

    Where the bucket has held each part against its sum, only the whole is summed here.
    """

    def __init__(self, version: FileVersion) -> None:
        self.version = version
        self.whole = hashlib.sha256()
        self.said = {} if version.sums_held else dict(version.parts.values_list("number", "sha256"))
        self.differs = False
        self._part, self._number = hashlib.sha256(), 1

    def read(self) -> Iterator[int]:
        """Read every byte once, a piece at a time; yield how many have been seen, until all have or one part differs."""
        seen = 0
        for piece in storage.read_all(self.version.key, self.version.size):
            self.whole.update(piece)
            if self.said:
                self._hold(memoryview(piece), seen)
            seen += len(piece)
            if self.differs:
                return
            yield seen
        self.differs = seen != self.version.size

    def _hold(self, piece: memoryview, seen: int) -> None:
        while piece:
            end = min(self._number * self.version.part_size, self.version.size)
            taken = piece[: end - seen]
            self._part.update(taken)
            seen, piece = seen + len(taken), piece[len(taken) :]
            if seen == end:
                said = self.said.get(self._number)
                self.differs |= said is not None and said != self._part.hexdigest()
                self._part, self._number = hashlib.sha256(), self._number + 1


def paced(steps: Iterator[int]) -> Iterator[int]:
    """Take every step, and pass one on every two seconds."""
    told = time.monotonic()
    for step in steps:
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            yield step


def discard(version: FileVersion) -> None:
    """Remove what a refused or cancelled upload left in the bucket, and its file where nothing else is left of it. Raises StorageError."""
    if version.state not in (State.REJECTED, State.ABORTED):
        return
    if version.upload_id:
        try:
            storage.abort_multipart(version.key, version.upload_id)
        except storage.NotThere:
            logger.debug("no upload left version=%s", version.pk)
    # The copy of a title may share its bytes.
    if not FileVersion.objects.ready().filter(key=version.key).exists():
        storage.delete_object(version.key)
    version.parts.all().delete()
    logger.info("bytes removed version=%s file=%s", version.pk, version.file_id)
    version.file.delete_if_empty()
