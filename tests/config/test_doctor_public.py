"""The site as the public sees it: a running site behind a proxy that is right, or wrong in one way."""

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core import signing
from django.test import Client

from config.checkup import Finding, Verdict
from config.doctor import public
from config.doctor.public import CHECKS
from tests.config.proxy import Ways, proxy

pytestmark = pytest.mark.django_db(transaction=True)
GOOD, WEAK, WRONG, UNKNOWN = Verdict
KNOWN = {check.name: check for check in CHECKS}
PROTO = ("HTTP_X_FORWARDED_PROTO", "https")
HERE = "198.51.100.7"
See = Callable[..., Ways]


def ask(name: str) -> Finding:
    return KNOWN[name].ask()


@pytest.fixture
def seen(live_server: Any, settings: Any) -> Iterator[See]:
    """Put a proxy before the running site, and let the doctor see the site through it."""
    with ExitStack() as proxies:

        def see(*, trusted: int = 0, secure: bool = False, **ways: Any) -> Ways:
            settings.TRUSTED_PROXIES = settings.ALLAUTH_TRUSTED_PROXY_COUNT = trusted
            settings.SECURE = secure
            if trusted:
                settings.SECURE_PROXY_SSL_HEADER = PROTO
            made = Ways(live_server.url, **ways)
            settings.SITE_URL = proxies.enter_context(proxy(made))
            return made

        yield see


def test_owner_of_a_good_site_hears_nothing_bad(seen: See) -> None:
    seen(trusted=1, hops=(HERE,), scheme="https", secure=True)
    for name in ("site.reached", "site.same", "site.proxies", "site.cache", "site.certificate"):
        found = ask(name)
        assert found.verdict is GOOD, (name, found)


def test_owner_of_a_try_out_hears_nothing_bad(seen: See) -> None:
    seen()
    assert {name: ask(name).verdict for name in KNOWN} == dict.fromkeys(KNOWN, GOOD)


@pytest.mark.parametrize(
    ("hops", "trusted", "expected", "paste"),
    [
        ((HERE,), 1, GOOD, ""),
        ((HERE, "10.0.0.1"), 2, GOOD, ""),
        ((), 0, GOOD, ""),
        ((HERE,), 0, WRONG, "TRUSTED_PROXIES=1"),
        ((HERE, "10.0.0.1"), 1, WRONG, "TRUSTED_PROXIES=2"),
        ((HERE,), 2, WRONG, "TRUSTED_PROXIES=1"),
        ((), 1, WRONG, "TRUSTED_PROXIES=0"),
    ],
)
def test_owner_is_told_how_many_proxies_there_are(
    seen: See, hops: tuple[str, ...], trusted: int, expected: Verdict, paste: str
) -> None:
    """T34: counted wrong, all visitors are one, or each may be whoever they like."""
    seen(trusted=trusted, hops=hops)
    found = ask("site.proxies")
    assert (found.verdict, found.paste) == (expected, paste), found


def test_owner_is_told_when_https_is_not_passed_on(seen: See) -> None:
    seen(trusted=1, hops=(HERE,), secure=True)
    found = ask("site.proxies")
    assert (found.verdict, "X-Forwarded-Proto" in found.paste) == (WRONG, True)


def test_owner_is_told_of_a_redirect_without_end(seen: See, settings: Any) -> None:
    """What a site answers that redirects http to https and takes everything for http."""
    ways = seen(secure=True, answers=301)
    ways.location = f"{settings.SITE_URL}/livez/seen/"
    found = ask("site.same")
    assert (found.verdict, "for ever" in found.says) == (WRONG, True)


def test_owner_is_told_of_another_site_at_that_address(seen: See, settings: Any) -> None:
    seen(answers=404)
    assert ask("site.same").verdict is WRONG
    assert ask("site.reached").verdict is WRONG
    assert ask("site.proxies").verdict is UNKNOWN


def test_owner_is_told_that_nobody_answers(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:9"
    found = ask("site.reached")
    assert (found.verdict, "ConnectionError" in found.says) == (WRONG, True)


def test_owner_is_told_that_the_site_does_not_know_its_name(seen: See) -> None:
    seen(answers=400)
    assert ask("site.reached").paste.startswith("ALLOWED_HOSTS=127.0.0.1")


@pytest.mark.parametrize(
    "name", ["Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"]
)
def test_owner_is_told_of_a_header_that_the_proxy_takes_out(seen: See, name: str) -> None:
    seen(takes=(name,))
    found = ask("site.headers")
    assert (found.verdict, name in found.says) == (WRONG, True)


def test_owner_is_told_of_missing_hsts(seen: See) -> None:
    seen(trusted=1, hops=(HERE,), scheme="https", secure=True)
    assert "Strict-Transport-Security" in ask("site.headers").says


@pytest.mark.parametrize(
    ("site", "secure", "location", "expected"),
    [
        ("https", True, "https", GOOD),
        ("https", True, "", WRONG),
        ("https", True, "nobody", WEAK),
    ],
)
def test_owner_is_told_when_http_does_not_lead_to_https(
    seen: See, settings: Any, site: str, secure: bool, location: str, expected: Verdict
) -> None:
    ways = seen(secure=secure, answers=301)
    settings.SITE_URL = settings.SITE_URL.replace("http", site)
    ways.location = settings.SITE_URL + "/" if location == "https" else ""
    if location == "nobody":
        settings.SITE_URL = "https://127.0.0.1:9"
    assert ask("site.https").verdict is expected


def test_owner_is_told_of_an_open_site(settings: Any) -> None:
    settings.SITE_URL, settings.SECURE = "http://learn.example.com", False
    found = ask("site.https")
    assert (found.verdict, found.paste) == (WRONG, "SITE_URL=https://learn.example.com")


def test_owner_is_told_of_a_cache_that_is_not_the_sites(seen: See, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both run in this process here, so what the command puts into the cache is put nowhere."""
    seen()
    monkeypatch.setattr(public.cache, "set", lambda *_: None, raising=False)
    assert ask("site.cache").verdict is WRONG


# --- The certificate ----------------------------------------------------------------------------


def certificate(folder: Path, *, days: int) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{days}.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(
    ("days", "trusted", "expected", "word"),
    [(60, True, GOOD, "60 days"), (9, True, WEAK, "ends in 9 days"), (-3, True, WRONG, ""), (60, False, WRONG, "")],
)
def test_owner_is_told_how_long_the_certificate_lasts(
    seen: See,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    trusted: bool,
    expected: Verdict,
    word: str,
) -> None:
    file = certificate(tmp_path, days=days)
    seen(certificate=file)
    if trusted:
        trusting = ssl.create_default_context()
        trusting.load_verify_locations(file)
        monkeypatch.setattr(public.ssl, "create_default_context", lambda: trusting)
    found = ask("site.certificate")
    assert (found.verdict, word in found.says) == (expected, True), found
    assert "certificate" in ask("site.reached").says  # Nobody but this test trusts it.


# --- The question itself ------------------------------------------------------------------------


def test_stranger_learns_nothing_of_how_they_arrived(client: Client) -> None:
    for token in ("", "nonsense", signing.dumps("", salt="another")):
        assert client.get(f"/livez/seen/?token={token}").status_code == 404


def test_old_question_is_not_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = signing.dumps("", salt=public.SALT)
    assert client.get(f"/livez/seen/?token={token}").status_code == 200
    monkeypatch.setattr(public, "TOKEN_LIVES", timedelta(seconds=-1))
    assert client.get(f"/livez/seen/?token={token}").status_code == 404
