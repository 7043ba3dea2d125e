"""Uploads on the server's side, with real bytes PUT through real presigned URLs to the embedded bucket."""

import hashlib
import http.client
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client

from courses import storage, uploads
from courses.models import File, FileVersion
from sandbox.s3 import BucketServer
from tests import build
from tests.courses.uploads.samples import BAD, GOOD, PDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
State = FileVersion.State


def put(url: str, body: bytes) -> int:
    """PUT as a browser does; return the status."""
    target = urlsplit(url)
    client = http.client.HTTPConnection(target.netloc, timeout=10)
    client.request("PUT", f"{target.path}?{target.query}", body=body)
    response = client.getresponse()
    response.read()
    client.close()
    return response.status


def get(url: str) -> tuple[int, bytes]:
    target = urlsplit(url)
    client = http.client.HTTPConnection(target.netloc, timeout=10)
    client.request("GET", f"{target.path}?{target.query}")
    response = client.getresponse()
    body = response.read()
    client.close()
    return response.status, body


def a_file(name: str) -> File:
    role = {".vtt": "captions", ".mp4": "media", ".webm": "media", ".mp3": "media", ".m4a": "media"}
    ending = name[name.rindex(".") :].lower()
    return File.objects.create(
        publication=build.ebook().publication_ptr, name="Manual", role=role.get(ending, "attachment")
    )


def uploaded(name: str, body: bytes, now: datetime) -> FileVersion:
    version = uploads.start(a_file(name), name=name, size=len(body), by=None, now=now)
    for part in uploads.sign_parts(version, range(1, uploads.part_count(version) + 1)):
        assert put(part.url, body[part.offset : part.offset + part.size]) == 200
    return uploads.finish(version, now=now)


def nothing_left(version: FileVersion) -> bool:
    gone = version.key not in storage.list_keys("content/")
    with pytest.raises(storage.NotThere):
        storage.list_parts(version.key, version.upload_id)
    return gone


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_becomes_ready_and_is_delivered_byte_for_byte(name: str, now: datetime) -> None:
    version = uploaded(name, GOOD[name], now)
    assert (version.state, version.problem) == (State.READY, "")
    signed = storage.sign_get(version.key, "x.pdf", content_type=version.content_type, ttl=60, trace="t")
    assert get(signed.url) == (200, GOOD[name])


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_rejected_with_a_sentence_and_its_bytes_are_removed(case: str, now: datetime) -> None:
    name, body = BAD[case]
    version = uploaded(name, body, now)
    assert version.state == State.REJECTED
    assert version.problem.endswith((".", "?"))
    assert nothing_left(version)


def test_an_upload_of_many_parts_arrives_whole(now: datetime) -> None:
    body = PDF + bytes(range(256)) * (18 * 4096) + b"\n%%EOF\n"
    version = uploaded("big.pdf", body, now)
    assert uploads.part_count(version) == 3
    assert version.state == State.READY
    signed = storage.sign_get(version.key, "x.pdf", content_type="application/pdf", ttl=60, trace="t")
    assert hashlib.sha256(get(signed.url)[1]).digest() == hashlib.sha256(body).digest()


def test_one_byte_goes_the_same_way(now: datetime) -> None:
    version = uploads.start(a_file("a.mp3"), name="a.mp3", size=1, by=None, now=now)
    [part] = uploads.sign_parts(version, [1])
    assert (part.offset, part.size) == (0, 1)
    assert put(part.url, b"I") == 200
    assert uploads.finish(version, now=now).state == State.REJECTED


@pytest.mark.parametrize("size", [0, -1, uploads.MAX_SIZE + 1])
def test_an_impossible_size_is_refused_before_anything_begins(size: int, now: datetime, bucket: BucketServer) -> None:
    with pytest.raises(uploads.UploadRefused, match="empty, or larger"):
        uploads.start(a_file("a.pdf"), name="a.pdf", size=size, by=None, now=now)
    assert not FileVersion.objects.exists()


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "run.exe", "script.js", "noending", "", "a.pdf.html"])
def test_a_type_that_is_not_taken_is_refused_with_the_ones_that_are(name: str, now: datetime) -> None:
    file = build.file(ready=False)
    with pytest.raises(uploads.UploadRefused, match=r"\.epub, \.pdf"):
        uploads.start(file, name=name, size=10, by=None, now=now)


def test_parts_fit_the_buckets_limits_for_every_size() -> None:
    sizes = {1, 8 * 2**20, 8 * 2**20 + 1, uploads.MAX_SIZE} | {2**n + d for n in range(1, 46) for d in (-1, 0, 1)}
    for size in sorted(size for size in sizes if 1 <= size <= uploads.MAX_SIZE):
        version = FileVersion(size=size, part_size=uploads.part_size(size))
        count = uploads.part_count(version)
        assert 1 <= count <= 10_000
        assert 5 * 2**20 <= version.part_size <= 5 * 2**30
        assert (count - 1) * version.part_size + uploads.size_of_part(version, count) == size
        assert 1 <= uploads.size_of_part(version, count) <= version.part_size


