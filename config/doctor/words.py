"""What several checks of the site have in common."""

from urllib.parse import urlsplit

from django.conf import settings


def is_local() -> bool:
    """Return whether SITE_URL is one that only this machine can open: a try-out, from which less is asked."""
    return urlsplit(settings.SITE_URL).hostname in ("127.0.0.1", "localhost", "::1")
