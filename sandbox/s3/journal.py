"""The access log: one entry a request, none with a signature in it."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime

logger = logging.getLogger(__name__)
SECRET_PARAMETERS = re.compile(r"(?i)([?&](?:X-Amz-Signature|Signature|X-Amz-Security-Token)=)[^&]*")


@dataclass
class LogEntry:
    """One request. `target` has lost its signature; sizes are body bytes; `code` is S3's, of a refusal.

    A status of 0 means that it was never answered.
    """

    at: datetime
    request_id: str
    method: str
    target: str
    operation: str
    identity: str
    status: int
    code: str
    received: int
    sent: int
    trace: str

    def write(self) -> None:
        line = "%s %s %s %s %s %s %s received=%d sent=%d trace=%s"
        words = (self.request_id, self.identity or "-", self.operation or "-", self.method, ascii(self.target)[1:-1])
        logger.info(
            line, *words, self.status, self.code or "-", self.received, self.sent, ascii(self.trace)[1:-1] or "-"
        )


def without_secrets(target: str) -> str:
    return SECRET_PARAMETERS.sub(r"\1-", target)
