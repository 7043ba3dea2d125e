"""Cases of multipart uploads with checksums: what was announced must come, and come again at the end."""

import base64
import hashlib

from tests.sandbox.s3.cases_multipart import LAST, PART, begin, finish, put_part
from tests.sandbox.s3.scene import Cases, Reply, Scene

case = Cases()
IGNORES = "juicefs ignores the checksum header: there the bytes must be read again"
MINIO = "MinIO's code keeps no checksum algorithm of an upload"


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


@case("200")
def parts_with_their_sha256(scene: Scene) -> Reply:
    upload = begin(scene, **{"x-amz-checksum-algorithm": "SHA256"})
    bodies = {1: PART, 2: LAST}
    sums = {number: sha256(body) for number, body in bodies.items()}
    answers = {
        number: put_part(scene, upload, number, body, **{"x-amz-checksum-sha256": sums[number]})
        for number, body in bodies.items()
    }
    reply = finish(scene, upload, *((number, answer.headers["etag"]) for number, answer in answers.items()), sums=sums)
    assert scene.get().body == PART + LAST
    return reply


@case("400 BadDigest", juicefs="200", why=IGNORES)
def a_part_that_does_not_fit_its_sha256(scene: Scene) -> Reply:
    upload = begin(scene, **{"x-amz-checksum-algorithm": "SHA256"})
    return put_part(scene, upload, 1, **{"x-amz-checksum-sha256": sha256(b"other")})


@case("400 InvalidRequest", juicefs="200", why=MINIO)
def a_part_without_the_checksum_its_upload_asks_for(scene: Scene) -> Reply:
    return put_part(scene, begin(scene, **{"x-amz-checksum-algorithm": "SHA256"}), 1)


@case("400 BadDigest", juicefs="200", why=IGNORES)
def a_part_with_a_wrong_checksum_nobody_asked_for(scene: Scene) -> Reply:
    return put_part(scene, begin(scene), 1, **{"x-amz-checksum-sha256": sha256(b"other")})


@case("200")
def a_part_named_with_a_checksum_nobody_asked_for(scene: Scene) -> Reply:
    upload, sums = begin(scene), {1: sha256(LAST)}
    part = (1, put_part(scene, upload, 1, **{"x-amz-checksum-sha256": sums[1]}).headers["etag"])
    return finish(scene, upload, part, sums=sums)


@case("400 InvalidPart", juicefs="200", why=IGNORES)
def a_part_that_had_a_checksum_named_without_it(scene: Scene) -> Reply:
    upload = begin(scene)
    part = (1, put_part(scene, upload, 1, **{"x-amz-checksum-sha256": sha256(LAST)}).headers["etag"])
    return finish(scene, upload, part)


@case("400 InvalidRequest", juicefs="200", why=MINIO)
def a_list_of_parts_without_their_checksums(scene: Scene) -> Reply:
    upload = begin(scene, **{"x-amz-checksum-algorithm": "SHA256"})
    etag = put_part(scene, upload, 1, **{"x-amz-checksum-sha256": sha256(LAST)}).headers["etag"]
    return finish(scene, upload, (1, etag))


def finished_as(scene: Scene, headers: dict[str, str]) -> Reply:
    """One part with its SHA-256, completed with these headers; refused, the object is not there."""
    upload = begin(scene, **{"x-amz-checksum-algorithm": "SHA256"})
    part = (1, put_part(scene, upload, 1, **{"x-amz-checksum-sha256": sha256(LAST)}).headers["etag"])
    reply = finish(scene, upload, part, sums={1: sha256(LAST)}, headers=headers)
    assert scene.stored() == (LAST if reply.status == 200 else None)
    return reply


@case("200")
def a_whole_that_fits_its_size_and_sha256(scene: Scene) -> Reply:
    whole = sha256(hashlib.sha256(LAST).digest())
    return finished_as(scene, {"x-amz-checksum-sha256": f"{whole}-1", "x-amz-mp-object-size": str(len(LAST))})


@case("400 BadDigest", juicefs="200", why=IGNORES)
def a_whole_that_does_not_fit_its_sha256(scene: Scene) -> Reply:
    return finished_as(scene, {"x-amz-checksum-sha256": f"{sha256(LAST)}-1"})


@case("400 InvalidRequest", juicefs="200", why="juicefs ignores the size a completion names")
def a_whole_of_another_size(scene: Scene) -> Reply:
    return finished_as(scene, {"x-amz-mp-object-size": "1"})
