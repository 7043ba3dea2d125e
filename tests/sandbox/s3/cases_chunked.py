"""Cases of bodies in aws-chunked framing, as SDKs send them: signed chunk by chunk, or with a checksum behind."""

import base64
import hashlib
import hmac
import re
import zlib

from tests.sandbox.s3.scene import BODY, Cases, Reply, Scene

case = Cases()


def chunked(scene: Scene, body: bytes, trailer: str, *, said: int = len(BODY)) -> Reply:
    """A PUT with an unsigned chunked body and a trailing checksum, as SDKs send it."""
    framed = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(body), body, trailer.encode())
    headers = {
        "x-amz-decoded-content-length": str(said),
        "x-amz-trailer": "x-amz-checksum-crc32",
        "Content-Encoding": "aws-chunked",
    }
    signed = scene.signed(
        "PUT", scene.url(), who="writer", headers=headers, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    )
    return scene.send("PUT", scene.url(), headers=signed, body=framed)


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


UNKNOWN = "the code of this MinIO is older than unsigned trailers, and takes the mode for a hash"


@case("200", juicefs="400 XAmzContentSHA256Mismatch", why=UNKNOWN)
def a_chunked_body_with_its_checksum_behind(scene: Scene) -> Reply:
    reply = chunked(scene, BODY, crc32(BODY))
    assert scene.stored() == (BODY if reply.status == 200 else None)
    return reply


@case("400 BadDigest", juicefs="400 XAmzContentSHA256Mismatch", why=UNKNOWN)
def a_chunked_body_with_a_wrong_checksum_behind(scene: Scene) -> Reply:
    reply = chunked(scene, BODY, crc32(b"other"))
    assert scene.stored() is None
    return reply


@case("400 IncompleteBody", juicefs="400 XAmzContentSHA256Mismatch", why=UNKNOWN)
def a_chunked_body_of_another_length_than_said(scene: Scene) -> Reply:
    reply = chunked(scene, BODY, crc32(BODY), said=len(BODY) + 1)
    assert scene.stored() is None
    return reply


def chunk_signed(scene: Scene, sent: bytes) -> Reply:
    """A PUT whose chunks are signed one by one for BODY, while `sent` travels in the first of them."""
    payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    frame = (
        len(f"{len(BODY):x};chunk-signature={'0' * 64}\r\n\r\n")
        + len(BODY)
        + len(f"0;chunk-signature={'0' * 64}\r\n\r\n")
    )
    headers = {
        "x-amz-decoded-content-length": str(len(BODY)),
        "Content-Encoding": "aws-chunked",
        "Content-Length": str(frame),
    }
    signed = scene.signed("PUT", scene.url(), who="writer", headers=headers, payload=payload)
    previous = re.findall("Signature=([0-9a-f]{64})", signed["Authorization"])[0]
    framed = b""
    for original, data in ((BODY, sent), (b"", b"")):
        previous = chunk_signature(scene, signed, previous, original)
        framed += f"{len(data):x};chunk-signature={previous}\r\n".encode() + data + b"\r\n"
    return scene.send("PUT", scene.url(), headers=signed, body=framed)


def chunk_signature(scene: Scene, signed: dict[str, str], previous: str, data: bytes) -> str:
    date = signed["X-Amz-Date"]
    scope = f"{date[:8]}/{scene.engine.region}/s3/aws4_request"
    empty, hashed = hashlib.sha256(b"").hexdigest(), hashlib.sha256(data).hexdigest()
    text = f"AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{empty}\n{hashed}"
    key = f"AWS4{scene.engine.keys['writer'][1]}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


@case("200")
def a_body_signed_chunk_by_chunk(scene: Scene) -> Reply:
    reply = chunk_signed(scene, BODY)
    assert scene.stored() == BODY
    return reply


@case("403 SignatureDoesNotMatch")
def a_forged_chunk(scene: Scene) -> Reply:
    reply = chunk_signed(scene, b"X" + BODY[1:])
    assert scene.stored() is None
    return reply