@pytest.mark.parametrize("numbers", [[], [0], [2], [10_001], [1, 1], [-1], range(1, 102)])
def test_parts_that_do_not_exist_are_not_signed(numbers: list[int], now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=100, by=None, now=now)
    with pytest.raises(uploads.UploadRefused):
        uploads.sign_parts(version, numbers)


@pytest.mark.parametrize("body", [b"x" * 99, b"x" * 101])
def test_a_part_of_another_length_is_refused_by_the_bucket(body: bytes, now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=100, by=None, now=now)
    [part] = uploads.sign_parts(version, [1])
    assert put(part.url, body) == 403
    with pytest.raises(uploads.UploadRefused, match="not arrived yet"):
        uploads.finish(version, now=now)
    version.refresh_from_db()
    assert version.state == State.UPLOADING


def test_a_part_url_is_dead_once_the_upload_is_complete(now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=len(PDF), by=None, now=now)
    [part] = uploads.sign_parts(version, [1])
    put(part.url, PDF)
    uploads.finish(version, now=now)
    assert put(part.url, b"y" * len(PDF)) == 404
    signed = storage.sign_get(version.key, "x.pdf", content_type="application/pdf", ttl=60, trace="t")
    assert get(signed.url)[1] == PDF


def test_what_has_arrived_need_not_be_sent_again(now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=20 * 2**20, by=None, now=now)
    second = uploads.sign_parts(version, [2])[0]
    assert put(second.url, bytes(second.size)) == 200
    assert uploads.parts_there(version) == [2]


def test_finishing_twice_gives_the_same_answer(now: datetime) -> None:
    version = uploaded("a.pdf", PDF, now)
    assert uploads.finish(FileVersion.objects.get(pk=version.pk), now=now).state == State.READY
    assert FileVersion.objects.count() == 1


def test_a_finish_while_another_is_at_work_is_refused(now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=len(PDF), by=None, now=now)
    FileVersion.objects.filter(pk=version.pk).update(state=State.VERIFYING)
    with pytest.raises(uploads.UploadRefused, match="being checked"):
        uploads.finish(version, now=now)


def test_a_crash_between_the_buckets_complete_and_our_commit_heals_by_finishing_again(now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=len(PDF), by=None, now=now)
    put(uploads.sign_parts(version, [1])[0].url, PDF)
    storage.complete_multipart(version.key, version.upload_id, storage.list_parts(version.key, version.upload_id))
    assert uploads.finish(version, now=now).state == State.READY


def test_cancelling_leaves_nothing_in_the_bucket_and_twice_is_no_error(now: datetime) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=100, by=None, now=now)
    put(uploads.sign_parts(version, [1])[0].url, b"x" * 100)
    assert uploads.abort(version).state == State.ABORTED
    assert uploads.abort(version).state == State.ABORTED
    assert nothing_left(version)
    with pytest.raises(uploads.UploadRefused, match="over"):
        uploads.sign_parts(version, [1])
    with pytest.raises(uploads.UploadRefused):
        uploads.finish(version, now=now)


def test_cancelling_what_is_ready_changes_nothing(now: datetime) -> None:
    version = uploaded("a.pdf", PDF, now)
    assert uploads.abort(version).state == State.READY
    assert version.key in storage.list_keys("content/")


def test_a_bucket_in_trouble_leaves_the_upload_as_it_was(now: datetime, bucket: BucketServer) -> None:
    version = uploads.start(a_file("a.pdf"), name="a.pdf", size=len(PDF), by=None, now=now)
    put(uploads.sign_parts(version, [1])[0].url, PDF)
    bucket.fail_next(10, kind="InternalError")
    with pytest.raises(storage.StorageError):
        uploads.finish(version, now=now)
    bucket.chaos.clear()
    version.refresh_from_db()
    assert version.state == State.UPLOADING
    assert uploads.finish(version, now=now).state == State.READY


def test_a_replacement_serves_only_once_it_is_ready(
    now: datetime, subscriber: object, client_for: type[Client]
) -> None:
    old = uploaded("a.pdf", PDF, now)
    new = uploads.start(old.file, name="b.pdf", size=len(PDF), by=None, now=now)
    browser = client_for(subscriber)
    assert old.key in browser.get(old.file.get_absolute_url()).headers["Location"]
    put(uploads.sign_parts(new, [1])[0].url, PDF)
    uploads.finish(new, now=datetime.now(now.tzinfo))
    assert new.key in browser.get(old.file.get_absolute_url()).headers["Location"]
