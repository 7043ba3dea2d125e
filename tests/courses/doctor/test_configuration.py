"""How Amazon's bucket is set up, read and set right by its own API (moto stands in for it: it keeps what it is told)."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from config.checkup import Verdict, answered
from courses.doctor.configuration import CHECKS
from courses.storage import StorageError, configuration
from tests.courses.doctor.scene import KNOWN

GOOD, WEAK, WRONG, UNKNOWN = Verdict
REGION = "eu-central-1"
BUCKET = "lectern-content"
ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}
BLOCKED = dict.fromkeys(configuration.BLOCKS, True)
Act = Callable[[Any], Any]


@pytest.fixture
def amazon(settings: Any) -> Iterator[Any]:
    settings.S3_REGION, settings.S3_ADDRESSING_STYLE = REGION, "virtual"
    settings.S3_ENDPOINT_URL = f"https://s3.{REGION}.amazonaws.com"
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield client


def rules(*made: dict[str, Any]) -> Act:
    whole = [{"ID": f"rule-{n}", "Status": "Enabled", "Filter": {"Prefix": ""}} | one for n, one in enumerate(made)]
    return lambda client: client.put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": whole}
    )


def blocks(**some: bool) -> Act:
    return lambda client: client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=BLOCKED | some)


def versioned(*made: dict[str, Any]) -> Act:
    def act(client: Any) -> None:
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        rules(*made)(client)

    return act


def logged_to(target: str) -> Act:
    def act(client: Any) -> None:
        if target != BUCKET:
            client.create_bucket(Bucket=target, CreateBucketConfiguration={"LocationConstraint": REGION})
        client.put_bucket_acl(Bucket=target, ACL="log-delivery-write")
        wish = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "access/"}}
        client.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=wish)

    return act


def owned(by: str) -> Act:
    return lambda client: client.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": by}]}
    )


def nothing(client: Any) -> None:
    """As Amazon makes a bucket."""


@pytest.mark.parametrize(
    ("name", "act", "expected", "word"),
    [
        ("bucket.public", blocks(), GOOD, "blocked"),
        ("bucket.public", blocks(BlockPublicPolicy=False), WRONG, "BlockPublicPolicy"),
        ("bucket.public", nothing, WRONG, "RestrictPublicBuckets"),
        ("bucket.lifecycle", nothing, WEAK, "never finished"),
        ("bucket.lifecycle", rules(ABORT), GOOD, "nothing else is"),
        ("bucket.lifecycle", rules(ABORT | {"Status": "Disabled"}), WEAK, "never finished"),
        ("bucket.lifecycle", rules(ABORT | {"Filter": {"Prefix": "other/"}}), WEAK, "never finished"),
        ("bucket.lifecycle", rules(ABORT, {"Expiration": {"Days": 30}}), WRONG, "removes your files by itself: rule-1"),
        (
            "bucket.lifecycle",
            rules(ABORT, {"Expiration": {"Days": 30}, "Filter": {"Prefix": "content/a"}}),
            WRONG,
            "removes your files",
        ),
        ("bucket.lifecycle", rules(ABORT, {"Expiration": {"Days": 3}, "Filter": {"Prefix": "tmp/"}}), GOOD, "nothing"),
        ("bucket.versions", nothing, WEAK, "versioning is off"),
        ("bucket.versions", versioned(ABORT), WEAK, "for ever"),
        ("bucket.versions", versioned({"NoncurrentVersionExpiration": {"NoncurrentDays": 90}}), GOOD, "had back"),
        ("bucket.log", nothing, WEAK, "no access log"),
        ("bucket.log", logged_to("lectern-log"), GOOD, "lectern-log"),
        ("bucket.log", logged_to(BUCKET), WRONG, "into the bucket that it is about"),
        ("bucket.acl", owned("BucketOwnerEnforced"), GOOD, "no access lists"),
        ("bucket.acl", owned("ObjectWriter"), WEAK, "access lists of their own"),
    ],
)
def test_owner_is_told_how_the_bucket_is_set_up(amazon: Any, name: str, act: Act, expected: Verdict, word: str) -> None:
    act(amazon)
    found = KNOWN[name].ask()
    assert (found.verdict, word in found.says) == (expected, True), found
    assert found.verdict is GOOD or found.paste


def test_owner_has_public_access_blocked_by_fix(amazon: Any) -> None:
    found = answered(KNOWN["bucket.public"], fix=True)
    assert (found.verdict, found.fixed) == (GOOD, True)
    kept = amazon.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert kept == BLOCKED


def test_owner_keeps_the_other_rules_when_the_lifecycle_is_fixed(amazon: Any) -> None:
    rules({"NoncurrentVersionExpiration": {"NoncurrentDays": 90}}, {"Filter": {"Prefix": "tmp/"}, **ABORT})(amazon)
    found = answered(KNOWN["bucket.lifecycle"], fix=True)
    assert (found.verdict, found.fixed) == (GOOD, True)
    kept = amazon.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert [rule["ID"] for rule in kept] == ["rule-0", "rule-1", "lectern-incomplete-uploads"]
    assert answered(KNOWN["bucket.lifecycle"], fix=True).fixed is False


def test_owner_keeps_the_rules_for_other_sites_when_cors_is_set(amazon: Any) -> None:
    other = {"AllowedOrigins": ["https://other.example"], "AllowedMethods": ["GET"]}
    wide = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT"]}
    amazon.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [wide, other]})
    configuration.set_cors("https://learn.example.com")
    kept = amazon.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert [rule["AllowedOrigins"] for rule in kept] == [["https://learn.example.com"], ["https://other.example"]]
    assert "ETag" in kept[0]["ExposeHeaders"]


@pytest.mark.parametrize(
    ("code", "expected", "word"),
    [
        ("NotImplemented", UNKNOWN, "this store does not answer that"),
        ("MethodNotAllowed", UNKNOWN, "this store does not answer that"),
        ("AccessDenied", UNKNOWN, "the keeper may not look"),
        ("InternalError", WRONG, "the bucket answered InternalError"),
    ],
)
@pytest.mark.parametrize(
    "name", ["bucket.public", "bucket.policy", "bucket.acl", "bucket.lifecycle", "bucket.versions"]
)
def test_owner_of_a_store_that_does_not_answer_is_told_where_to_look(
    monkeypatch: pytest.MonkeyPatch, name: str, code: str, expected: Verdict, word: str
) -> None:
    def refuse(operation: str, **_: Any) -> None:
        raise StorageError(code)

    monkeypatch.setattr(configuration, "asked", refuse)
    found = KNOWN[name].ask()
    assert (found.verdict, word in found.says) == (expected, True), found
    assert found.paste


@pytest.mark.parametrize(("public", "expected"), [(False, GOOD), (True, WRONG)])
def test_owner_is_told_of_a_policy_that_lets_everybody_in(
    monkeypatch: pytest.MonkeyPatch, public: bool, expected: Verdict
) -> None:
    """No stand-in knows this question, so its answer is given here."""
    monkeypatch.setattr(configuration, "asked", lambda operation, **_: {"PolicyStatus": {"IsPublic": public}})
    assert KNOWN["bucket.policy"].ask().verdict is expected


def test_every_line_about_the_set_up_is_tried_here_or_on_the_bucket() -> None:
    assert {check.name for check in CHECKS} == {
        *("bucket.public", "bucket.policy", "bucket.acl", "bucket.cors", "bucket.lifecycle", "bucket.versions"),
        *("bucket.log", "bucket.media", "bucket.store"),
    }
