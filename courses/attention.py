"""What of links needs the owner: signs of sharing, limits that were met, traces that are not ours, re-keying that does not end."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import ngettext

from billing.attention import Alarm
from courses import sharing
from courses.models import Fetch, LimitReached, Rekeying

SHARING, LINKS, FILES = "courses.view_sharingsign", "courses.view_download", "courses.change_file"
RIGHTS = (SHARING, LINKS, FILES)
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


def alarms(*, now: datetime) -> Iterator[Alarm]:
    """Yield what needs a look. Four queries."""
    if count := sharing.unanswered(now=now).count():
        text = ngettext(
            "%(count)d account seems to be used by several people.",
            "%(count)d accounts seem to be used by several people.",
            count,
        )
        yield Alarm(text % {"count": count}, reverse("admin:courses_sharingsign_changelist"), permission=SHARING)
    met = list(LimitReached.objects.filter(at__gt=now - WEEK).order_by("-at").values_list("pk", flat=True)[:100])
    if met:
        text = ngettext(
            "%(count)d person met a limit on links this week.",
            "%(count)d people met a limit on links this week.",
            len(met),
        )
        yield Alarm(text % {"count": len(met)}, reverse("admin:accounts_user_member", args=met[:1]), permission=LINKS)
    if count := Fetch.objects.exclude(unknown="").filter(at__gt=now - WEEK).count():
        text = ngettext(
            "%(count)d fetch this week carried a trace that is not this site’s.",
            "%(count)d fetches this week carried a trace that is not this site’s.",
            count,
        )
        yield Alarm(text % {"count": count}, reverse("admin:courses_download_live"), urgent=True, permission=LINKS)
    stuck = Rekeying.objects.filter(state__in=Rekeying.GOING_ON, asked_at__lt=now - HOUR)
    failed = Rekeying.objects.filter(state=Rekeying.State.FAILED, done_at__gt=now - WEEK)
    if count := stuck.count() + failed.count():
        text = ngettext(
            "The links of %(count)d file were to be ended, and still are not.",
            "The links of %(count)d files were to be ended, and still are not.",
            count,
        )
        yield Alarm(text % {"count": count}, reverse("admin:courses_download_live"), urgent=True, permission=FILES)
