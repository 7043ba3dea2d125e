"""Presigned URLs: AWS's own example, what is signed, with whose key, for how long."""

import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from botocore.credentials import Credentials
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from courses import storage
from courses.storage.signing import object_url, presign

KEY = "content/5f0e2b6c-8d0a-4f0f-9a6e-2f6f5c0f3a11"
TRACE = "0b7c7b1e-7c55-4b0f-8f0c-6a1f4a2b9d10"


def signed_get(**options: object) -> storage.SignedURL:
    values = {"content_type": "application/pdf", "ttl": 120, "trace": TRACE}
    return storage.sign_get(KEY, "Tides.pdf", **values | options)  # type: ignore[arg-type]


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def test_signer_reproduces_the_published_example_of_aws() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    with time_machine.travel(datetime(2013, 5, 24, tzinfo=UTC), tick=False):
        url = presign(
            "GET",
            "https://examplebucket.s3.amazonaws.com/test.txt",
            {},
            {},
            credentials=Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            region="us-east-1",
            ttl=86400,
        )
    assert query(url)["X-Amz-Signature"] == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


def test_get_is_signed_by_the_reader_and_carries_trace_name_type_and_no_store() -> None:
    parameters = query(signed_get().url)
    assert parameters["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert parameters["X-Amz-Credential"].split("/")[0] == settings.S3_IDENTITIES["reader"][0]
    assert parameters["X-Amz-Credential"].split("/")[2:] == [settings.S3_REGION, "s3", "aws4_request"]
    assert parameters["X-Amz-Expires"] == "120"
    assert parameters["x-dl"] == TRACE
    assert parameters["response-content-type"] == "application/pdf"
    assert parameters["response-cache-control"] == "private, no-store"
    assert parameters["response-content-disposition"].startswith('attachment; filename="Tides.pdf"')


def test_part_is_signed_by_the_writer_with_its_number_upload_and_length() -> None:
    parameters = query(storage.sign_part(KEY, "upload-1", 7, size=8_388_608, ttl=900).url)
    assert parameters["X-Amz-Credential"].split("/")[0] == settings.S3_IDENTITIES["writer"][0]
    assert (parameters["partNumber"], parameters["uploadId"]) == ("7", "upload-1")
    assert "content-length" in parameters["X-Amz-SignedHeaders"].split(";")


def test_expiry_told_is_never_later_than_expiry_signed() -> None:
    moment = datetime(2026, 11, 24, 12, 0, 0, 999_000, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        signed = signed_get(ttl=30)
    assert signed.expires_at == datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
    assert query(signed.url)["X-Amz-Date"] == "20261124T120000Z"


@pytest.mark.parametrize("ttl", [-5, 0, 29, 901, 604_801, 10**12])
def test_lifetime_out_of_bounds_is_refused(ttl: int) -> None:
    with pytest.raises(ValueError, match="30 to 900"):
        signed_get(ttl=ttl)
    with pytest.raises(ValueError, match="30 to 900"):
        storage.sign_part(KEY, "upload-1", 1, size=1, ttl=ttl)


@pytest.mark.parametrize(
    "key", ["", "secret", "content/../secret", "../x", "//evil", "content/x@evil.com", KEY + "/x", "incoming/" + KEY]
)
def test_key_that_is_not_ours_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        storage.sign_get(key, "x.pdf", content_type="application/pdf", ttl=60, trace=TRACE)


@pytest.mark.parametrize(("number", "size"), [(0, 1), (10_001, 1), (-1, 1), (1, -1), (1, 5 * 1024**3 + 1)])
def test_part_out_of_bounds_is_refused(number: int, size: int) -> None:
    with pytest.raises(ValueError, match="part"):
        storage.sign_part(KEY, "upload-1", number, size=size, ttl=60)


@pytest.mark.parametrize(
    ("style", "host", "path"),
    [
        ("path", "s3.eu-central-1.amazonaws.com", f"/lectern-content/{KEY}"),
        ("virtual", "lectern-content.s3.eu-central-1.amazonaws.com", f"/{KEY}"),
    ],
)
def test_addressing_is_path_or_virtual_as_set(settings: object, style: str, host: str, path: str) -> None:
    settings.S3_ADDRESSING_STYLE = style  # type: ignore[attr-defined]
    settings.S3_ENDPOINT_URL = "https://s3.eu-central-1.amazonaws.com"  # type: ignore[attr-defined]
    settings.S3_BUCKET_ORIGIN = "https://lectern-content.s3.eu-central-1.amazonaws.com"  # type: ignore[attr-defined]
    parts = urlsplit(object_url(KEY))
    assert (parts.netloc, parts.path) == (host, path)
    assert urlsplit(signed_get().url).netloc == host


def test_repr_of_a_signed_url_hides_it() -> None:
    assert "X-Amz" not in repr(signed_get())


@given(st.text(max_size=300), st.sampled_from(["application/pdf", "application/epub+zip", "video/mp4"]))
def test_any_title_signs_into_an_ascii_url_within_bounds(title: str, content_type: str) -> None:
    name = storage.download_name(title, content_type)
    url = storage.sign_get(
        f"content/{uuid.uuid4()}", name, content_type=content_type, ttl=60, trace=str(uuid.uuid4())
    ).url
    assert url.isascii()
    assert len(url) <= 2_000
