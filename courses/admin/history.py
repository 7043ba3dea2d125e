"""A file's history on its page: every version with who and when, the old ones to look at and to let serve again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.audit import AuditEntry
from courses import serving, uploads
from courses.models import Download, File, FileVersion
from courses.sources import source_of

LONGEST_RECORD = 30
SAID = {
    "upload.started": lazy("upload begun"),
    "upload.arrived": lazy("arrived whole"),
    "upload.cancelled": lazy("upload cancelled"),
    "file.ready": lazy("checked, and serves"),
    "file.rejected": lazy("checked, and refused"),
    "file.rekey_asked": lazy("all links to be ended"),
    "file.rekeyed": lazy("moved to a new key; its old links are dead"),
    "file.restored": lazy("an older version serves again"),
    "admin.changed": lazy("changed"),
}


def history(file: File) -> dict[str, Any]:
    """Return what the page shows below its form, in two queries."""
    versions = list(file.versions.select_related("uploaded_by").order_by("-pk"))
    ready = [version for version in versions if version.state == FileVersion.State.READY]
    serving = max(ready, key=lambda version: (version.ready_at, version.pk), default=None)
    record = AuditEntry.objects.filter(target_model=file._meta.label_lower, target_pk=str(file.pk))
    return {
        "versions": versions,
        "serving": serving,
        "acts": [(entry, SAID.get(entry.act, entry.act)) for entry in record.select_related("actor")[:LONGEST_RECORD]],
    }


@require_POST
def restore(request: HttpRequest, file_id: UUID, pk: int) -> HttpResponse:
    """Let an older version serve again; readers get it with their next click."""
    if not request.user.has_perm("courses.change_file"):
        raise PermissionDenied
    version = get_object_or_404(FileVersion.objects.select_related("file"), pk=pk, file=file_id)
    try:
        uploads.restore(version, now=timezone.now(), request=request)
    except uploads.UploadRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("This version serves again, with the next click."))
    return redirect("admin:courses_file_change", file_id)


@never_cache
@require_GET
def look(request: HttpRequest, file_id: UUID, pk: int) -> HttpResponse:
    """Let staff have any version that is ready, of a draft as well, to see for themselves what readers get."""
    if not request.user.has_perm("courses.change_file"):
        raise PermissionDenied
    version = get_object_or_404(FileVersion.objects.ready().select_related("file"), pk=pk, file=file_id)
    signed = serving.mint(
        request.user, version, Download.Purpose.DOWNLOAD, now=timezone.now(), source=source_of(request)
    )
    response = HttpResponseRedirect(signed.url)
    response["Referrer-Policy"] = "no-referrer"
    return response
