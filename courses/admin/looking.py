"""“View as”: a title's own pages as a visitor, a member, a buyer or a lapsed member sees them. See courses.looking."""

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from config import audit
from courses import looking
from courses.looking import Bar, Look, Wanted
from courses.models import Publication


def look_as(admin: ModelAdmin, request: HttpRequest, pk: int, who: str, rest: str = "") -> HttpResponse:
    """Answer one of the site's pages as `who` sees it. A file that they would get is given to the member of staff, in their own name."""
    title = get_object_or_404(Publication.objects.prefetch_related("products"), pk=pk)
    if not admin.has_view_permission(request):
        raise PermissionDenied
    if who not in looking.choices(title):
        raise Http404
    now = timezone.now()
    answer = looking.look(request, f"/{rest}", look_of(admin, title, who, rest), now=now)
    if not isinstance(answer, Wanted):
        return answer
    response = looking.handed_over(request, answer, now=now)
    if response.status_code == 302 or answer.plays:
        audit.record("file.opened_looking", request=request, target=answer.version.file, after={"as": who})
    return response


def look_of(admin: ModelAdmin, title: Publication, who: str, rest: str) -> Look:
    names = f"admin:courses_{admin.opts.model_name}"
    others = tuple(
        (one, str(looking.NAMES[one]), reverse(f"{names}_look", args=[title.pk, one]) + rest)
        for one in looking.choices(title)
    )
    is_out = title.is_published(at=timezone.now()) or title.is_archived
    note = "" if is_out else _("This is how it will look once it is published; now nobody sees it.")
    words = _("You see this as %(who)s does.") % {"who": looking.NAMES[who]}
    leave = reverse(f"{names}_change", args=[title.pk])
    mount = reverse(f"{names}_look", args=[title.pk, who]).rstrip("/")
    return Look(title, who, mount, Bar(words, note, leave, others))
