"""What the upload module in the browser asks: start, sign parts, finish, cancel, and how far an upload has come.

JSON in, JSON out; a refusal is {"error": sentence} with 400, 403, 404, 409 or 502. Staff with the permission to change files alone may
ask, with CSRF. Whatever else a body names (a key, a bucket, an ACL) is not read.
"""

import json
import logging
from collections.abc import Callable
from functools import wraps
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from courses import storage, uploads
from courses.models import File, FileVersion, Lesson, Publication

logger = logging.getLogger(__name__)
LARGEST_NUMBER = 2**62


class BadRequest(Exception):
    """The body is not what was asked for; the message says what is."""


def answered(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """Hold the permission, and turn what goes wrong into a sentence and its status."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("courses.change_file"):
            return JsonResponse({"error": _("You may not upload files. Ask the owner.")}, status=403)
        try:
            answer, status = view(request, *args, **kwargs), 200
        except (BadRequest, uploads.UploadRefused) as error:
            answer, status = {"error": str(error)}, 400
        except (FileVersion.DoesNotExist, File.DoesNotExist, Publication.DoesNotExist, Lesson.DoesNotExist):
            answer, status = {"error": _("This is not there any more. Reload the page.")}, 404
        except storage.StorageError as error:
            logger.warning("upload failed at the bucket: %s", error.code)
            answer, status = {"error": _("The bucket did not answer as it should (%s). Try again.") % error.code}, 502
        response = JsonResponse(answer, status=status)
        response["Cache-Control"] = "no-store"
        return response

    return wrapped


def body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadRequest(_("Send a JSON object."))
    return body


def whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
        raise BadRequest(_("“%s” must be a whole number.") % name)
    return value


def text(value: Any, name: str) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise BadRequest(_("“%s” must be text.") % name)
    return value


@require_POST
@answered
def start(request: HttpRequest) -> dict[str, Any]:
    """Begin an upload for a new file of a title or lesson, or for a new version of the file named in `file`."""
    body = body_of(request)
    name, size = text(body.get("name"), "name"), whole(body.get("size"), "size")
    file = known_file(body) if body.get("file") else new_file(body, name)
    try:
        version = uploads.start(
            file,
            name=name,
            size=size,
            fingerprint=text(body.get("fingerprint", ""), "fingerprint"),
            by=request.user if request.user.is_authenticated else None,
            now=timezone.now(),
        )
    except Exception:
        # No transaction around it: that would hold SQLite's write lock while the bucket is asked.
        if not body.get("file"):
            file.delete()
        raise
    return described(version) | {"there": []}


def known_file(body: dict[str, Any]) -> File:
    try:
        return File.objects.get(pk=text(body["file"], "file"))
    except ValidationError as error:
        raise BadRequest(_("“file” must be the id of a file.")) from error


def new_file(body: dict[str, Any], name: str) -> File:
    role = text(body.get("role"), "role")
    if role not in File.Role.values:
        raise BadRequest(_("“role” must be one of %s.") % ", ".join(File.Role.values))
    publication = Publication.objects.get(pk=whole(body.get("publication"), "publication"))
    lesson = None
    if body.get("lesson") is not None:
        lesson = Lesson.objects.get(pk=whole(body["lesson"], "lesson"), course=publication.pk)
    return File.objects.create(
        publication=publication, lesson=lesson, role=role, name=name_for(publication, lesson, role, name)
    )


def name_for(publication: Publication, lesson: Lesson | None, role: str, name: str) -> str:
    """Return the name that people will see: a book and its film carry the title, all else the file's own name made readable."""
    if role in (File.Role.BOOK, File.Role.MEDIA):
        return (lesson or publication).title
    stem = PurePosixPath(name.replace("\\", "/")).stem.replace("_", " ").replace("-", " ").strip()
    return (stem or publication.title)[:255]


@require_POST
@answered
def sign(request: HttpRequest, pk: int) -> dict[str, Any]:
    numbers = body_of(request).get("numbers")
    if not isinstance(numbers, list):
        raise BadRequest(_("“numbers” must be a list of part numbers."))
    parts = uploads.sign_parts(FileVersion.objects.get(pk=pk), [whole(number, "numbers") for number in numbers])
    return {"parts": [vars(part) for part in parts]}


@require_POST
@answered
def finish(request: HttpRequest, pk: int) -> dict[str, Any]:
    return described(uploads.finish(FileVersion.objects.get(pk=pk), now=timezone.now()))


@require_POST
@answered
def cancel(request: HttpRequest, pk: int) -> dict[str, Any]:
    version = uploads.abort(FileVersion.objects.get(pk=pk))
    if not version.file.versions.exclude(state=FileVersion.State.ABORTED).exists():
        version.file.delete()
        return {"state": FileVersion.State.ABORTED}
    return described(version)


@require_safe
@answered
def progress(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Tell what a resumed upload needs: the parts that are there, and the fingerprint that proves it is the same file."""
    version = FileVersion.objects.get(pk=pk)
    return described(version) | {"there": uploads.parts_there(version), "fingerprint": version.fingerprint}


def described(version: FileVersion) -> dict[str, Any]:
    return {
        "version": version.pk,
        "file": str(version.file_id),
        "name": version.original_name,
        "size": version.size,
        "part_size": version.part_size,
        "parts": uploads.part_count(version),
        "state": version.state,
        "problem": version.problem,
    }
