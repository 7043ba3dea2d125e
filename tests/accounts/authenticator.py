"""A person's authenticator app."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from accounts.models import User


def enrol(person: User) -> str:
    """Give the person an app and recovery codes, and return the secret the app keeps."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    RecoveryCodes.activate(person)
    return secret


def code(secret: str) -> str:
    """Return the digits the app shows now. See RFC 6238."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))
