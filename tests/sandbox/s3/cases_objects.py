"""Cases of single objects: bodies held against what was promised, ranges, conditions, overrides, keys, lists, CORS."""

import base64
import hashlib
import socket
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

from tests.sandbox.s3.scene import BODY, Cases, Reply, Scene, md5

case = Cases()
IGNORES = "juicefs ignores this checksum header: where it is ignored, the bytes must be read again"


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@case("200")
def a_body_that_fits_its_md5(scene: Scene) -> Reply:
    headers = {"Content-MD5": b64(md5(BODY).digest())}
    reply = scene.put(headers=headers)
    assert reply.headers["etag"] == f'"{md5(BODY).hexdigest()}"'
    return reply


@case("400 BadDigest")
def a_body_that_does_not_fit_its_md5(scene: Scene) -> Reply:
    headers = {"Content-MD5": b64(md5(b"other").digest())}
    reply = scene.send("PUT", scene.presign("PUT", who="writer", headers=headers), headers=headers, body=BODY)
    assert scene.stored() is None
    return reply


@case("400 InvalidDigest")
def an_md5_that_is_none(scene: Scene) -> Reply:
    headers = {"Content-MD5": "bm90IGFuIG1kNQ=="}
    return scene.send("PUT", scene.presign("PUT", who="writer", headers=headers), headers=headers, body=BODY)


@case("200")
def a_body_that_fits_its_sha256(scene: Scene) -> Reply:
    headers = {"x-amz-checksum-sha256": b64(hashlib.sha256(BODY).digest())}
    return scene.send("PUT", scene.presign("PUT", who="writer", headers=headers), headers=headers, body=BODY)


@case("400 BadDigest", juicefs="200", why=IGNORES)
def a_body_that_does_not_fit_its_sha256(scene: Scene) -> Reply:
    headers = {"x-amz-checksum-sha256": b64(hashlib.sha256(b"other").digest())}
    reply = scene.send("PUT", scene.presign("PUT", who="writer", headers=headers), headers=headers, body=BODY)
    assert (scene.stored() is None) == (reply.status == 400)
    return reply


@case("400 BadDigest", juicefs="200", why=IGNORES)
def a_body_that_does_not_fit_its_crc32(scene: Scene) -> Reply:
    headers = {"x-amz-checksum-crc32": b64(zlib.crc32(b"other").to_bytes(4, "big"))}
    return scene.call("PUT", scene.url(), who="writer", headers=headers, body=BODY)


@case("411 MissingContentLength", juicefs="200", why="juicefs takes no length for a length of nothing")
def a_body_without_a_length(scene: Scene) -> Reply:
    return scene.send("PUT", scene.presign("PUT", who="writer"), length=-1)


@case("200")
def a_body_of_nothing(scene: Scene) -> Reply:
    reply = scene.send("PUT", scene.presign("PUT", who="writer"), length=0)
    assert scene.stored() == b""
    return reply


@case("404 NoSuchKey")
def a_body_that_ends_early_stores_nothing(scene: Scene) -> Reply:
    parts = urlsplit(scene.presign("PUT", who="writer"))
    head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + BODY[:100])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    return scene.call("GET", scene.url())


@case("412 PreconditionFailed", juicefs="200", why="juicefs ignores If-None-Match on a PUT")
def a_put_that_must_not_replace(scene: Scene) -> Reply:
    scene.put()
    return scene.call("PUT", scene.url(), who="writer", headers={"If-None-Match": "*"}, body=b"second")


@case("200")
def a_put_that_need_not_replace(scene: Scene) -> Reply:
    return scene.call("PUT", scene.url(), who="writer", headers={"If-None-Match": "*"}, body=BODY)


@case("200")
def a_second_put_replaces_the_first(scene: Scene) -> Reply:
    scene.put(b"first")
    reply = scene.put(b"second")
    assert scene.stored() == b"second"
    return reply


def ranged(scene: Scene, value: str, **headers: str) -> Reply:
    scene.put()
    return scene.send("GET", scene.presign("GET"), headers={"Range": value, **headers})


@case("206")
def a_range_from_the_middle(scene: Scene) -> Reply:
    reply = ranged(scene, "bytes=10-19")
    assert (reply.body, reply.headers["content-range"]) == (BODY[10:20], f"bytes 10-19/{len(BODY)}")
    return reply


@case("206")
def a_range_to_the_end(scene: Scene) -> Reply:
    reply = ranged(scene, f"bytes={len(BODY) - 5}-")
    assert reply.body == BODY[-5:]
    return reply


@case("206")
def a_range_that_asks_for_more_than_there_is(scene: Scene) -> Reply:
    reply = ranged(scene, "bytes=1000-99999999")
    assert reply.body == BODY[1000:]
    return reply


