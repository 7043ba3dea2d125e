"""What the bucket keeps: over a restart, over a kill, under a running download; and what it lets go of."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.s3 import BucketServer
from tests.sandbox.s3.cases_multipart import LAST, PART, begin, finish, part_url, put_part, two_parts
from tests.sandbox.s3.conftest import BUCKET, IDENTITIES, KEYS, ORIGIN, REGION
from tests.sandbox.s3.scene import BODY, Engine, Scene

BIG = os.urandom(1024 * 1024) * 24
PIECE = 6 * 1024 * 1024


def bucket_at(root: Path) -> BucketServer:
    return BucketServer(root, bucket=BUCKET, region=REGION, identities=IDENTITIES, cors_origins=[ORIGIN])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BucketServer]:
    with bucket_at(tmp_path) as server:
        yield server


@pytest.fixture
def scene(server: BucketServer) -> Scene:
    return Scene(Engine("bucket", server.endpoint, BUCKET, REGION, KEYS))


def files(root: Path) -> list[Path]:
    return [path for folder in ("data", "tmp") for path in (root / folder).rglob("*") if path.is_file()]


def test_a_restart_loses_nothing(server: BucketServer, scene: Scene) -> None:
    scene.put(headers={"Content-Type": "application/pdf", "x-amz-meta-note": "kept"})
    before = scene.call("HEAD", scene.url()).headers
    other = Scene(scene.engine)
    upload = begin(other)
    first = (1, put_part(other, upload, 1, PART).headers["etag"])
    endpoint = server.endpoint
    server.stop()
    server.start()
    assert server.endpoint == endpoint
    after = scene.call("HEAD", scene.url()).headers
    kept = ("etag", "last-modified", "content-type", "x-amz-meta-note", "content-length")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert finish(other, upload, first, (2, put_part(other, upload, 2, LAST).headers["etag"])).status == 200
    assert other.stored() == PART + LAST


def test_one_folder_has_one_server(server: BucketServer, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="in use"):
        bucket_at(tmp_path).start()
    assert server.store


def test_completing_moves_no_byte_and_deleting_frees_all(scene: Scene, tmp_path: Path) -> None:
    upload = begin(scene)
    parts = two_parts(scene, upload)
    put_part(scene, upload, 3, b"never named")
    before = {path.stat().st_ino for path in files(tmp_path)}
    assert finish(scene, upload, *parts).status == 200
    after = {path.stat().st_ino for path in files(tmp_path)}
    assert after < before
    assert len(after) == 2
    assert scene.call("DELETE", scene.url()).status == 204
    assert files(tmp_path) == []


def test_an_abort_leaves_nothing(scene: Scene, tmp_path: Path) -> None:
    upload = begin(scene)
    two_parts(scene, upload)
    assert scene.call("DELETE", scene.url(uploadId=upload), who="writer").status == 204
    assert files(tmp_path) == []


def test_no_part_url_can_change_an_object_once_it_is_complete(scene: Scene) -> None:
    for number in range(1, 101):
        upload = begin(scene)
        url = part_url(scene, upload, number)
        body = b"%d" % number
        assert finish(scene, upload, (number, scene.send("PUT", url, body=body).headers["etag"])).status == 200
        assert scene.send("PUT", url, body=b"vandal").line == "404 NoSuchUpload"
        assert scene.stored() == body


def test_a_refused_body_leaves_nothing(scene: Scene, tmp_path: Path) -> None:
    headers = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    url = scene.presign("PUT", who="writer", headers=headers)
    assert scene.send("PUT", url, headers=headers, body=BODY).line == "400 BadDigest"
    assert files(tmp_path) == []


@pytest.mark.parametrize("end", ["replaced", "deleted"])
def test_a_running_download_ends_with_the_bytes_it_began_with(scene: Scene, tmp_path: Path, end: str) -> None:
    # In parts, of which the last are not open yet when the first are on their way.
    upload = begin(scene)
    pieces = [BIG[start : start + PIECE] for start in range(0, len(BIG), PIECE)]
    finish(
        scene, upload, *((n, put_part(scene, upload, n, piece).headers["etag"]) for n, piece in enumerate(pieces, 1))
    )
    parts = urlsplit(scene.presign("GET"))
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
        connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        received = bytearray(connection.recv(65536))
        if end == "replaced":
            scene.put(b"new")
        else:
            assert scene.call("DELETE", scene.url()).status == 204
        head, _, body = received.partition(b"\r\n\r\n")
        while len(body) < len(BIG) and (piece := connection.recv(1 << 20)):
            body += piece
    assert head.startswith(b"HTTP/1.1 200")
    assert hashlib.sha256(body).digest() == hashlib.sha256(BIG).digest()
    wait_until(lambda: len(files(tmp_path)) == (1 if end == "replaced" else 0))


def test_readers_and_writers_of_one_key_see_whole_objects(scene: Scene) -> None:
    bodies = [bytes([letter]) * 300_000 for letter in range(8)]
    scene.put(bodies[0])
    seen: list[bytes] = []
    # Signing freezes the clock of the whole process, so all of it is done before any thread runs.
    put, get = scene.presign("PUT", who="writer"), scene.presign("GET")
    writers = [threading.Thread(target=scene.send, args=("PUT", put), kwargs={"body": body}) for body in bodies]
    readers = [threading.Thread(target=lambda: seen.append(scene.send("GET", get).body)) for _ in bodies]
    for thread in (*writers, *readers):
        thread.start()
    for thread in (*writers, *readers):
        thread.join()
    assert len(seen) == len(bodies)
    assert set(seen) <= set(bodies)


def test_a_kill_in_the_middle_of_an_upload_shows_nothing_and_is_swept(tmp_path: Path) -> None:
    key_id, secret = KEYS["writer"]
    command = [sys.executable, "-m", "sandbox.s3", "--root", str(tmp_path), "--bucket", BUCKET]
    process = subprocess.Popen([*command, f"--writer={key_id}:{secret}", "--quiet"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        endpoint = process.stdout.readline().split('"')[3]
        scene = Scene(Engine("bucket", endpoint, BUCKET, REGION, KEYS))
        scene.put(key="content/whole")
        parts = urlsplit(scene.presign("PUT", who="writer"))
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(BIG)}\r\n\r\n"
        with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
            connection.sendall(head.encode() + BIG[: len(BIG) // 2])
            wait_until(lambda: any((tmp_path / "tmp").iterdir()))
            process.kill()
            process.wait()
    finally:
        process.kill()
        process.communicate()
    (tmp_path / "data" / "zz").mkdir()
    (tmp_path / "data" / "zz" / "zzstray").write_bytes(b"a blob that was moved in place but never committed")
    with bucket_at(tmp_path) as server:
        after = Scene(Engine("bucket", server.endpoint, BUCKET, REGION, KEYS), scene.key)
        assert after.stored() is None
        assert after.stored("content/whole") == BODY
        assert len(files(tmp_path)) == 1


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not happen within ten seconds"
        time.sleep(0.01)
