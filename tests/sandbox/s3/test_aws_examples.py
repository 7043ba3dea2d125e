"""The signatures AWS publishes as examples, held against the verifier. They are of 24 May 2013, in us-east-1.

Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)": by query, by header, in chunks.
"""

import io
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.s3 import BucketServer, Identity
from sandbox.s3.errors import S3Error
from sandbox.s3.framing import open_body
from sandbox.s3.payload import Body
from sandbox.s3.request import parse
from sandbox.s3.signature import Signed, verify
from tests.sandbox.s3.scene import Engine, Scene

THEN = datetime(2013, 5, 24, 0, 5, tzinfo=UTC)
EXAMPLE = Identity("owner", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SCOPE = f"{EXAMPLE.key_id}/20130524/us-east-1/s3/aws4_request"
HOST = "examplebucket.s3.amazonaws.com"
PRESIGNED = (
    f"/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quote(SCOPE, safe='')}&X-Amz-Date=20130524T000000Z"
    "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
WELCOME = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"


def held(method: str, target: str, headers: dict[str, str], *, signed: str = "", signature: str = "") -> Signed:
    """Verify a request of the example; headers signed in Authorization where `signed` names them."""
    if signed:
        credential = f"Credential={SCOPE},SignedHeaders={signed},Signature={signature}"
        headers = headers | {"x-amz-date": "20130524T000000Z", "authorization": f"AWS4-HMAC-SHA256 {credential}"}
    request = parse(method, target, headers, "examplebucket")
    return verify(request, {EXAMPLE.key_id: EXAMPLE}, region="us-east-1", now=THEN)


def test_the_presigned_example_holds() -> None:
    assert held("GET", PRESIGNED, {"host": HOST}).identity is EXAMPLE


@pytest.mark.parametrize(("old", "new"), [("f604d404", "f604d405"), ("test.txt", "tesT.txt"), ("86400", "86401")])
def test_the_presigned_example_does_not_hold_when_changed(old: str, new: str) -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        held("GET", PRESIGNED.replace(old, new), {"host": HOST})


@pytest.mark.parametrize(
    ("method", "target", "headers", "signed", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"range": "bytes=0-9", "x-amz-content-sha256": EMPTY},
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-storage-class": "REDUCED_REDUNDANCY",
                "x-amz-content-sha256": WELCOME,
            },
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/?lifecycle",
            {"x-amz-content-sha256": EMPTY},
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            {"x-amz-content-sha256": EMPTY},
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_the_examples_of_the_header_hold(
    method: str, target: str, headers: dict[str, str], signed: str, signature: str
) -> None:
    assert held(method, target, {"host": HOST, **headers}, signed=signed, signature=signature).identity is EXAMPLE


CHUNKED = {
    "host": "s3.amazonaws.com",
    "content-encoding": "aws-chunked",
    "content-length": "66824",
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "x-amz-decoded-content-length": "66560",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
}
CHUNKS = [
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]


def chunked_body(letter: bytes) -> Body:
    signed = held(
        "PUT",
        "/examplebucket/chunkObject.txt",
        CHUNKED,
        signed="content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
        signature="4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    )
    frames = (f"{size:x};chunk-signature={mark}\r\n".encode() + letter * size + b"\r\n" for size, mark in CHUNKS)
    return Body(open_body(io.BytesIO(b"".join(frames)), CHUNKED), CHUNKED, signed)


def test_the_chunked_example_holds() -> None:
    assert sum(len(piece) for piece in chunked_body(b"a").pieces()) == 66560


def test_the_chunked_example_does_not_hold_for_other_bytes() -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        list(chunked_body(b"b").pieces())


def test_the_presigned_example_gives_the_bytes_at_its_own_time(tmp_path: Path) -> None:
    identities = {"owner": EXAMPLE}
    clock = {"bucket": "examplebucket", "region": "us-east-1", "clock": lambda: THEN}
    with BucketServer(tmp_path, identities=identities, cors_origins=[], **clock) as server:  # type: ignore[arg-type]
        pair = (EXAMPLE.key_id, EXAMPLE.secret)
        scene = Scene(Engine("bucket", server.endpoint, "examplebucket", "us-east-1", {"owner": pair}), "test.txt")
        age = (datetime.now(UTC) - THEN).total_seconds()
        headers = scene.signed("PUT", scene.url(), who="owner", body=b"Welcome", age=age)
        assert scene.send("PUT", scene.url(), headers=headers, body=b"Welcome").status == 200
        assert scene.send("GET", server.endpoint + PRESIGNED, headers={"Host": HOST}).body == b"Welcome"
