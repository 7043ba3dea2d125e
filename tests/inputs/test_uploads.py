"""Bad inputs among 45 to 75 that stand nowhere else: see docs/bad-inputs.md for the tests of the others."""

import struct
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses import acceptance, storage, sweep, tasks, uploads
from courses.models import Ebook, FileVersion
from tests import build
from tests.courses.uploads.hands import Work, begun, nothing_left, send, sign
from tests.courses.uploads.samples import PDF
from tests.courses.uploads.test_flow import LONG
from tests.visits import Visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
Knock = Callable[..., Visit]
START = "/admin/courses/file/uploads/"
State = FileVersion.State


@pytest.mark.parametrize("size", [5 * 1024**3 + 1, 100 * 1024**3])
def test_u50_what_one_put_could_not_hold_is_sent_in_parts(
    owner: User, client_for: Any, knock: Knock, size: int
) -> None:
    lesson = build.lesson()
    body = {"publication": lesson.course.pk, "lesson": lesson.pk, "role": "media", "name": "film.mp4", "size": size}
    visit = knock(client_for(owner), "post", START, body, content_type="application/json")
    told = visit.response.json()
    assert visit.status == 200
    assert 1 < told["parts"] <= 10_000
    assert told["part_size"] <= acceptance.LARGEST_PART


NONSENSE = ["NaN", "-1", "0", "1e30", '"abc"', "null", "true", "[]", "{}", "1.5", "-0"]


@pytest.mark.parametrize("size", NONSENSE)
def test_u48_u49_size_that_is_none_is_refused(owner: User, client_for: Any, knock: Knock, size: str) -> None:
    body = f'{{"publication": {build.ebook().pk}, "role": "book", "name": "a.pdf", "size": {size}}}'
    knock(client_for(owner), "post", START, body.encode(), content_type="application/json").refused(400)


def test_u53_part_that_is_too_small_is_refused_by_the_bucket_and_finishes_nothing(
    owner: User, client_for: Any, knock: Knock, now: datetime
) -> None:
    version = begun("big.pdf", len(LONG), now)
    send(version, LONG, 2, 3, now=now)
    address = reverse("admin:courses_upload_finish", args=[version.pk])
    visit = knock(client_for(owner), "post", address, b"{}", content_type="application/json").refused(409)
    assert visit.response.json()["missing"] == [1]


def flood(width: int, height: int) -> bytes:
    """A PNG that says it is this large, in a hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [50_000, 13_000])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_u67_flood_of_pixels_is_refused_in_words_and_never_unpacked(
    owner: User, client_for: Any, knock: Knock, side: int
) -> None:
    book: Ebook = build.ebook(state="draft")
    cover = SimpleUploadedFile("cover.png", flood(side, side), content_type="image/png")
    form = {"title": book.title, "slug": book.slug, "access": "members", "cover": cover}
    visit = knock(client_for(owner), "post", reverse("admin:courses_ebook_change", args=[book.pk]), form)
    assert visit.status == 200
    assert "errorlist" in visit.page
    assert visit.before["courses.Publication"] == visit.after["courses.Publication"]
    assert visit.lines == []


def test_u70_upload_left_in_the_middle_goes_on_next_day_and_is_swept_after_a_week(now: datetime, work: Work) -> None:
    version = begun("big.pdf", len(LONG), now)
    send(version, LONG, 1, now=now)
    assert sweep.run(now=timezone.now() + timedelta(hours=24), check=tasks.verify.enqueue).cancelled == 0
    assert set(uploads.parts_there(version)) == {1}
    send(version, LONG, 2, 3, now=now)
    uploads.finish(version, now=now)
    work()
    version.refresh_from_db()
    assert version.state == State.READY
    left = begun("big.pdf", len(LONG), now)
    send(left, LONG, 1, now=now)
    assert sweep.run(now=timezone.now() + timedelta(days=8), check=tasks.verify.enqueue).cancelled == 1
    assert nothing_left(left)


def test_u71_after_a_lost_line_the_part_that_is_missing_is_sent_alone(now: datetime, work: Work) -> None:
    """A drop in the middle of a part leaves no part: the bucket keeps whole ones alone."""
    version = begun("big.pdf", len(LONG), now)
    send(version, LONG, 1, 3, now=now)
    with pytest.raises(uploads.PartsMissing) as missing:
        uploads.finish(version, now=now)
    assert missing.value.numbers == [2]
    assert [part.number for part in sign(version, LONG, 2, now=now)] == [2]
    send(version, LONG, 2, now=now)
    uploads.finish(version, now=now)
    work()
    assert FileVersion.objects.get().state == State.READY


def test_u72_two_who_replace_one_file_leave_two_versions_and_the_last_serves(now: datetime, work: Work) -> None:
    first = begun("a.pdf", len(PDF), now)
    second = begun("b.pdf", len(PDF), now, of=first.file)
    for version in (second, first):
        send(version, PDF, now=now)
        uploads.finish(version, now=now)
        work()
    serving = FileVersion.objects.ready().order_by("-ready_at", "-pk").first()
    assert serving == first
    assert FileVersion.objects.filter(file=first.file, state=State.READY).count() == 2
    assert {first.key, second.key} <= set(storage.list_keys("content/"))
