"""URLs minted a second, beside the same HMACs by hand."""

import hashlib
import hmac
import statistics
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings

from bench.report import Figure
from courses import storage

ROUNDS, URLS = 20, 300


def by_hand(key: str, name: str, trace: str) -> str:
    """Sign the same GET with nothing but hashlib and string formatting: the least that Signature Version 4 can cost."""
    key_id, secret = settings.S3_IDENTITIES["reader"]
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{settings.S3_REGION}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": "120",
        "X-Amz-SignedHeaders": "host",
        "response-cache-control": "private, no-store",
        "response-content-disposition": storage.content_disposition(name),
        "response-content-type": "application/pdf",
        "x-dl": trace,
    }
    canonical = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
    host = settings.S3_ENDPOINT_URL.split("://")[1]
    path = f"/{settings.S3_BUCKET}/{key}"
    request = f"GET\n{path}\n{canonical}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signing_key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    signature = hmac.digest(signing_key, text.encode(), "sha256").hex()
    return f"{settings.S3_ENDPOINT_URL}{path}?{canonical}&X-Amz-Signature={signature}"


def ours(key: str, name: str, trace: str) -> str:
    return storage.sign_get(key, name, content_type="application/pdf", ttl=120, trace=trace).url


def cost(mint: Callable[[str, str, str], str]) -> float:
    """Return the CPU seconds of one URL, over a batch."""
    jobs = [(f"content/{uuid.uuid4()}", "The Tide Book.pdf", str(uuid.uuid4())) for _ in range(URLS)]
    before = time.process_time()
    for job in jobs:
        mint(*job)
    return (time.process_time() - before) / URLS


def same_signature() -> bool:
    """Tell whether both ways give the same signature: else the floor measures something else. The second may roll over once."""
    job = (f"content/{uuid.uuid4()}", "The Tide Book.pdf", str(uuid.uuid4()))
    return any(ours(*job).split("X-Amz-Signature=")[1] == by_hand(*job).split("X-Amz-Signature=")[1] for _ in range(3))


def measure() -> list[Figure]:
    assert same_signature(), "the floor signs something else"
    cost(ours), cost(by_hand)
    pairs = [(cost(ours), cost(by_hand)) for _ in range(ROUNDS)]
    beside = "the same HMACs by hand, interleaved, CPU time"
    return [
        Figure("mint_ratio", statistics.median(a / b for a, b in pairs), "ratio", beside, ROUNDS * URLS),
        Figure(
            "mints_per_second", 1 / statistics.median(a for a, _ in pairs), "URLs/s", "nothing: one core", ROUNDS * URLS
        ),
    ]
