"""The site's own duties."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config import audit, background

DONE_KEPT, FAILED_KEPT = 7, 90  # days


@background.every(timedelta(days=1), title=_("Clear up sessions, tasks and addresses that are over"))
def clear_up() -> None:
    """Remove sessions that ran out and tasks that ended long ago, and empty the addresses of the record that are older than a year."""
    call_command("clearsessions", verbosity=0)
    # Where and with what somebody was signed in is theirs to see while they are; allauth keeps it until they look.
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    call_command(
        "prune_db_task_results",
        queue_name="*",
        min_age_days=DONE_KEPT,
        failed_min_age_days=FAILED_KEPT,
        verbosity=0,
    )
    audit.forget_addresses(now=timezone.now())
