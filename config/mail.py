"""The one door for mail: a text and an HTML template, rendered and sent. It knows no app."""

import hashlib
import re
import unicodedata
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

LONGEST_LINE = 150
# What a name may hold and a line of a mail may not: controls, and marks that turn the reading direction around.
UNPRINTABLE = ("Cc", "Cf", "Cs")
JOINERS = "\u200c\u200d"  # Persian words and many emoji need these two.
EMPTY_LINES = re.compile(r"\n\s*\n\s*\n")


def send(
    to: str, template: str, *, subject: str, context: dict[str, object], key: str = "", unsubscribe: str = ""
) -> None:
    """Send `templates/emails/<template>.txt` and `.html` to one address.

    `key` names what the mail is about: the same key gives the same Message-ID, so that a mail sent again, because nobody knows whether
    it went out, is known to be the same. `unsubscribe` is the address that ends such mail by one POST. Raises smtplib.SMTPException or
    OSError when the mail server does, ValueError for an address that would break out of its header.
    """
    known = {"site_url": settings.SITE_URL, "support": settings.SUPPORT_EMAIL, "subject": subject}
    context = known | {"unsubscribe": unsubscribe} | context
    text = EMPTY_LINES.sub("\n\n", render_to_string(f"emails/{template}.txt", context)).strip() + "\n"
    message = EmailMultiAlternatives(subject=one_line(subject), body=text, to=[to], headers=headers(key, unsubscribe))
    message.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    message.send()


def headers(key: str = "", unsubscribe: str = "") -> dict[str, str]:
    """Return the headers of a mail that a machine sends because of something that happened: answers go to people, and none by machine.

    Mail that people may do without says how to end it, for a button of the mail program: RFC 2369, and RFC 8058 for one click.
    """
    found = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if settings.SUPPORT_EMAIL:
        found["Reply-To"] = settings.SUPPORT_EMAIL
    if unsubscribe:
        found |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    if key:
        found["Message-ID"] = message_id(key)
    return found


def message_id(key: str) -> str:
    """Return the Message-ID that mails about `key` have; it gives nothing of the key away."""
    host = str(urlsplit(settings.SITE_URL).hostname)
    return f"<{hashlib.sha256(f'{settings.SITE_URL} {key}'.encode()).hexdigest()[:40]}@{host}>"


def one_line(words: str, *, longest: int = LONGEST_LINE) -> str:
    """Return words that others chose, such as a product's name, fit for a subject or a line: no line ends, no hidden marks, not endless."""
    kept = (one for one in words if one.isspace() or one in JOINERS or unicodedata.category(one) not in UNPRINTABLE)
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
