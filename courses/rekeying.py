"""Killing every URL of a file: its bytes move to a new key inside the bucket, and the old key is emptied. No byte passes through us.

    begin     a row COPYING, by the request          the old key still serves, and every link still works
    copy      in one request, or in parts            a crash: the parts that are there are not copied again
    switch    all versions of those bytes, at once   from here on a click mints for the new key: SWITCHED
    empty     the old key, every version of it       from here on every link that was out is dead: DONE

Each step may be done twice, so the task goes on wherever a crash left it. The copy of a title shares its bytes, and goes with them.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest

from config import audit
from courses import storage
from courses.models import Download, File, FileVersion, Rekeying
from courses.models.files import new_key

logger = logging.getLogger(__name__)
State = Rekeying.State
# A clock of the bucket's may be a little behind ours: links that have just run out are killed, too.
MARGIN = timedelta(minutes=15)


def keys_out(file: File, *, now: datetime) -> list[FileVersion]:
    """Return the versions whose links are to die: the one that serves, and every other for which a link may still be out."""
    ready = list(FileVersion.objects.ready().filter(file=file).order_by("-ready_at", "-pk"))
    recent = Download.objects.filter(version__in=ready, expires_at__gt=now - MARGIN)
    out = set(recent.order_by().values_list("version", flat=True).distinct())
    return [version for place, version in enumerate(ready) if place == 0 or version.pk in out]


def sharing(file: File, *, now: datetime) -> list[File]:
    """Return the other files that have the same bytes: those of copies of a title. Their links die, too."""
    keys = [version.key for version in keys_out(file, now=now)]
    found = File.objects.filter(versions__key__in=keys).exclude(pk=file.pk).select_related("publication")
    return list(found.distinct())


def begin(file: File, *, now: datetime, request: HttpRequest | None = None, reason: str = "") -> list[Rekeying]:
    """Write down that this file's bytes are to move, and record who wanted it. One that is on its way already is not begun again.

    Whoever calls enqueues the task for each, in the same transaction.
    """
    with transaction.atomic():
        versions = keys_out(file, now=now)
        going_on = Rekeying.objects.filter(state__in=Rekeying.GOING_ON, old_key__in=[one.key for one in versions])
        taken = set(going_on.select_for_update().values_list("old_key", flat=True))
        made = [
            Rekeying.objects.create(
                old_key=one.key, new_key=new_key(), size=one.size, content_type=one.content_type, asked_at=now
            )
            for one in versions
            if one.key not in taken
        ]
        after = {"versions": [one.pk for one in versions], "moves": [one.pk for one in made]}
        audit.record("file.rekey_asked", request=request, target=file, reason=reason, after=after)
    return made


def go_on(move: Rekeying, *, now: datetime) -> None:
    """Take a move as far as it goes. Raises StorageError when the bucket fails: it goes on from there the next time."""
    if move.state == State.COPYING:
        try:
            copy(move)
        except storage.NotThere:
            fail(move, "the bytes are not in the bucket", now=now)
            return
        switch(move, now=now)
    if move.state == State.SWITCHED:
        empty(move, now=now)


def copy(move: Rekeying) -> None:
    """Bring the bytes to the new key. Raises NotThere when the old one has none, StorageError when the copy is not whole."""
    if is_whole(move):
        return
    if move.size <= storage.ONE_COPY:
        storage.copy_object(move.old_key, move.new_key)
    else:
        copy_in_parts(move)
    if not is_whole(move):
        raise storage.StorageError("CopyIncomplete")


def is_whole(move: Rekeying) -> bool:
    """Tell whether the new key holds all of it. A crash may have come between the bucket's work and our row."""
    try:
        return storage.head(move.new_key, by="keeper").size == move.size
    except storage.NotThere:
        return False


def copy_in_parts(move: Rekeying) -> None:
    done = []
    if move.upload_id:
        try:
            done = storage.copied_parts(move.new_key, move.upload_id)
        except storage.NotThere:
            move.upload_id = ""
    if not move.upload_id:
        move.upload_id = storage.begin_copy(move.new_key, move.content_type)
        move.save(update_fields=["upload_id"])
    parts = list(storage.copy_parts(move.old_key, move.new_key, move.upload_id, move.size, done))
    storage.end_copy(move.new_key, move.upload_id, parts)


def switch(move: Rekeying, *, now: datetime) -> None:
    """Let every version of these bytes serve from the new key, and record it, in one transaction."""
    with transaction.atomic():
        if not Rekeying.objects.filter(pk=move.pk, state=State.COPYING).update(state=State.SWITCHED, switched_at=now):
            move.refresh_from_db()
            return
        files = {version.file for version in FileVersion.objects.filter(key=move.old_key).select_related("file")}
        FileVersion.objects.filter(key=move.old_key).update(key=move.new_key)
        for file in files:
            audit.record("file.rekeyed", target=file, after={"move": move.pk})
    move.refresh_from_db()
    logger.info("rekeyed move=%s files=%d", move.pk, len(files))


def empty(move: Rekeying, *, now: datetime) -> None:
    """Remove the old bytes, every version of them. Raises StorageError.

    Whoever copies a title holds its versions while doing so, so a copy that began before the switch is there by now, with the old key.
    """
    FileVersion.objects.filter(key=move.old_key).update(key=move.new_key)
    if not FileVersion.objects.filter(key=move.new_key).exists():
        storage.delete_for_good(move.new_key)  # What served them was deleted meanwhile.
    storage.delete_for_good(move.old_key)
    Rekeying.objects.filter(pk=move.pk).update(state=State.DONE, done_at=now)
    move.refresh_from_db()
    logger.info("old bytes removed move=%s", move.pk)


def fail(move: Rekeying, problem: str, *, now: datetime) -> None:
    Rekeying.objects.filter(pk=move.pk, state=State.COPYING).update(state=State.FAILED, problem=problem, done_at=now)
    move.refresh_from_db()
    logger.error("rekeying failed move=%s: %s", move.pk, problem)
