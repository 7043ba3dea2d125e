"""Where allauth asks us: addresses to return to, mail that carries them, who is calling, and the picture for the app."""

import logging
import re
from io import BytesIO
from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import EmailConfirmationHMAC
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import add_query_params
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathFillImage

from accounts.models import User
from config import mail

logger = logging.getLogger(__name__)
# Browsers read a backslash as a slash and drop tabs and line ends, so an address with any of them is not the one we checked.
UNREADABLE = re.compile(r"[\x00-\x20\x7f\\]")
LONGEST = 2000
LONGEST_EMAIL = User.email.field.max_length


def is_local_path(address: str) -> bool:
    """Return whether a browser sent to `address` stays on this site: a path that starts with exactly one slash.

    Django's check alone lets `@evil.example` and `/%2f%2fevil.example` pass.
    """
    if not address.startswith("/") or len(address) > LONGEST or UNREADABLE.search(address):
        return False
    if address[1:4].lower() in ("%2f", "%5c") or address[1:2] == "/":
        return False
    return url_has_allowed_host_and_scheme(address, allowed_hosts=None)


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str) -> bool:
        return is_local_path(url)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down that a password did not fit; whose it was meant to be is the stranger's word, and stays out of the log."""
        logger.warning("sign-in failed")
        super().authentication_failed(request, **credentials)

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        logger.info("signed in user=%d", user.pk)
        return super().post_login(request, user, **how)

    def clean_email(self, email: str) -> str:
        """Refuse an address that its column could not hold; the form's own field would take 320 characters."""
        if LONGEST_EMAIL is not None and len(email) > LONGEST_EMAIL:
            raise ValidationError(_("This address is too long."))
        return email

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Give allauth's mails the headers of all our mail, so that answers go to people."""
        return super().render_mail(
            template_prefix, email, context | {"support": settings.SUPPORT_EMAIL}, mail.headers() | (headers or {})
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address. Fewer hops than TRUSTED_PROXIES means nobody vouched: then it is the peer's."""
        try:
            return super().get_client_ip(request)
        except ImproperlyConfigured:
            return str(request.META["REMOTE_ADDR"])

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC) -> str:
        """Return the link of the mail. It carries where the person wanted to go, for a browser that does not know."""
        url = super().get_email_confirmation_url(request, emailconfirmation)
        wanted = get_next_redirect_url(request)
        if not wanted:
            login = unstash_login(request, peek=True)
            wanted = login.redirect_url if login else None
        return add_query_params(url, {"next": wanted}) if wanted and is_local_path(wanted) else url

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:home")


class SecondStepAdapter(DefaultMFAAdapter):
    def build_totp_svg(self, url: str) -> str:
        """Return the picture on white: allauth's has no ground, and cannot be scanned from a dark page."""
        picture = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()
