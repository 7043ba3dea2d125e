"""The site as the public sees it: its certificate, its headers, and what the proxies before it pass on."""

import secrets
import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.utils import timezone

from config.checkup import Check, Finding, good, is_local, unknown, weak, wrong

SALT, TOKEN_LIVES = "doctor", timedelta(minutes=1)
FORGED = "192.0.2.77"  # An address that belongs to nobody (RFC 5737).
TIMEOUT = 10
REACHED, SAME = "site.reached", "site.same"
RENEW, SOON = "certbot renew, or your host's own way to a certificate", 14  # days
HALF_A_YEAR = 182 * 24 * 3600


def ask(path: str, **headers: str) -> requests.Response:
    """Ask the public address, as a stranger does. Raises requests.RequestException."""
    return requests.get(settings.SITE_URL + path, headers=headers, timeout=TIMEOUT, allow_redirects=False)


def arrival(**headers: str) -> dict[str, Any] | None:
    """Return how a request of ours arrived at the site, None where it does not know us. Raises requests.RequestException."""
    key = f"doctor:{secrets.token_hex(8)}"
    cache.set(key, True, int(TOKEN_LIVES.total_seconds()))
    answer = ask(f"/livez/seen/?token={signing.dumps(key, salt=SALT)}", **headers)
    return dict(answer.json()) if answer.status_code == 200 else None


def site_is_reached() -> Finding:
    try:
        answer = ask("/livez/")
    except requests.exceptions.SSLError:
        return wrong(
            f"the certificate of {settings.SITE_URL} is not good",
            "certbot renew, or your host's own way to a certificate",
        )
    except requests.RequestException as error:
        return wrong(
            f"{settings.SITE_URL} does not answer ({type(error).__name__})",
            "Start the site; let the name in SITE_URL lead here; open ports 80 and 443.",
        )
    if answer.status_code == 400:
        return wrong("the site does not know its own name", f"ALLOWED_HOSTS={settings.SITE_URL.partition('://')[2]}")
    if answer.status_code != 200:
        return wrong(
            f"{settings.SITE_URL}/livez/ answers {answer.status_code}", "Look at the log of gunicorn and of your proxy."
        )
    return good(f"{settings.SITE_URL} answers")


def site_is_this_one() -> Finding:
    answer = ask(f"/livez/seen/?token={signing.dumps('', salt=SALT)}")
    if answer.is_redirect:
        return wrong(
            "the site takes https for http, and redirects for ever",
            "TRUSTED_PROXIES=1, and in nginx: proxy_set_header X-Forwarded-Proto $scheme;",
        )
    if answer.status_code != 200:
        return wrong(
            "what answers there has another SECRET_KEY", "Restart the site with the settings that this command reads."
        )
    return good("what answers there is this installation")


def proxies_are_counted() -> Finding:
    """Count who added to X-Forwarded-For, and see whether an address that a visitor makes up would be believed."""
    plain, forged = arrival(), arrival(**{"X-Forwarded-For": FORGED})
    if plain is None or forged is None:
        return unknown("the site did not say how it was reached", "Run it again.")
    count = int(plain["hops"])
    if settings.SECURE and not plain["secure"]:
        return wrong(
            "the site is reached over https and does not know it",
            "in nginx: proxy_set_header X-Forwarded-Proto $scheme;",
        )
    if forged["address"] == FORGED:
        return wrong("anybody may say who they are by a header, and so escape every limit", f"TRUSTED_PROXIES={count}")
    if count != settings.TRUSTED_PROXIES:
        return wrong(
            f"{count} proxies stand before the site, and it counts on {settings.TRUSTED_PROXIES}: to it all visitors are one",
            f"TRUSTED_PROXIES={count}"
            if count
            else "in nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        )
    return good(f"{count} proxies, as TRUSTED_PROXIES says; nobody can make up an address")


def cache_is_one() -> Finding:
    found = arrival()
    if found is None:
        return unknown("the site did not say how it was reached", "Run it again.")
    if not found["cache"]:
        return wrong(
            "the site's cache is another than this command's", "CACHE_URL=db://lectern_cache for all processes"
        )
    return good("what one process puts into the cache, another finds")


def https_is_all_there_is() -> Finding:
    if not settings.SECURE:
        if is_local():
            return good("http, for a try-out on this machine")
        return wrong(
            "SITE_URL is http://: passwords travel open", f"SITE_URL={settings.SITE_URL.replace('http', 'https', 1)}"
        )
    try:
        answer = requests.get(settings.SITE_URL.replace("https", "http", 1), timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException:
        return weak(
            "nobody answers at http://, where many people's first visit begins",
            "See the first server in deploy/nginx.conf.",
        )
    if not answer.headers.get("Location", "").startswith(settings.SITE_URL):
        return wrong("http:// does not lead to https://", "See the first server in deploy/nginx.conf.")
    return good("http:// leads to https://")


def certificate_lasts() -> Finding:
    where = urlsplit(settings.SITE_URL)
    if where.scheme != "https":
        return good("no certificate: the site is http")
    try:
        ends = certificate_ends(str(where.hostname), where.port or 443)
    except OSError as error:
        return wrong(f"the certificate is not good ({type(error).__name__})", RENEW)
    left = (ends - timezone.now()).days
    if left < SOON:
        return weak(f"the certificate ends in {left} days, and nobody has renewed it yet", RENEW)
    return good(f"the certificate is good for {left} days")


def certificate_ends(host: str, port: int) -> datetime:
    """Return when the certificate that is shown there ends. Raises OSError, of which ssl.SSLError is one, for one that is not good."""
    raw = socket.create_connection((host, port), timeout=TIMEOUT)
    with raw, ssl.create_default_context().wrap_socket(raw, server_hostname=host) as safe:
        shown = safe.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def headers_are_there() -> Finding:
    """Look for what the site itself sends on every page: a proxy may have taken it out, or have added its own."""
    answer = ask("/")
    if answer.status_code != 200:
        return wrong(f"the front page answers {answer.status_code}", "Look at the log of gunicorn and of your proxy.")
    found = answer.headers
    policy = found.get("Content-Security-Policy", "")
    age = found.get("Strict-Transport-Security", "").partition("max-age=")[2].split(";")[0].strip()
    faults = {
        "Content-Security-Policy": "default-src 'none'" not in policy or "unsafe-inline" in policy,
        "X-Content-Type-Options": found.get("X-Content-Type-Options", "") != "nosniff",
        "X-Frame-Options": found.get("X-Frame-Options", "") != "DENY",
        "Referrer-Policy": found.get("Referrer-Policy", "") != "same-origin",
        "Strict-Transport-Security": settings.SECURE and not (age.isdigit() and int(age) >= HALF_A_YEAR),
    }
    missing = [name for name, is_missing in faults.items() if is_missing]
    if missing:
        return wrong(
            f"the proxy takes out or changes {', '.join(missing)}",
            "Take every add_header and proxy_hide_header out of its configuration.",
        )
    return good("every page carries its security headers")


CHECKS = (
    Check(REACHED, site_is_reached),
    Check(SAME, site_is_this_one, needs=(REACHED,)),
    Check("site.https", https_is_all_there_is),
    Check("site.certificate", certificate_lasts, needs=(REACHED,)),
    Check("site.headers", headers_are_there, needs=(REACHED,)),
    Check("site.proxies", proxies_are_counted, needs=(SAME,)),
    Check("site.cache", cache_is_one, needs=(SAME, "cache")),
)
