"""Which version a request for a file is answered with: whoever goes on with a file gets the bytes that they began with, or none.

A file may be replaced while somebody has half of it. Bytes behind a version never change, so a mix can only come of an address that meant
one version when the first half was fetched, and means another one now. There are two kinds of addresses:

- `/files/<file>/` means the newest version to whoever begins. Whoever asks for a part is given the one version that they can have begun
  with; where that might be either of two, they are refused, unless they say what they hold (If-Range): then the bucket judges, and sends
  the rest of the same or the whole of the other.
- `/files/<file>/<version>/` means that version. It stays open for a week after the last time to whoever was given it; anybody else who
  begins there is given the newest, and a part of what they cannot have is refused.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from courses import fetching, serving
from courses.access import Person
from courses.models import FileVersion

RESUMABLE = timedelta(days=7)


def meant(person: Person, newest: FileVersion, headers: Mapping[str, str], *, now: datetime) -> FileVersion | None:
    """Return the version that `/files/<file>/` means to this request, or None where it could be either of two."""
    if not fetching.is_part(headers):
        return newest
    versions = serving.ready_versions(newest.file)
    begun = [pk for pk in serving.given(person, newest.file_id, since=now - RESUMABLE) if pk in versions]
    candidates = begun or list(versions)
    if len(candidates) > 1 and not headers.get("If-Range"):
        return None
    return versions[candidates[0]]


def pinned(
    person: Person, newest: FileVersion, pk: int, headers: Mapping[str, str], *, now: datetime
) -> FileVersion | None:
    """Return the version that `/files/<file>/<pk>/` means to this request, or None where a part of it is asked for in vain.

    Raises KeyError for a version that this file does not have.
    """
    if pk == newest.pk:
        return newest
    version = serving.ready_versions(newest.file)[pk]
    if pk in serving.given(person, newest.file_id, since=now - RESUMABLE):
        return version
    return None if fetching.is_part(headers) else newest
