"""Cases of multipart uploads, which is how every file comes in, and of bodies in aws-chunked framing."""

import base64
from xml.sax.saxutils import escape

from tests.sandbox.s3.scene import Cases, Reply, Scene, md5

case = Cases()
PART = b"0123456789abcdef" * (5 * 1024 * 1024 // 16)
LAST = b"and this is the end"


def begin(scene: Scene, **headers: str) -> str:
    reply = scene.call("POST", scene.url(uploads=""), who="writer", headers=headers)
    assert reply.status == 200, reply
    return reply.text("UploadId")


def part_url(scene: Scene, upload: str, number: int | str, **headers: str) -> str:
    query = {"partNumber": str(number), "uploadId": upload}
    return scene.presign("PUT", who="writer", query=query, headers=headers)


def put_part(scene: Scene, upload: str, number: int | str, body: bytes = LAST, /, **headers: str) -> Reply:
    return scene.send("PUT", part_url(scene, upload, number, **headers), headers=headers, body=body)


def finish(
    scene: Scene,
    upload: str,
    *parts: tuple[int, str],
    sums: dict[int, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    def item(number: int, etag: str) -> str:
        extra = f"<ChecksumSHA256>{sums[number]}</ChecksumSHA256>" if sums else ""
        return f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag>{extra}</Part>"

    document = f"<CompleteMultipartUpload>{''.join(item(*part) for part in parts)}</CompleteMultipartUpload>"
    return scene.call("POST", scene.url(uploadId=upload), who="writer", headers=headers, body=document.encode())


def two_parts(scene: Scene, upload: str) -> list[tuple[int, str]]:
    return [(number, put_part(scene, upload, number, body).headers["etag"]) for number, body in ((1, PART), (2, LAST))]


@case("200")
def two_parts_become_one_object(scene: Scene) -> Reply:
    upload = begin(scene)
    reply = finish(scene, upload, *two_parts(scene, upload))
    digests = md5(PART).digest() + md5(LAST).digest()
    assert reply.text("ETag").strip('"') == f"{md5(digests).hexdigest()}-2"
    assert scene.get().body == PART + LAST
    return reply


@case("200")
def one_small_part_becomes_an_object(scene: Scene) -> Reply:
    upload = begin(scene)
    reply = finish(scene, upload, (1, put_part(scene, upload, 1, b"x").headers["etag"]))
    assert scene.stored() == b"x"
    return reply


@case("206")
def a_range_across_two_parts(scene: Scene) -> Reply:
    upload = begin(scene)
    finish(scene, upload, *two_parts(scene, upload))
    first = len(PART) - 4
    reply = scene.send("GET", scene.presign("GET"), headers={"Range": f"bytes={first}-{first + 7}"})
    assert reply.body == PART[-4:] + LAST[:4]
    return reply


@case("404 NoSuchKey")
def nothing_is_there_before_it_is_complete(scene: Scene) -> Reply:
    two_parts(scene, begin(scene))
    return scene.call("GET", scene.url())


@case("404 NoSuchUpload")
def a_part_sent_again_after_the_end(scene: Scene) -> Reply:
    upload = begin(scene)
    url = part_url(scene, upload, 1)
    finish(scene, upload, (1, scene.send("PUT", url, body=LAST).headers["etag"]))
    reply = scene.send("PUT", url, body=b"vandal")
    assert scene.stored() == LAST
    return reply


@case("404 NoSuchUpload")
def completed_twice(scene: Scene) -> Reply:
    upload = begin(scene)
    part = (1, put_part(scene, upload, 1).headers["etag"])
    assert finish(scene, upload, part).status == 200
    reply = finish(scene, upload, part)
    assert scene.stored() == LAST
    return reply


@case("200")
def a_part_sent_twice_counts_once(scene: Scene) -> Reply:
    upload = begin(scene)
    put_part(scene, upload, 1, b"first try")
    reply = finish(scene, upload, (1, put_part(scene, upload, 1, b"second try").headers["etag"]))
    assert scene.stored() == b"second try"
    return reply


@case("200")
def a_part_that_is_not_named_is_left_out(scene: Scene) -> Reply:
    upload = begin(scene)
    put_part(scene, upload, 1, b"left out")
    reply = finish(scene, upload, (2, put_part(scene, upload, 2, b"kept").headers["etag"]))
    assert scene.stored() == b"kept"
    return reply


@case("404 NoSuchUpload")
def a_part_after_an_abort(scene: Scene) -> Reply:
    upload = begin(scene)
    put_part(scene, upload, 1)
    assert scene.call("DELETE", scene.url(uploadId=upload), who="writer").status == 204
    return put_part(scene, upload, 2)


@case("404 NoSuchUpload")
def an_upload_nobody_began(scene: Scene) -> Reply:
    return put_part(scene, "made-up-upload-id", 1)


@case("404 NoSuchUpload", juicefs="200", why="juicefs does not bind an upload to its key")
def an_upload_of_another_key(scene: Scene) -> Reply:
    return put_part(Scene(scene.engine), begin(scene), 1)


@case("400 InvalidArgument", juicefs="200", why="MinIO's code minds the upper end only")
def part_number_nought(scene: Scene) -> Reply:
    return put_part(scene, begin(scene), 0)


@case("400 InvalidArgument")
def part_number_10001(scene: Scene) -> Reply:
    return put_part(scene, begin(scene), 10_001)


@case("400 InvalidArgument", juicefs="200", why="to MinIO's code this is a plain PUT of the object")
def part_number_that_is_none(scene: Scene) -> Reply:
    return put_part(scene, begin(scene), "one")


@case("403 SignatureDoesNotMatch")
def a_part_put_under_another_number(scene: Scene) -> Reply:
    url = part_url(scene, begin(scene), 1)
    return scene.send("PUT", url.replace("partNumber=1", "partNumber=2"), body=LAST)


@case("403 SignatureDoesNotMatch")
def a_part_of_another_length_than_signed(scene: Scene) -> Reply:
    url = part_url(scene, begin(scene), 1, **{"Content-Length": str(len(LAST))})
    return scene.send("PUT", url, body=LAST + b"more")


@case("400 BadDigest")
def a_part_that_does_not_fit_its_md5(scene: Scene) -> Reply:
    upload = begin(scene)
    wrong = base64.b64encode(md5(b"other").digest()).decode()
    reply = put_part(scene, upload, 1, **{"Content-MD5": wrong})
    assert scene.call("GET", scene.url(uploadId=upload), who="writer").texts("PartNumber") == []
    return reply


@case("400 EntityTooSmall", juicefs="200", why="juicefs joins parts of any size")
def a_small_part_that_is_not_the_last(scene: Scene) -> Reply:
    upload = begin(scene)
    parts = [(number, put_part(scene, upload, number).headers["etag"]) for number in (1, 2)]
    return finish(scene, upload, *parts)


@case("400 InvalidPartOrder")
def parts_named_out_of_order(scene: Scene) -> Reply:
    upload = begin(scene)
    return finish(scene, upload, *reversed(two_parts(scene, upload)))


@case("400 InvalidPart")
def a_part_named_with_another_tag(scene: Scene) -> Reply:
    upload = begin(scene)
    put_part(scene, upload, 1)
    return finish(scene, upload, (1, '"00000000000000000000000000000000"'))


@case("400 InvalidPart", juicefs="404 NoSuchUpload", why="juicefs blames the upload")
def a_part_named_that_was_never_sent(scene: Scene) -> Reply:
    upload = begin(scene)
    etag = put_part(scene, upload, 1).headers["etag"]
    return finish(scene, upload, (1, etag), (2, etag))


@case("400 MalformedXML")
def no_part_named_at_all(scene: Scene) -> Reply:
    return finish(scene, begin(scene))


@case("400 MalformedXML")
def a_list_of_parts_that_is_no_xml(scene: Scene) -> Reply:
    upload = begin(scene)
    return scene.call("POST", scene.url(uploadId=upload), who="writer", body=b"<CompleteMultipartUpload><Part>")


@case("200")
def parts_listed_by_pages(scene: Scene) -> Reply:
    upload = begin(scene)
    for number in (1, 2, 3):
        put_part(scene, upload, number)
    first = scene.call("GET", scene.url(uploadId=upload, **{"max-parts": "2"}), who="writer")
    assert (first.texts("PartNumber"), first.text("IsTruncated")) == (["1", "2"], "true")
    marker = first.text("NextPartNumberMarker")
    rest = scene.call("GET", scene.url(uploadId=upload, **{"part-number-marker": marker}), who="writer")
    assert (rest.texts("PartNumber"), rest.text("IsTruncated")) == (["3"], "false")
    return rest


@case("200")
def uploads_in_progress_are_listed(scene: Scene) -> Reply:
    upload = begin(scene)
    reply = scene.call("GET", scene.url("", uploads="", prefix=scene.key))
    assert reply.texts("UploadId") == [upload]
    return reply
