"""boto3 as it comes, against the bucket: its own retries, checksums, paging and transfers."""

import io
import os
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.s3 import BucketServer
from tests.sandbox.s3.conftest import BUCKET, IDENTITIES, REGION

MIB = 1024 * 1024


def client(server: BucketServer, who: str) -> Any:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 3})
    identity = IDENTITIES[who]
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        config=config,
        aws_access_key_id=identity.key_id,
        aws_secret_access_key=identity.secret,
    )


def test_a_transfer_in_parts_comes_back_the_same(our_bucket: BucketServer) -> None:
    body = os.urandom(MIB) * 17
    parts = TransferConfig(multipart_threshold=6 * MIB, multipart_chunksize=6 * MIB)
    client(our_bucket, "owner").upload_fileobj(io.BytesIO(body), BUCKET, "content/transfer", Config=parts)
    back = io.BytesIO()
    client(our_bucket, "reader").download_fileobj(BUCKET, "content/transfer", back, Config=parts)
    assert back.getvalue() == body


def test_a_stored_checksum_is_given_back_and_checked(our_bucket: BucketServer) -> None:
    put = client(our_bucket, "writer").put_object(
        Bucket=BUCKET, Key="content/sum", Body=b"checked", ChecksumAlgorithm="SHA256"
    )
    head = client(our_bucket, "reader").head_object(Bucket=BUCKET, Key="content/sum", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == put["ChecksumSHA256"]
    answer = client(our_bucket, "reader").get_object(Bucket=BUCKET, Key="content/sum", ChecksumMode="ENABLED")
    assert answer["Body"].read() == b"checked"


def test_lists_page_and_spell_keys_as_they_are(our_bucket: BucketServer) -> None:
    keys = sorted(
        (f"content/pages/{name}" for name in ("a b", "ü", "漢字", "x&y<z>", "50%", "t\ttab", "+")), key=str.encode
    )
    for key in keys:
        client(our_bucket, "writer").put_object(Bucket=BUCKET, Key=key, Body=b"")
    pages = client(our_bucket, "keeper").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=BUCKET, Prefix="content/pages/", PaginationConfig={"PageSize": 2})
    assert [item["Key"] for page in found for item in page["Contents"]] == keys


def test_a_copy_keeps_bytes_and_type_and_may_replace_metadata(our_bucket: BucketServer) -> None:
    client(our_bucket, "writer").put_object(Bucket=BUCKET, Key="content/one", Body=b"1", ContentType="text/plain")
    keeper = client(our_bucket, "keeper")
    source = {"Bucket": BUCKET, "Key": "content/one"}
    keeper.copy_object(Bucket=BUCKET, Key="content/two", CopySource=source)
    keeper.delete_object(Bucket=BUCKET, Key="content/one")
    answer = keeper.get_object(Bucket=BUCKET, Key="content/two")
    assert (answer["Body"].read(), answer["ContentType"]) == (b"1", "text/plain")
    with pytest.raises(ClientError, match="InvalidRequest"):
        keeper.copy_object(Bucket=BUCKET, Key="content/two", CopySource={"Bucket": BUCKET, "Key": "content/two"})


def test_a_slow_bucket_is_asked_again(our_bucket: BucketServer) -> None:
    our_bucket.fail_next(kind="SlowDown")
    client(our_bucket, "writer").put_object(Bucket=BUCKET, Key="content/retried", Body=b"second time")
    assert [entry.status for entry in list(our_bucket.log)[-2:]] == [503, 200]


def test_one_part_of_an_object_can_be_asked_for(our_bucket: BucketServer) -> None:
    owner = client(our_bucket, "owner")
    upload = owner.create_multipart_upload(Bucket=BUCKET, Key="content/by-part")["UploadId"]
    parts = []
    for number, body in enumerate((b"a" * 5 * MIB, b"b" * 10), 1):
        part = owner.upload_part(Bucket=BUCKET, Key="content/by-part", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    owner.complete_multipart_upload(
        Bucket=BUCKET,
        Key="content/by-part",
        UploadId=upload,
        MultipartUpload={"Parts": parts},
    )
    answer = owner.get_object(Bucket=BUCKET, Key="content/by-part", PartNumber=2)
    assert (answer["Body"].read(), answer["PartsCount"]) == (b"b" * 10, 2)


def test_a_part_copied_from_another_object(our_bucket: BucketServer) -> None:
    keeper = client(our_bucket, "owner")
    keeper.put_object(Bucket=BUCKET, Key="content/source", Body=b"0123456789")
    upload = keeper.create_multipart_upload(Bucket=BUCKET, Key="content/joined", ChecksumAlgorithm="SHA256")["UploadId"]
    names = {"Bucket": BUCKET, "Key": "content/joined", "UploadId": upload}
    copied = keeper.upload_part_copy(
        **names, PartNumber=1, CopySource={"Bucket": BUCKET, "Key": "content/source"}, CopySourceRange="bytes=2-5"
    )["CopyPartResult"]
    part = {"PartNumber": 1, "ETag": copied["ETag"], "ChecksumSHA256": copied["ChecksumSHA256"]}
    keeper.complete_multipart_upload(**names, MultipartUpload={"Parts": [part]})
    assert keeper.get_object(Bucket=BUCKET, Key="content/joined")["Body"].read() == b"2345"
