"""gunicorn for Lectern: threads, because a click waits for the database and never for a file.

Start it with:  gunicorn config.wsgi --config deploy/gunicorn.conf.py
Any value can be given on the command line instead.
"""

import re
from typing import Any

from gunicorn.glogging import Logger

# Parts of addresses that are as good as a key: of links from mails until they are used, of lists for download managers for a day.
CODES = re.compile(r"^(/account/(?:claim|confirm-email|password/reset/key|news/stop)/|/preview/|/lists/)[^/]+")


class DiscreetLogger(Logger):
    """Writes an access log that holds no code from a mail and no list's key."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return found | {"U": CODES.sub(r"\1...", found["U"] or "")}


logger_class = DiscreetLogger
bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 2  # About one a core; the app stays small, as no file passes through it.
threads = 8
timeout = 30
graceful_timeout = 20
keepalive = 30  # Longer than the proxy's, so that the proxy is the one who hangs up.
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat file must not wait for a disk
accesslog = "-"
# The path without its query: a query may hold what somebody searched for, or a code from a mail.
access_log_format = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'
forwarded_allow_ips = "127.0.0.1"
