"""Why something is not open, or no longer, said to the person who was about to watch or read it: what happened, and what to do."""

from datetime import datetime

from django.db.models import F
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from billing.models import Subscription
from billing.standing import standing
from courses.models import Publication


def why(user_id: int, publication: Publication, *, now: datetime) -> str:
    """Return one or two sentences for somebody whom courses.access has just refused. At most two queries."""
    if publication.is_archived:
        return _("This is off the shelves. It stays with those who bought it.")
    held = standing(user_id, now=now)
    if held is not None:
        if held.ends_at and held.ends_at <= now:
            return ended(held.ends_at)
        return not_this() if held.open else f"{held.plan}: {held.words}. {held.advice}".strip()
    mine = Subscription.objects.filter(customer__user=user_id)
    over = mine.order_by(F("ended_at").desc(nulls_last=True), "-pk").first()
    return ended(over.ended_at) if over is not None else not_this()


def ended(at: datetime | None) -> str:
    if at is None:
        return _("Your membership has ended. Your place is kept for when you come back.")
    day = date_format(localtime(at), "DATE_FORMAT")
    return _("Your membership ended on %(date)s. Your place is kept for when you come back.") % {"date": day}


def not_this() -> str:
    return _("What you have does not open this, or not any more.")
