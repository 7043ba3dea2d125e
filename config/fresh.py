"""Asking again before a dangerous act: a password, passkey or code shown in this session within the last fifteen minutes.

A session that is left open, or was stolen, must not be able to delete, give away or change rights. allauth keeps when each was shown;
what it redirects is taken up again where it stopped once the person has answered.
"""

import time

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest

FRESH = 15 * 60  # seconds
SHOWN = ("password", "mfa")


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the person showed that it is them in the last fifteen minutes. A code by e-mail is no such showing."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] in SHOWN and 0 <= time.time() - record["at"] < FRESH for record in records)


def ask_again(request: HttpRequest) -> None:
    """Raise what sends the person to show their password or passkey, and then back here, unless they just did."""
    if not is_fresh(request):
        raise ReauthenticationRequired
