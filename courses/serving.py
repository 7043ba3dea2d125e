"""What a click reads and writes: the version that serves, and the URL with its Download row."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Max, Model, QuerySet

from billing.prepared import Prepared
from courses import budgets, storage
from courses.models import Download, File, FileVersion, Lesson, Publication
from courses.sources import NOWHERE, Source

logger = logging.getLogger(__name__)
# What the decision and the signature need: a click does not carry a title's whole description out of the database.
VERSION = ("id", "file_id", "key", "content_type", "size")
FILE = ("id", "publication_id", "lesson_id", "name", "role")
PUBLICATION = ("id", "kind", "slug", "title", "state", "published_at", "access")
LESSON = ("id", "preview")


def _newest_ready(*, file_id: UUID) -> "QuerySet[Any, Any]":
    columns = [
        *VERSION,
        *(f"file__{name}" for name in FILE),
        *(f"file__publication__{name}" for name in PUBLICATION),
        *(f"file__lesson__{name}" for name in LESSON),
    ]
    newest = FileVersion.objects.ready().filter(file=file_id).order_by("-ready_at", "-pk")
    return newest.values_list(*columns)[:1]


NEWEST_READY = Prepared(_newest_ready, file_id=UUID)


def newest_ready(file_id: UUID) -> FileVersion | None:
    """Return the newest READY version of a file, with its file, title and lesson; their other columns are deferred. One query."""
    rows = NEWEST_READY.rows(file_id=file_id)
    if not rows:
        return None
    values = iter(rows[0])
    version, file, publication, lesson = (
        instance(model, names, [next(values) for _ in names])
        for model, names in ((FileVersion, VERSION), (File, FILE), (Publication, PUBLICATION), (Lesson, LESSON))
    )
    file.publication, file.lesson = publication, lesson if lesson.pk else None
    version.file = file
    return version


def instance(model: type[Model], names: tuple[str, ...], values: list[Any]) -> Any:
    """Return a saved instance that knows these columns alone. `from_db` wants them in the model's own order."""
    given = dict(zip(names, values, strict=True))
    known = [field.attname for field in model._meta.concrete_fields if field.attname in given]
    return model.from_db(connection.alias, known, [given[name] for name in known])


def given(person: AbstractBaseUser | AnonymousUser | None, file_id: UUID, *, since: datetime) -> list[int]:
    """Return the versions of a file (pks) that this person, or nobody in particular, was given to keep since a moment, latest first."""
    user_id = person.pk if person is not None and person.is_authenticated else None
    rows = Download.objects.filter(
        user=user_id, version__file=file_id, purpose=Download.Purpose.DOWNLOAD, created_at__gt=since
    ).order_by()
    return list(
        rows.values("version").annotate(last=Max("created_at")).order_by("-last").values_list("version", flat=True)
    )


def ready_versions(file: File) -> dict[int, FileVersion]:
    """Return a file's READY versions by pk, the newest first. One query."""
    versions = FileVersion.objects.ready().filter(file=file).order_by("-ready_at", "-pk")
    found = {version.pk: version for version in versions}
    for version in found.values():
        version.file = file
    return found


def mint(
    person: AbstractBaseUser | AnonymousUser | None,
    version: FileVersion,
    purpose: Download.Purpose,
    *,
    now: datetime,
    source: Source = NOWHERE,
    limited: bool = False,
) -> storage.SignedURL:
    """Record a Download for `person` (or nobody), and sign the URL that carries its id. Whoever calls has decided that they may.

    Of nobody it is not kept from where they asked. `limited` holds a person to their budgets: raises budgets.Spent, and leaves no row.
    """
    ttl = settings.DOWNLOAD_TTL if purpose == Download.Purpose.DOWNLOAD else settings.STREAM_TTL
    user_id = person.pk if person is not None and person.is_authenticated else None
    origin = source if user_id else NOWHERE
    row = Download(user_id=user_id, version=version, purpose=purpose, created_at=now, key=version.key)
    row.signer, row.address, row.network, row.agent = storage.signer(), origin.address, origin.network, origin.agent
    name = storage.download_name(version.file.name, version.content_type)
    signed = storage.sign_get(
        version.key,
        name,
        content_type=version.content_type,
        ttl=ttl,
        trace=str(row.pk),
        inline=purpose == Download.Purpose.PLAY,
    )
    # The signature's clock has whole seconds: never say that a link is dead before the bucket does. Temporary keys may end it sooner.
    ends_at = signed.expires_at + timedelta(seconds=1)
    row.expires_at = ends_at if signed.is_shortened else max(now + timedelta(seconds=ttl), ends_at)
    row.save(force_insert=True)
    if limited and user_id:
        budgets.hold(row, user_id, now=now)
    logger.info("%s minted id=%s user=%s file=%s", purpose, row.pk, user_id, version.file_id)
    return signed
