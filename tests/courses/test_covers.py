"""Covers in a bucket of their own (moto stands in for it): public addresses, long caching, no overwriting, no signature."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from moto import mock_aws
from PIL import Image

from courses.models import Ebook
from courses.storage.covers import CoverStorage
from tests import build

REGION = "eu-central-1"


@pytest.fixture
def covers(settings: Any) -> Iterator[Any]:
    settings.MEDIA_BUCKET, settings.S3_REGION = "lectern-covers", REGION
    settings.S3_ENDPOINT_URL, settings.S3_ADDRESSING_STYLE = f"https://s3.{REGION}.amazonaws.com", "virtual"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "courses.storage.covers.CoverStorage"}}
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket="lectern-covers", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield client


def picture() -> ContentFile:  # type: ignore[type-arg]
    out = io.BytesIO()
    Image.new("RGB", (120, 160), "teal").save(out, "PNG")
    return ContentFile(out.getvalue())


@pytest.mark.django_db
def test_a_cover_is_stored_for_everybody_and_for_long(covers: Any) -> None:
    book: Ebook = build.ebook()
    book.cover.save("tides.png", picture())
    stored = covers.get_object(Bucket="lectern-covers", Key=book.cover.name)
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"
    assert stored["ContentType"] == "image/png"
    assert book.cover.url == f"https://lectern-covers.s3.{REGION}.amazonaws.com/{book.cover.name}"


@pytest.mark.django_db
def test_a_changed_cover_gets_a_new_name(covers: Any) -> None:
    book: Ebook = build.ebook()
    book.cover.save("tides.png", picture())
    first = book.cover.name
    book.cover.save("tides.png", picture())
    assert book.cover.name != first
    assert len(covers.list_objects_v2(Bucket="lectern-covers")["Contents"]) == 2


def test_covers_are_signed_for_by_the_keeper_alone(covers: Any, settings: Any) -> None:
    signer = CoverStorage().connection.meta.client._request_signer._credentials
    assert (signer.access_key, signer.secret_key) == settings.S3_IDENTITIES["keeper"]
