"""What the upload modules in the browser ask: start, sign parts, finish, cancel, and how far an upload has come."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from config import background
from courses import acceptance, uploads
from courses.acceptance import Announced
from courses.admin.arrivals import forget_lesson, known_file, new_file, new_lesson, role_of
from courses.admin.asking import answered, body_of, listed, octets, text, whole
from courses.models import File, FileVersion

ASLEEP = timedelta(minutes=1)


@require_POST
@answered
def start(request: HttpRequest) -> dict[str, Any]:
    """Begin an upload: for a title or lesson, as a new version of the file named in `file`, or with `as_lesson` as a lesson of its own."""
    body = body_of(request)
    announced = Announced(
        name=text(body.get("name"), "name"),
        size=whole(body.get("size"), "size"),
        fingerprint=text(body.get("fingerprint", ""), "fingerprint"),
        opening=octets(body.get("opening", ""), "opening"),
        sums=body.get("sums") is True,
    )
    if body.get("file"):
        return begun(request, known_file(body), announced)
    if body.get("as_lesson") is True:
        acceptance.check(role_of(announced.name), announced)
        file = new_lesson(body, announced.name)
    else:
        file = new_file(body, announced.name)
        acceptance.check(file.role, announced)
    file.save(force_insert=True)
    try:
        return begun(request, file, announced)
    except Exception:
        # No transaction around it: that would hold SQLite's write lock while the bucket is asked.
        file.delete()
        if body.get("as_lesson") is True and file.lesson:
            file.lesson.delete()
        raise


def begun(request: HttpRequest, file: File, announced: Announced) -> dict[str, Any]:
    by = request.user if request.user.is_authenticated else None
    version = uploads.start(file, announced, by=by, now=timezone.now(), request=request)
    page = reverse("admin:courses_lesson_change", args=[file.lesson_id]) if file.lesson_id else ""
    return described(version) | {"there": {}, "fingerprint": version.fingerprint, "page": page}


@require_POST
@answered
def sign(request: HttpRequest, pk: int) -> dict[str, Any]:
    body = body_of(request)
    numbers = [whole(number, "numbers") for number in listed(body.get("numbers"), "numbers")]
    sums = [text(each, "sums") for each in listed(body.get("sums", []), "sums")]
    parts = uploads.sign_parts(FileVersion.objects.get(pk=pk), numbers, sums, now=timezone.now())
    return {"parts": [asdict(part) for part in parts], "seconds": settings.UPLOAD_TTL}


@require_POST
@answered
def finish(request: HttpRequest, pk: int) -> dict[str, Any]:
    return described(uploads.finish(FileVersion.objects.get(pk=pk), now=timezone.now(), request=request))


@require_POST
@answered
def cancel(request: HttpRequest, pk: int) -> dict[str, Any]:
    version = FileVersion.objects.select_related("file__lesson").get(pk=pk)
    lesson = version.file.lesson
    uploads.abort(version, request=request)
    if version.state == FileVersion.State.ABORTED:
        forget_lesson(lesson, version)
    return {"state": version.state}


@require_safe
@answered
def progress(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Tell how far an upload has come, and what a resumed one needs: the parts that are there, and what proves that it is the same file."""
    version = FileVersion.objects.get(pk=pk)
    return described(version) | {"there": uploads.parts_there(version), "fingerprint": version.fingerprint}


def described(version: FileVersion) -> dict[str, Any]:
    told: dict[str, Any] = {
        "version": version.pk,
        "file": str(version.file_id),
        "name": version.original_name,
        "size": version.size,
        "part_size": version.part_size,
        "parts": version.part_count,
        "state": version.state,
        "problem": version.problem,
        "checked": version.checked,
    }
    if version.state == FileVersion.State.VERIFYING:
        seen = background.last_seen()
        told["worker"] = seen is not None and seen > timezone.now() - ASLEEP
    return told
