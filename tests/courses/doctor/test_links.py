"""Each line about keys and links is right for the bucket as it should be, and wrong for one that is bad in just that way.

Real requests against the embedded bucket, whose leniency is switched on for the line that a test is about. Whatever is found, nothing
that the doctor put there stays.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as site

from config.checkup import Verdict
from courses.doctor import CHECKS
from sandbox.s3 import BucketServer, Identity
from sandbox.s3.leniency import Leniency
from tests.courses.doctor.scene import KNOWN, finding, verdict

GOOD, WEAK, WRONG, UNKNOWN = Verdict
SITE = "https://learn.example.com"
# What the embedded bucket is not, being on this machine and without a policy.
NOT_OURS = {"links.tls": WEAK, "links.age": WEAK, "bucket.store": UNKNOWN}
UNANSWERED = {"bucket.public", "bucket.policy", "bucket.acl", "bucket.lifecycle", "bucket.versions", "bucket.log"}


def kept_in(bucket: BucketServer) -> list[Any]:
    assert bucket.store is not None
    return sorted(bucket.store.rows("SELECT key FROM objects UNION SELECT key FROM uploads"))


@pytest.fixture(autouse=True)
def ward(bucket: BucketServer, settings: Any) -> Iterator[BucketServer]:
    """The bucket, its CORS for the site alone; afterwards as it was, and without what the doctor made."""
    settings.SITE_URL = SITE
    identities, origins, clock = dict(bucket.identities), list(bucket.cors_origins), bucket.clock
    bucket.cors_origins[:] = [SITE]
    before = kept_in(bucket)
    yield bucket
    bucket.identities, bucket.clock, bucket.leniency = identities, clock, Leniency()
    bucket.cors_origins[:] = origins
    assert kept_in(bucket) == before


def give(bucket: BucketServer, identity: str, power: str) -> None:
    """Let this identity's key have another's power."""
    key_id, secret = site.S3_IDENTITIES[identity]
    bucket.identities[key_id] = Identity(power, key_id, secret)


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_owner_of_a_good_bucket_hears_nothing_bad(name: str) -> None:
    expected = UNKNOWN if name in UNANSWERED else NOT_OURS.get(name, GOOD)
    found = finding(name)
    assert found.verdict is expected, found
    assert found.verdict is GOOD or found.paste


@pytest.mark.parametrize(
    ("fault", "name", "expected", "word"),
    [
        ("public", "links.strangers", WRONG, "anybody may read and list and write"),
        ("forgeable", "links.edited", WRONG, "another signature, another file, another trace, no trace, a longer life"),
        ("forgeable", "links.parts", WRONG, "other bytes than it was signed for"),
        ("endless", "links.expiry", WRONG, "ran out four minutes ago"),
        ("ancient", "links.version", WEAK, "Signature Version 2"),
        ("heedless", "links.parts", WEAK, "ignores the checksums"),
        ("immortal", "bucket.upload", WRONG, "still good after its upload is over"),
    ],
)
def test_owner_is_told_of_a_store_that_takes_what_it_should_refuse(
    ward: BucketServer, fault: str, name: str, expected: Verdict, word: str
) -> None:
    ward.leniency = Leniency(**{fault: True})
    found = finding(name)
    assert (found.verdict, word in found.says) == (expected, True), found
    assert found.paste


def test_owner_hears_that_a_ceiling_on_age_is_there(ward: BucketServer) -> None:
    ward.leniency = Leniency(ageless=False)
    assert verdict("links.age") is GOOD


@pytest.mark.parametrize(
    ("identity", "power", "name", "word"),
    [
        ("reader", "owner", "bucket.reader", "may also upload, upload beside content/, list the bucket, delete"),
        ("reader", "keeper", "bucket.reader", "may also upload, list the bucket, delete"),
        ("writer", "owner", "bucket.writer", "may also read, upload beside content/, list the bucket, delete"),
        ("writer", "keeper", "bucket.writer", "may also read, list the bucket, delete"),
        ("keeper", "reader", "bucket.keeper", "AccessDenied"),
        ("writer", "reader", "bucket.upload", "AccessDenied"),
        ("reader", "writer", "bucket.upload", "403"),
    ],
)
def test_owner_is_told_of_a_key_that_may_too_much_or_too_little(
    ward: BucketServer, identity: str, power: str, name: str, word: str
) -> None:
    give(ward, identity, power)
    found = finding(name)
    assert (found.verdict, word in found.says) == (WRONG, True), found


def test_owner_is_told_of_one_key_for_two(settings: Any) -> None:
    settings.S3_IDENTITIES = settings.S3_IDENTITIES | {"reader": settings.S3_IDENTITIES["writer"]}
    assert verdict("bucket.keys") is WRONG


@pytest.mark.parametrize(
    ("half", "code"), [(0, "InvalidAccessKeyId"), (1, "SignatureDoesNotMatch")], ids=["unknown key", "wrong secret"]
)
def test_owner_is_told_of_keys_that_were_copied_wrong(settings: Any, half: int, code: str) -> None:
    pair = list(settings.S3_IDENTITIES["keeper"])
    pair[half] = "copied-wrong"
    settings.S3_IDENTITIES = settings.S3_IDENTITIES | {"keeper": tuple(pair)}
    found = finding("bucket.keeper")
    assert (found.verdict, code in found.says, "copy it anew" in found.paste) == (WRONG, True, True)
    assert "copied-wrong" not in found.says + found.paste


def test_owner_is_told_of_a_bucket_that_is_not_there(settings: Any) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    settings.S3_BUCKET_ORIGIN = "http://127.0.0.1:9"
    found = finding("bucket.reached")
    assert (found.verdict, "ConnectionRefusedError" in found.says) == (WRONG, True)
    later = finding("links.work")
    assert (later.verdict, "comes first" in later.says) == (UNKNOWN, True)


def test_owner_is_told_of_another_region(settings: Any, ward: BucketServer) -> None:
    settings.S3_REGION = "eu-west-3"
    found = finding("bucket.region")
    assert found.verdict is WRONG, found
    assert "eu-west-3" in found.says


@pytest.mark.parametrize(("seconds", "expected"), [(0, GOOD), (-12, WEAK), (40, WRONG), (-40, WRONG)])
def test_owner_is_told_of_a_wrong_clock(ward: BucketServer, seconds: int, expected: Verdict) -> None:
    ward.clock = lambda: datetime.now(UTC) + timedelta(seconds=seconds)
    found = finding("bucket.clock")
    assert found.verdict is expected, found
    assert expected is GOOD or "timedatectl" in found.paste


@pytest.mark.parametrize(
    ("origins", "expected", "word"),
    [
        (["*"], WEAK, "every site's pages"),
        ([], WRONG, "may not upload"),
        (["https://learn.example.org"], WRONG, "may not upload"),
    ],
)
def test_owner_is_told_of_cors_that_is_too_wide_or_too_narrow_and_it_is_fixed(
    ward: BucketServer, settings: Any, origins: list[str], expected: Verdict, word: str
) -> None:
    ward.cors_origins[:] = origins
    found = finding("bucket.cors")
    assert (found.verdict, word in found.says) == (expected, True), found
    assert found.paste.startswith("aws s3api put-bucket-cors --bucket lectern-content --cors-configuration '{")
    assert "could not be set" in finding("bucket.cors", fix=True).says  # The keeper may not.
    owner = Identity("owner", "OWNERKEY", "owner-secret")
    ward.identities[owner.key_id] = owner
    settings.S3_OWNER = (owner.key_id, owner.secret, "")
    fixed = finding("bucket.cors", fix=True)
    assert (fixed.verdict, fixed.fixed) == (GOOD, True)
    assert SITE in ward.cors_origins
    assert "*" not in ward.cors_origins


def test_owner_is_told_that_covers_would_open_the_files(settings: Any) -> None:
    settings.MEDIA_BUCKET = settings.S3_BUCKET
    assert verdict("bucket.media") is WRONG


@pytest.mark.parametrize(
    ("endpoint", "style", "expected"),
    [
        ("https://s3.us-east-1.amazonaws.com", "virtual", GOOD),
        ("https://s3.us-east-1.amazonaws.com", "path", WEAK),
        ("https://s3.amazonaws.com", "virtual", WRONG),
        ("https://storage.example.net", "path", UNKNOWN),
    ],
)
def test_owner_is_told_of_an_address_that_is_not_the_regions(
    settings: Any, endpoint: str, style: str, expected: Verdict
) -> None:
    settings.S3_ENDPOINT_URL, settings.S3_ADDRESSING_STYLE = endpoint, style
    assert KNOWN["bucket.store"].ask().verdict is expected


@pytest.mark.parametrize("kind", ["InternalError", "SlowDown", "reset", "lost"])
@pytest.mark.parametrize("nth", range(8))
def test_nothing_stays_behind_when_the_bucket_fails_halfway(ward: BucketServer, kind: Any, nth: int) -> None:
    """The ward's own end looks for leftovers; here only one request in the middle fails, whichever it is."""
    seen = 0

    def match(request: Any) -> bool:
        nonlocal seen
        seen += 1
        return seen == nth + 1 and request.method != "DELETE"

    ward.fail_next(kind=kind, match=match)
    assert finding("links.work").verdict in (GOOD, WRONG, UNKNOWN)
    ward.chaos.orders.clear()
