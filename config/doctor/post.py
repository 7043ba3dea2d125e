"""Whether mail can leave: the server takes our name and password. Nothing is sent."""

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import get_connection

from config.checkup import Check, Finding, good, is_local, weak, wrong

EXAMPLE = "EMAIL_URL=submission://user:password@mail.example.com:587"
STAYING = ("console", "filebased", "locmem", "dummy")
NOBODYS = (".example", ".invalid", ".localhost", ".test", "@localhost", "example.com", "example.org", "example.net")


def mail_leaves() -> Finding:
    kind = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if kind in STAYING:
        told = f"mail does not leave this machine ({kind})"
        return weak(told, EXAMPLE) if settings.DEBUG or is_local() else wrong(told, EXAMPLE)
    mailer = get_connection()
    try:
        mailer.open()
    except smtplib.SMTPAuthenticationError:
        return wrong("the mail server refuses our name or password", EXAMPLE)
    except (OSError, smtplib.SMTPException) as error:
        return wrong(f"the mail server does not answer ({type(error).__name__})", EXAMPLE)
    finally:
        mailer.close()
    if (
        not settings.EMAIL_USE_TLS
        and not settings.EMAIL_USE_SSL
        and settings.EMAIL_HOST not in ("127.0.0.1", "localhost")
    ):
        return weak("mail and its password travel unencrypted", EXAMPLE)
    return good("the mail server lets us in")


def sender_is_ours() -> Finding:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "@" not in sender or sender.endswith(NOBODYS):
        return weak(
            f"mail comes from {sender or 'nobody'}, and will not arrive",
            "DEFAULT_FROM_EMAIL=Your library <hello@your.domain>",
        )
    return good(f"mail comes from {sender}")


CHECKS = (Check("mail.server", mail_leaves), Check("mail.sender", sender_is_ours))
