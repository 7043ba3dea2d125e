"""How the log is written: one line for what happened, and no address in it.

Django's own words about a refused request hold its path, and a path may be a key: the code of a purchase, the link of a mail. Here such a
line names the door, the numbers behind it and the person instead. What ends in an exception is followed by its traceback, each line of
which is marked, so that nothing a stranger sends can look like a line of its own.
"""

import logging
import re
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# These views write their own line about whatever body they refuse, with the reason.
WRITE_THEIR_OWN = {"billing:webhook"}


class OneLine(logging.Formatter):
    """Keeps an event on its line: control characters are spelled out, and lines of a traceback are marked."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        return BREAKS.sub(lambda found: found[0].encode("unicode_escape").decode(), super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return "\n".join(f"    | {line}" for line in super().formatException(ei).splitlines())


class Discreet(logging.Filter):
    """Puts ids in the place of the address in what Django writes about a request, and leaves out what is written already."""

    def filter(self, record: logging.LogRecord) -> bool:
        request, status = getattr(record, "request", None), getattr(record, "status_code", 0)
        if not isinstance(request, HttpRequest):
            return True
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            # A stranger who sends nonsense is no error of ours, and its traceback helps nobody.
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
            if door(request) in WRITE_THEIR_OWN and status != HTTPStatus.METHOD_NOT_ALLOWED:
                return False
        elif not record.exc_info:
            # Answered so on purpose, by whoever wrote down why.
            return False
        word = "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"
        reason = record.name.removeprefix("django.security.").removeprefix("django.")
        record.msg = "%s status=%d by=%s door=%s%s user=%s"
        record.args = (word, status, reason, door(request), numbers(request), person(request))
        return True


def door(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.view_name or match.route or "-") if match else "-"


def numbers(request: HttpRequest) -> str:
    """Return what names rows in the address: whole numbers and UUIDs. A word there may be a key, so no word is kept."""
    found = request.resolver_match.kwargs if request.resolver_match else {}
    return "".join(f" {name}={value}" for name, value in found.items() if isinstance(value, int | UUID))


def person(request: HttpRequest) -> str:
    """Return the id of whoever is signed in, if this request has looked: the log asks the database nothing."""
    session = getattr(request, "session", None)
    return str(session.get(SESSION_KEY, "-")) if session is not None and session.accessed else "-"
