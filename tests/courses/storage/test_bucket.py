"""What the server asks of the bucket, beyond one page of answers and when it says no (moto stands in for a large bucket)."""

import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from courses import storage

REGION = "eu-central-1"


@pytest.fixture
def amazon(settings: Any) -> Iterator[Any]:
    settings.S3_REGION, settings.S3_ADDRESSING_STYLE = REGION, "virtual"
    settings.S3_ENDPOINT_URL = f"https://s3.{REGION}.amazonaws.com"
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket=settings.S3_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield client


def key() -> str:
    return f"content/{uuid.uuid4()}"


def test_keys_are_listed_beyond_the_first_thousand(amazon: Any, settings: Any) -> None:
    made = {key() for _ in range(1_001)}
    for name in made:
        amazon.put_object(Bucket=settings.S3_BUCKET, Key=name, Body=b"")
    amazon.put_object(Bucket=settings.S3_BUCKET, Key="covers/other", Body=b"")
    assert set(storage.list_keys("content/")) == made


def test_parts_are_listed_beyond_the_first_thousand_in_order(amazon: Any, settings: Any) -> None:
    name = key()
    upload = storage.create_multipart(name, "application/pdf")
    for number in range(1_001, 0, -1):
        amazon.upload_part(Bucket=settings.S3_BUCKET, Key=name, UploadId=upload, PartNumber=number, Body=b"x")
    assert [part.number for part in storage.list_parts(name, upload)] == list(range(1, 1_002))


def test_uploads_under_way_are_listed_with_their_ids(amazon: Any) -> None:
    name = key()
    upload = storage.create_multipart(name, "application/pdf")
    assert list(storage.list_uploads("content/")) == [(name, upload)]


def test_what_is_not_there_is_our_own_error(amazon: Any) -> None:
    for ask in (
        lambda: storage.list_parts(key(), "none"),
        lambda: storage.head(key()),
        lambda: storage.read_range(key(), 0, 10),
    ):
        with pytest.raises(storage.StorageError):
            ask()


def test_deleting_twice_is_no_error(amazon: Any, settings: Any) -> None:
    name = key()
    amazon.put_object(Bucket=settings.S3_BUCKET, Key=name, Body=b"x")
    storage.delete_object(name)
    storage.delete_object(name)
    assert list(storage.list_keys("content/")) == []


def test_a_bucket_nobody_answers_for_is_our_own_error(settings: Any) -> None:
    settings.S3_ENDPOINT_URL = "http://127.0.0.1:9"
    with pytest.raises(storage.StorageError) as failed:
        storage.head(key())
    assert "127.0.0.1" not in str(failed.value)
