"""The hands of a browser: PUT and GET through presigned URLs, and a whole upload with them."""

import hashlib
import http.client
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import pytest

from courses import storage, uploads
from courses.acceptance import Announced
from courses.models import File, FileVersion
from tests import build

Work = Callable[..., int]


def ask(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    target = urlsplit(url)
    client = http.client.HTTPConnection(target.netloc, timeout=10)
    client.request(method, f"{target.path}?{target.query}", body=body, headers=headers or {})
    response = client.getresponse()
    answer = response.status, response.read()
    client.close()
    return answer


def put(part: uploads.SignedPart, body: bytes, **headers: str) -> int:
    """PUT as a browser does; return the status."""
    return ask("PUT", part.url, body, part.headers | headers)[0]


def delivered(version: FileVersion) -> bytes:
    signed = storage.sign_get(version.key, "x.pdf", content_type=version.content_type, ttl=60, trace="t")
    status, body = ask("GET", signed.url)
    assert status == 200, status
    return body


def a_file(name: str) -> File:
    role = {".vtt": "captions", ".mp4": "media", ".webm": "media", ".mp3": "media", ".m4a": "media"}
    ending = name[name.rindex(".") :].lower()
    return File.objects.create(publication=build.ebook(), name="Manual", role=role.get(ending, "attachment"))


def begun(name: str, size: int, now: datetime, *, of: File | None = None, sums: bool = True) -> FileVersion:
    return uploads.start(of or a_file(name), Announced(name, size, sums=sums), by=None, now=now)


def sign(version: FileVersion, body: bytes, *numbers: int, now: datetime) -> list[uploads.SignedPart]:
    """Have these parts of `body` signed, or all of them."""
    wanted = list(numbers) or list(range(1, version.part_count + 1))
    size = version.part_size
    sums = [hashlib.sha256(body[(number - 1) * size : number * size]).hexdigest() for number in wanted]
    return uploads.sign_parts(version, wanted, sums, now=now)


def send(version: FileVersion, body: bytes, *numbers: int, now: datetime) -> None:
    for part in sign(version, body, *numbers, now=now):
        assert put(part, body[part.offset : part.offset + part.size]) == 200


def arrived(name: str, body: bytes, now: datetime, *, of: File | None = None, sums: bool = True) -> FileVersion:
    """Upload all of it; it is not checked yet."""
    version = begun(name, len(body), now, of=of, sums=sums)
    send(version, body, now=now)
    return uploads.finish(version, now=now)


def uploaded(name: str, body: bytes, now: datetime, work: Work, **options: object) -> FileVersion:
    """Upload all of it, and let the background look at it."""
    version = arrived(name, body, now, **options)  # type: ignore[arg-type]
    work()
    version.refresh_from_db()
    return version


def nothing_left(version: FileVersion) -> bool:
    gone = version.key not in storage.list_keys("content/")
    with pytest.raises(storage.NotThere):
        storage.list_parts(version.key, version.upload_id)
    return gone
