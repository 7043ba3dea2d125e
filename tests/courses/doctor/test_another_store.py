"""The doctor at a store that is not Amazon's and not ours: juicefs' gateway, which is MinIO's code, with one key for everything."""

from typing import Any

from config.checkup import Verdict, examine
from courses.doctor import CHECKS
from tests.sandbox.s3.conftest import BUCKET, KEYS, REGION

GOOD, WEAK, WRONG, UNKNOWN = Verdict
# What it does not enforce, what this set-up has wrong on purpose, and what it does not tell; everything else is right.
IGNORED = ("links.parts", "links.version", "links.age", "links.tls", "bucket.cors", "bucket.log")
SHARED = ("bucket.keys", "bucket.reader", "bucket.writer")
UNTOLD = ("bucket.region", "bucket.public", "bucket.acl", "bucket.lifecycle", "bucket.versions", "bucket.store")
EXPECTED = dict.fromkeys(IGNORED, WEAK) | dict.fromkeys(SHARED, WRONG) | dict.fromkeys(UNTOLD, UNKNOWN)


def test_owner_of_another_store_is_told_what_it_enforces_and_never_a_traceback(juicefs: str, settings: Any) -> None:
    settings.S3_ENDPOINT_URL = settings.S3_BUCKET_ORIGIN = juicefs
    settings.S3_BUCKET, settings.S3_REGION = BUCKET, REGION
    settings.S3_IDENTITIES = dict.fromkeys(("reader", "writer", "keeper"), KEYS["keeper"])
    found = {line.name: line.finding for line in examine(CHECKS)}
    told = {name: one.verdict for name, one in found.items()}
    assert told == dict.fromkeys(found, GOOD) | EXPECTED
    assert "may also upload, upload beside content/, list the bucket, delete" in found["bucket.reader"].says
    assert all(one.paste for one in found.values() if one.verdict in (WEAK, WRONG))
    assert found["bucket.cors"].paste.endswith(f"--endpoint-url {juicefs}")
