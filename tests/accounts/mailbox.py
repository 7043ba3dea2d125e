"""What a person does with a mail: read it, and open the one link or type the code in it."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.core import mail


def latest(to: str) -> Any:
    """Return the newest mail to this address."""
    return [message for message in mail.outbox if message.to == [to]][-1]


def link(to: str) -> str:
    """Return path and query of the only link in the newest mail, which text and HTML agree on."""
    message = latest(to)
    (in_text,) = re.findall(r"https?://\S+", message.body)
    (in_html,) = re.findall(r'href="([^"]+)"', message.alternatives[0].content)
    assert in_html.replace("&amp;", "&") == in_text
    parts = urlsplit(in_text)
    assert parts.netloc == "testserver"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def code(to: str) -> str:
    """Return the six digits of the newest mail."""
    (digits,) = re.findall(r"^\d{6}$", latest(to).body, re.MULTILINE)
    return str(digits)
