"""The access log tells whose click it was, and gives no signature away."""

import logging

import pytest

from sandbox.s3 import BucketServer
from tests.sandbox.s3.scene import BODY, Scene, edited, parameter


def test_a_download_is_logged_with_its_trace(our_bucket: BucketServer, ours: Scene) -> None:
    ours.put()
    assert ours.get(query={"x-dl": "download-17"}).status == 200
    entry = our_bucket.log[-1]
    assert (entry.trace, entry.identity, entry.operation, entry.status) == ("download-17", "reader", "GetObject", 200)
    assert our_bucket.log[-2].received == len(BODY)


def test_a_refusal_is_logged_with_its_code(our_bucket: BucketServer, ours: Scene) -> None:
    ours.get(expires=10, age=20)
    assert (our_bucket.log[-1].status, our_bucket.log[-1].code) == (403, "AccessDenied")


def test_no_signature_is_logged(our_bucket: BucketServer, ours: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sandbox.s3")
    ours.put()
    url = ours.presign("GET", token="a-session-token")
    ours.send("GET", url)
    ours.send("GET", edited(url, "x-dl", "line\r\nbreak"))
    ours.get()
    written = "\n".join([*caplog.messages, *(entry.target for entry in our_bucket.log)])
    assert "X-Amz-Signature=-" in written
    assert parameter(url, "X-Amz-Signature") not in written
    assert "a-session-token" not in written
    assert all("\n" not in message for message in caplog.messages)
