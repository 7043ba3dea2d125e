"""The environment that the settings read under test. Loaded by pytest before Django is (`-p tests.environment`).

Each test process gets ports of its own, on which tests/conftest.py starts the embedded bucket and the embedded Stripe.
"""

import os
import secrets
import socket

# Below the range from which the system takes ports for outgoing connections, which would come in between.
PORTS = range(20_000, 32_000)


def free_port(*, run: int = 1) -> int:
    """Return a port that is free, together with the `run - 1` that follow it, and keep all of them from every other process of tests."""
    while True:
        first = secrets.choice(PORTS)
        if all(hold(port) for port in range(first, first + run)):
            return first


def hold(port: int) -> bool:
    """Bind a port until this process ends, without listening: a server that reuses addresses may take it, another `hold` may not."""
    reserved = socket.socket()
    try:
        reserved.bind(("127.0.0.1", port))
    except OSError:
        reserved.close()
        return False
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.detach()
    return True


def can_bind(port: int) -> bool:
    """Whether nobody listens on this port. One that `hold` keeps counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


os.environ.update(
    {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's sync API runs an event loop in the test's own thread.
        "SECRET_KEY": "test-only-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        "DEBUG": "true",  # pytest-django switches DEBUG off; this only chooses unhashed static files.
        "SITE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "CACHE_URL": "locmem://",
        "EMAIL_URL": "memory:",
        "DEFAULT_FROM_EMAIL": "Lectern <hello@testserver>",
        "SUPPORT_EMAIL": "help@testserver",
        "TRUSTED_PROXIES": "0",
        "STAFF_MFA": "required",
        "S3_BUCKET": "lectern-content",
        "S3_REGION": "us-east-1",
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "S3_ADDRESSING_STYLE": "path",
        "S3_READER_KEY_ID": "READERTESTKEY",
        "S3_READER_SECRET": "reader-test-secret",
        "S3_WRITER_KEY_ID": "WRITERTESTKEY",
        "S3_WRITER_SECRET": "writer-test-secret",
        "S3_KEEPER_KEY_ID": "KEEPERTESTKEY",
        "S3_KEEPER_SECRET": "keeper-test-secret",
        "MEDIA_BUCKET": "",
        "DOWNLOAD_TTL": "120",
        "STREAM_TTL": "900",
        "BUDGET_FACTOR": "1",
        "GRACE_DAYS": "7",
        "SILENCE_HOURS": "48",
        "STRIPE_SECRET_KEY": "sk_test_embedded0123456789",
        "STRIPE_WEBHOOK_SECRET": "whsec_embedded0123456789abcdef",
        "STRIPE_API_BASE": f"http://127.0.0.1:{free_port()}",
        "STRIPE_AUTOMATIC_TAX": "false",
        "STRIPE_PROMOTION_CODES": "true",
    }
)
os.environ.setdefault("DATABASE_URL", "")
