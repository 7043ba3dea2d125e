"""deploy/bucket.yaml, linted by its vendor's rules, deployed (moto stands in for CloudFormation), and its policies judged as Amazon would.

What each of the three signers can do is held by set equality: one action more would be as red as one less (t4, t6).
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from config.checkup import Verdict
from courses.storage import signing
from courses.storage.configuration import cors_rule
from sandbox.s3.identities import BUCKET_ACTIONS, OBJECT_ACTIONS
from tests.courses.doctor.scene import KNOWN
from tests.deploy.policies import Request, decide
from tests.deploy.stack import NAME, NOT_BY_MOTO, REGION, SITE, TEMPLATE, Stack

ARN = f"arn:aws:s3:::{NAME}"
FILE = f"{ARN}/content/5f0e2b6c-8d0a-4f0f-9a6e-2f6f5c0f3a11"
ROLE = "arn:aws:iam::123456789012:role/site"
pytestmark = pytest.mark.filterwarnings(NOT_BY_MOTO)
SIGNERS = ("reader", "writer", "keeper")
# Whatever might be asked of an object or of a bucket, and a few things that nobody should be let do.
ON_OBJECT = (
    *("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts", "GetObjectVersion"),
    *("DeleteObjectVersion", "PutObjectAcl", "GetObjectAcl", "PutObjectTagging", "RestoreObject", "PutObjectRetention"),
    "BypassGovernanceRetention",
)
ON_BUCKET = (
    *("ListBucket", "ListBucketVersions", "ListBucketMultipartUploads", "GetBucketPolicy", "PutBucketPolicy"),
    *("DeleteBucket", "DeleteBucketPolicy", "PutBucketCORS", "GetBucketCORS", "GetBucketLocation", "GetBucketLogging"),
    *("PutBucketLogging", "GetBucketOwnershipControls", "GetBucketPolicyStatus", "GetBucketPublicAccessBlock"),
    *("PutBucketPublicAccessBlock", "GetBucketVersioning", "PutBucketVersioning", "GetLifecycleConfiguration"),
    *("PutLifecycleConfiguration", "PutBucketAcl", "CreateAccessPoint"),
)


def asks(stack: Stack, signer: str, action: str, resource: str = FILE, **context: str) -> str:
    """Return what Amazon would answer a signer (or a stranger, "") about an action; `aws_SecureTransport` stands for its colon."""
    named = {name.replace("_", ":", 1): value for name, value in context.items()}
    return decide(
        Request(f"s3:{action}", resource, context=named),
        identity=stack.identity(signer) if signer else [],
        bucket=stack.bucket(),
    )


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with mock_aws():
        yield Stack()


def test_the_template_has_no_fault_that_its_vendor_knows_of() -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run(
        [linter, TEMPLATE, "--regions", REGION, "us-east-1"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


# --- Who may do what ----------------------------------------------------------------------------


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_signer_may_do_its_own_work_and_nothing_else(stack: Stack, signer: str) -> None:
    """T6, and the same as the embedded bucket allows, so that nothing works in the demo and not on Amazon."""
    objects = {f"s3:{action}" for action in ON_OBJECT if asks(stack, signer, action) == "allow"}
    whole = {
        f"s3:{action}" for action in ON_BUCKET if asks(stack, signer, action, ARN, s3_prefix="content/") == "allow"
    }
    assert objects == OBJECT_ACTIONS[signer]
    assert whole == BUCKET_ACTIONS[signer]


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize(
    "resource",
    [f"{ARN}/covers/a", f"{ARN}/contents/a", f"{ARN}-log/access/a", f"{ARN}-log/other", "arn:aws:s3:::other/content/a"],
)
def test_no_signer_leaves_content_but_the_keeper_to_read_the_log(stack: Stack, signer: str, resource: str) -> None:
    may = {action for action in ON_OBJECT if asks(stack, signer, action, resource) == "allow"}
    reads_the_log = signer == "keeper" and resource == f"{ARN}-log/access/a"
    assert may == ({"GetObject"} if reads_the_log else set())


def test_the_keeper_lists_the_log_and_nothing_beside_it(stack: Stack) -> None:
    assert asks(stack, "keeper", "ListBucket", f"{ARN}-log", s3_prefix="access/2026") == "allow"
    assert asks(stack, "keeper", "ListBucket", f"{ARN}-log", s3_prefix="") == "no"
    assert asks(stack, "reader", "ListBucket", f"{ARN}-log", s3_prefix="access/2026") == "no"


@pytest.mark.parametrize("prefix", [None, "", "covers/", "doctor/"])
def test_the_keeper_lists_content_alone(stack: Stack, prefix: str | None) -> None:
    context = {} if prefix is None else {"s3_prefix": prefix}
    assert asks(stack, "keeper", "ListBucket", ARN, **context) == "no"
    assert asks(stack, "keeper", "ListBucket", ARN, s3_prefix="content/doctor/") == "allow"


def test_the_keeper_destroys_versions_of_the_doctors_alone(stack: Stack) -> None:
    assert asks(stack, "keeper", "DeleteObjectVersion", f"{ARN}/content/doctor/a") == "allow"
    assert asks(stack, "keeper", "DeleteObjectVersion") == "no"


def test_the_keeper_removes_versions_where_the_owner_chose_so_and_of_content_alone() -> None:
    """What courses.storage.delete_for_good needs: to see the versions below a key, and to remove them."""
    with mock_aws():
        chosen = Stack("chosen", BucketName="chosen-content", RemoveVersions="yes")
        bucket = ARN.replace(NAME, "chosen-content")

        def asked(signer: str, action: str, resource: str, prefix: str = "") -> str:
            request = Request(f"s3:{action}", resource, context={"s3:prefix": prefix})
            return decide(request, identity=chosen.identity(signer), bucket=[])

        assert asked("keeper", "DeleteObjectVersion", f"{bucket}/content/a") == "allow"
        assert asked("keeper", "ListBucketVersions", bucket, "content/a") == "allow"
        assert asked("keeper", "ListBucketVersions", bucket, "covers/") == "no"
        assert asked("keeper", "DeleteObjectVersion", f"{bucket}/covers/a") == "no"
        for signer in ("reader", "writer"):
            assert asked(signer, "DeleteObjectVersion", f"{bucket}/content/a") == "no"
            assert asked(signer, "ListBucketVersions", bucket, "content/a") == "no"


def test_no_policy_has_a_wildcard_for_an_action(stack: Stack) -> None:
    actions = [action for signer in SIGNERS for one in stack.identity(signer) for action in one["Action"]]
    assert [action for action in actions if "*" in action] == []


# --- What the bucket refuses to everybody -------------------------------------------------------


@pytest.mark.parametrize("action", ["GetObject", "PutObject", "DeleteObject", "ListBucket"])
def test_a_stranger_is_let_do_nothing(stack: Stack, action: str) -> None:
    assert asks(stack, "", action, ARN if action == "ListBucket" else FILE) == "no"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "allow"),
        ({"aws_SecureTransport": "false"}, "deny"),
        ({"s3_TlsVersion": "1.1"}, "deny"),
        ({"s3_TlsVersion": "1.2"}, "allow"),
        ({"s3_signatureversion": "AWS"}, "deny"),
        ({"s3_signatureAge": "0"}, "allow"),
        ({"s3_signatureAge": str(signing.LONGEST * 1000)}, "allow"),
        ({"s3_signatureAge": str(signing.LONGEST * 1000 + 1)}, "deny"),
        ({"s3_signatureAge": str(7 * 24 * 3600 * 1000)}, "deny"),
    ],
)
@pytest.mark.parametrize(("signer", "action"), [("reader", "GetObject"), ("writer", "PutObject")])
def test_a_link_is_judged_by_its_way_and_its_age(
    stack: Stack, signer: str, action: str, told: dict[str, str], expected: str
) -> None:
    """T4, direction and unit included: milliseconds, and refused when greater. The longest link that we sign just passes."""
    assert asks(stack, signer, action, **told) == expected


def test_only_amazon_writes_the_log_and_only_of_this_bucket(stack: Stack) -> None:
    def asked(principal: str, **context: str) -> str:
        named = {name.replace("_", ":", 1): value for name, value in context.items()}
        request = Request("s3:PutObject", f"{ARN}-log/access/2026", principal, named)
        return decide(request, identity=[], bucket=stack.bucket(f"{NAME}-log"))

    good = {"aws_SourceArn": ARN, "aws_SourceAccount": "123456789012"}
    assert asked("logging.s3.amazonaws.com", **good) == "allow"
    assert asked("logging.s3.amazonaws.com", **good | {"aws_SourceAccount": "210987654321"}) == "no"
    assert asked("logging.s3.amazonaws.com", **good | {"aws_SourceArn": "arn:aws:s3:::other"}) == "no"
    assert asked("arn:aws:iam::123456789012:user/somebody", **good) == "no"


def test_the_judge_refuses_what_it_does_not_know() -> None:
    with pytest.raises(KeyError):
        decide(Request("s3:GetObject", FILE), identity=[{"Effect": "Allow", "NotAction": "x"}], bucket=[])
    odd = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::1"}}}
    with pytest.raises(KeyError):
        decide(Request("s3:GetObject", FILE), identity=[odd], bucket=[])


# --- How it is set up ---------------------------------------------------------------------------


def test_the_doctor_finds_nothing_to_say_about_a_deployed_bucket(stack: Stack, settings: Any) -> None:
    settings.S3_BUCKET, settings.S3_REGION, settings.SITE_URL = NAME, REGION, SITE
    settings.S3_ENDPOINT_URL, settings.S3_ADDRESSING_STYLE = f"https://s3.{REGION}.amazonaws.com", "virtual"
    names = ("bucket.public", "bucket.acl", "bucket.lifecycle", "bucket.versions", "bucket.log", "bucket.store")
    found = {name: KNOWN[name].ask() for name in names}
    assert {name: one for name, one in found.items() if one.verdict is not Verdict.GOOD} == {}


def test_cors_is_for_the_site_alone_and_the_same_as_the_doctor_sets(stack: Stack) -> None:
    (rule,) = stack.s3.get_bucket_cors(Bucket=NAME)["CORSRules"]
    assert rule == cors_rule(SITE)


@pytest.mark.parametrize("name", [NAME, f"{NAME}-log"])
def test_both_buckets_are_closed_encrypted_and_without_access_lists(stack: Stack, name: str) -> None:
    blocks = stack.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert (len(blocks), set(blocks.values())) == (4, {True})
    owner = stack.s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
    assert owner == "BucketOwnerEnforced"
    assert stack.s3.get_bucket_encryption(Bucket=name)


# --- The keys -----------------------------------------------------------------------------------


def test_keys_are_exchanged_in_two_slots_without_a_moment_between() -> None:
    """The old key lives on beside the new one. moto never removes what a condition takes out, so the end is a stack of its own."""
    with mock_aws():
        made = Stack("exchanged", BucketName="exchanged-content")
        before = {signer: made.key_ids(signer) for signer in SIGNERS}
        assert {len(keys) for keys in before.values()} == {1}
        made.change(KeySlots="both")
        both = {signer: made.key_ids(signer) for signer in SIGNERS}
        assert all(len(keys) == 2 and before[signer][0] in keys for signer, keys in both.items())
        after = Stack("after", BucketName="after-content", KeySlots="second")
        assert set(after.resources("AWS::IAM::AccessKey")) == {f"{signer.title()}SecondKey" for signer in SIGNERS}
        assert {len(after.key_ids(signer)) for signer in SIGNERS} == {1}


def test_a_secret_holds_the_lines_to_paste_and_no_output_holds_a_secret(stack: Stack) -> None:
    """moto makes no secrets from templates, so what they would hold is read from what it resolved."""
    made = {one["Name"]: one["SecretString"] for one in stack.resolved("AWS::SecretsManager::Secret")}
    assert made.keys() == {f"{NAME}/{signer}/first" for signer in SIGNERS}
    kept = made[f"{NAME}/reader/first"].splitlines()
    (key_id,) = stack.key_ids("reader")
    assert kept[0] == f"S3_READER_KEY_ID={key_id}"
    assert kept[1].startswith("S3_READER_SECRET=")
    assert kept[1].partition("=")[2] not in json.dumps(stack.outputs())
    assert stack.outputs()["Settings"] == f"S3_BUCKET={NAME} S3_REGION={REGION}"


def test_a_machine_with_a_role_needs_no_key() -> None:
    with mock_aws():
        made = Stack("roles", BucketName="roles-content", SiteRole=ROLE)
        assert made.resources("AWS::IAM::AccessKey") == {}
        assert made.resolved("AWS::SecretsManager::Secret") == []
        for signer in SIGNERS:
            line = made.outputs()[f"{signer.title()}Role"]
            name, _, arn = line.partition("=")
            assert name == f"S3_{signer.upper()}_ROLE"
            role = made.iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
            assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": ROLE}
            attached = made.iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
            assert len(attached) == 1
