"""What each identity may do, by equality: one action more in the sandbox would hide one missing in the real policy."""

import pytest

from sandbox.s3 import Identity
from sandbox.s3.routes import ON_BUCKET, ON_OBJECT

EVERYTHING = {operation.action for operation in (*ON_OBJECT.values(), *ON_BUCKET.values())} - {""}
ALLOWED = {
    "reader": {"s3:GetObject"},
    "writer": {"s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"},
    "keeper": {
        *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
    },
    "owner": EVERYTHING,
}
ALLOWED_ON_THE_BUCKET = {
    "reader": set(),
    "writer": set(),
    "keeper": {"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetBucketCORS", "s3:GetBucketLocation"},
    "owner": EVERYTHING,
}


@pytest.mark.parametrize("name", ALLOWED)
def test_an_identity_may_do_its_own_work_and_nothing_else(name: str) -> None:
    identity = Identity(name, "id", "secret")
    assert {action for action in EVERYTHING if identity.may(action, "content/file")} == ALLOWED[name]
    assert {action for action in EVERYTHING if identity.may(action)} == ALLOWED_ON_THE_BUCKET[name]


@pytest.mark.parametrize("name", ["reader", "writer", "keeper"])
@pytest.mark.parametrize("key", ["content", "contents/a", "Content/a", "/content/a", "other/content/a"])
def test_no_signer_leaves_content(name: str, key: str) -> None:
    assert not any(Identity(name, "id", "secret").may(action, key) for action in EVERYTHING)