@case("206")
def the_last_bytes(scene: Scene) -> Reply:
    reply = ranged(scene, "bytes=-7")
    assert reply.body == BODY[-7:]
    return reply


@case("416 InvalidRange")
def a_range_past_the_end(scene: Scene) -> Reply:
    return ranged(scene, f"bytes={len(BODY)}-")


@case("206")
def a_range_while_the_object_is_the_same(scene: Scene) -> Reply:
    return ranged(scene, "bytes=0-4", **{"If-Match": f'"{md5(BODY).hexdigest()}"'})


@case("412 PreconditionFailed")
def a_range_of_an_object_that_has_changed(scene: Scene) -> Reply:
    return ranged(scene, "bytes=0-4", **{"If-Match": '"00000000000000000000000000000000"'})


@case("206")
def if_range_with_the_same_tag(scene: Scene) -> Reply:
    return ranged(scene, "bytes=0-4", **{"If-Range": f'"{md5(BODY).hexdigest()}"'})


@case("200", juicefs="206", why="juicefs ignores If-Range, which then mixes two files in a resumed download")
def if_range_with_another_tag(scene: Scene) -> Reply:
    return ranged(scene, "bytes=0-4", **{"If-Range": '"00000000000000000000000000000000"'})


@case("200")
def several_ranges_mean_the_whole(scene: Scene) -> Reply:
    reply = ranged(scene, "bytes=0-1,4-5")
    assert reply.body == BODY
    return reply


@case("304")
def what_the_client_has_already(scene: Scene) -> Reply:
    etag = scene.put().headers["etag"]
    reply = scene.send("GET", scene.presign("GET"), headers={"If-None-Match": etag})
    assert reply.body == b""
    return reply


@case("304")
def what_has_not_changed_since(scene: Scene) -> Reply:
    scene.put()
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    return scene.send("GET", scene.presign("GET"), headers={"If-Modified-Since": later})


@case("412 PreconditionFailed")
def what_has_changed_since(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", scene.presign("GET"), headers={"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"})


@case("200")
def a_signed_file_name_and_type(scene: Scene) -> Reply:
    scene.put()
    disposition = "attachment; filename=\"Caf_.pdf\"; filename*=UTF-8''Caf%C3%A9.pdf"
    query = {"response-content-disposition": disposition, "response-content-type": "application/pdf"}
    reply = scene.get(query=query | {"response-cache-control": "private, no-store"})
    assert reply.headers["content-disposition"] == disposition
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("application/pdf", "private, no-store")
    return reply


@case("400 InvalidArgument", juicefs="200", why="MinIO sends what no header can carry")
def a_file_name_outside_latin_1(scene: Scene) -> Reply:
    scene.put()
    return scene.get(query={"response-content-disposition": 'attachment; filename="漢字.pdf"'})


@case("400 InvalidArgument", juicefs="200", why="MinIO turns line ends into spaces")
def a_file_name_with_a_line_end(scene: Scene) -> Reply:
    scene.put()
    reply = scene.get(query={"response-content-disposition": "attachment\r\nSet-Cookie: a=b"})
    assert "set-cookie" not in reply.headers
    return reply


@case("200")
def a_key_in_any_script(scene: Scene) -> Reply:
    key = f"{scene.key}/日本語 + ü & 100% ~*'().pdf"
    scene.put(key=key)
    reply = scene.get(key=key)
    assert reply.body == BODY
    return reply


@case("200", juicefs="400 XMinioInvalidResourceName", why="a gateway's key is a path on its disk; in S3 it is a name")
def a_key_with_dots_is_only_a_name(scene: Scene) -> Reply:
    key = f"{scene.key}/../../../../etc/passwd"
    return scene.call("PUT", scene.url(key), who="writer", body=BODY)


@case("200")
def a_key_of_1024_bytes(scene: Scene) -> Reply:
    key = (scene.key + "/" + "k" * 1024)[:1024]
    reply = scene.call("PUT", scene.url(key), who="writer", body=BODY)
    assert scene.stored(key) == BODY
    return reply


@case("400 KeyTooLongError", juicefs="200", why="juicefs takes longer keys than S3")
def a_key_of_1025_bytes(scene: Scene) -> Reply:
    key = (scene.key + "/" + "k" * 1025)[:1025]
    return scene.call("PUT", scene.url(key), who="writer", body=BODY)


@case("200")
def type_and_dates_of_an_object(scene: Scene) -> Reply:
    scene.put(headers={"Content-Type": "application/epub+zip"})
    reply = scene.call("HEAD", scene.url(), who="reader")
    assert reply.headers["content-type"] == "application/epub+zip"
    assert abs(parsedate_to_datetime(reply.headers["last-modified"]) - datetime.now(UTC)) < timedelta(seconds=10)
    assert reply.headers["accept-ranges"] == "bytes"
    return reply
