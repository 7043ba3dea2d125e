"""Whether what the site stands on answers: its database and its bucket."""

import http.client
import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

ASKED_EVERY = 10  # seconds, all workers together
PROBE_TIMEOUT = 2
ASKED, ANSWERED = "health:bucket:asked", "health:bucket:answered"


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("the database does not answer")
        return False
    return True


def is_away(error: BaseException | None) -> bool:
    """Tell whether an error comes from a database or a cache that does not answer, and not from what was asked of it.

    What a cache raises depends on its kind, so it is known by where it was raised.
    """
    if isinstance(error, OperationalError | InterfaceError):
        return True
    step = error.__traceback__ if error else None
    while step is not None:
        if step.tb_frame.f_globals.get("__name__", "").startswith("django.core.cache.backends."):
            return True
        step = step.tb_next
    return False


def bucket_answers() -> bool:
    """Return the bucket's state, at most 10 s old. Whoever comes while another asks is given the last answer."""
    if cache.add(ASKED, True, ASKED_EVERY):
        cache.set(ANSWERED, probe(), 3 * ASKED_EVERY)
    return bool(cache.get(ANSWERED, True))


def probe() -> bool:
    """Ask for the bucket's own address, unsigned. A private bucket refuses (403), and by that shows that it is there."""
    url = urlsplit(settings.S3_BUCKET_ORIGIN)
    path = f"/{settings.S3_BUCKET}" if settings.S3_ADDRESSING_STYLE == "path" else "/"
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    client = kind(str(url.hostname), url.port, timeout=PROBE_TIMEOUT)
    try:
        client.request("HEAD", path)
        status = client.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        logger.warning("the bucket does not answer: %s", type(error).__name__)
        return False
    finally:
        client.close()
    if status == http.client.NOT_FOUND or status >= http.client.INTERNAL_SERVER_ERROR:
        logger.warning("the bucket answers %d", status)
        return False
    return True
