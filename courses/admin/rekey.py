"""“End all links”: every URL that is out for a file dies, and the next click mints a good one. It asks again, and for a reason."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.admin.acts import ReasonForm, ask
from courses import rekeying, tasks
from courses.models import Download, File, Rekeying


def rekey(request: HttpRequest, object_id: str) -> HttpResponse:
    file = get_object_or_404(File.objects.select_related("publication"), pk=object_id)
    if not request.user.has_perm("courses.change_file"):
        raise PermissionDenied
    now, back = timezone.now(), reverse("admin:courses_file_change", args=[file.pk])
    if not rekeying.keys_out(file, now=now):
        messages.error(request, _("This file has no version that serves, so no link is out for it."))
        return redirect(back)
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        title = _("End all links of “%(file)s”") % {"file": file}
        return ask(request, form, back=back, title=title, lead=lead(file), button=_("End all links"))
    with transaction.atomic():
        for move in rekeying.begin(file, now=now, request=request, reason=form.cleaned_data["reason"]):
            tasks.rekey.enqueue(move.pk)
    messages.success(request, _("It is under way: the links die as soon as the bytes have moved. This page says when."))
    return redirect(back)


def lead(file: File) -> str:
    """Say what will happen: to how many links, to whose copies, and how soon."""
    now = timezone.now()
    versions = rekeying.keys_out(file, now=now)
    live = Download.objects.live(now=now).filter(version__key__in=[one.key for one in versions]).count()
    links = ngettext("%(count)d link is out for it now.", "%(count)d links are out for it now.", live) % {"count": live}
    size = filesizeformat(sum(one.size for one in versions))
    words = _(
        "Its bytes (%(size)s) move to another place inside the bucket, and the old place is emptied. From then on every link "
        "that is out is dead, and the next click gets a new one; nobody’s access changes."
    ) % {"size": size}
    said = [links, words]
    if others := rekeying.sharing(file, now=now):
        titles = ", ".join(sorted({f"“{one.publication}”" for one in others}))
        said.append(
            _("These titles have the very same bytes, and their links end with it: %(titles)s.") % {"titles": titles}
        )
    return " ".join(said)


def moves_of(file: File) -> list[Rekeying]:
    """Return the latest moves of this file's bytes, the newest first."""
    keys = list(file.versions.values_list("key", flat=True))
    return list(Rekeying.objects.filter(new_key__in=keys)[:5]) + list(
        Rekeying.objects.filter(old_key__in=keys, state__in=["copying", "failed"])[:5]
    )


def context(request: HttpRequest, file: File) -> dict[str, Any]:
    """Return what the file's page shows of its links."""
    live = Download.objects.live(now=timezone.now()).filter(version__file=file)
    return {
        "moves": moves_of(file),
        "live_links": live.count(),
        "last_link": live.order_by("-expires_at").first(),
        "may_rekey": request.user.has_perm("courses.change_file"),
    }
