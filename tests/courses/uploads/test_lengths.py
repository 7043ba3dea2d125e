"""A lesson is as long as its film or recording, unless its owner said otherwise. Those in `recorded` are real, made by FFmpeg."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from courses import inspection, uploads
from courses.inspection import lengths
from courses.models import File, FileVersion, Lesson
from courses.publishing import duplicate
from tests import build
from tests.courses.uploads.hands import Work, uploaded
from tests.courses.uploads.samples import box

RECORDED = Path(__file__).parent / "recorded"
LENGTHS = {
    "film.mp4": 7,
    "film.webm": 7,
    "talk.m4a": 3,
    "counted.mp3": 3,
    "steady.mp3": 3,
    "slow.mp3": 3,
    # A film in fragments, and a live recording such as browsers make, do not know how long they are.
    "fragments.mp4": 0,
    "live.webm": 0,
}


def measured(name: str, body: bytes) -> int:
    kind = inspection.content_type_of(name)
    return inspection.seconds(kind, len(body), lambda start, length: body[start : start + length])


def film(seconds: int, *, wide: bool = False) -> bytes:
    width = 8 if wide else 4
    header = (
        bytes([wide, 0, 0, 0]) + bytes(2 * width) + (600).to_bytes(4, "big") + (600 * seconds).to_bytes(width, "big")
    )
    return box(b"ftyp", b"isom") + box(b"mdat", b"d" * 99) + box(b"moov", box(b"mvhd", header + bytes(80)))


@pytest.mark.parametrize("name", LENGTHS)
def test_a_real_file_is_as_long_as_it_plays(name: str) -> None:
    assert measured(name, (RECORDED / name).read_bytes()) == LENGTHS[name]


def test_a_long_film_counts_in_wide_numbers() -> None:
    assert measured("a.mp4", film(7200, wide=True)) == 7200
    fragmented = box(b"mvhd", bytes(12) + (600).to_bytes(4, "big") + bytes(84))
    said = box(b"mvex", box(b"mehd", bytes(4) + (600 * 90).to_bytes(4, "big")))
    assert measured("a.mp4", box(b"ftyp", b"isom") + box(b"moov", fragmented + said)) == 90


def test_little_is_read_however_long_a_film_is() -> None:
    body, asked = film(60), list[int]()

    def read(start: int, length: int) -> bytes:
        asked.append(length)
        return body[start : start + length]

    assert inspection.seconds("video/mp4", len(body), read) == 60
    assert len(asked) < 8
    assert sum(asked) < 200


def test_nonsense_is_no_length() -> None:
    assert measured("a.mp4", film(lengths.LONGEST + 1)) == 0
    assert measured("a.mp4", box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd"))) == 0
    assert measured("a.pdf", b"%PDF-") == 0


@pytest.mark.parametrize("name", LENGTHS)
def test_no_damaged_file_breaks_the_reading(name: str) -> None:
    whole = (RECORDED / name).read_bytes()
    chance = random.Random(name)
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            body[chance.randrange(min(len(body), 1200))] = chance.choice(
                (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
            )
        assert 0 <= measured(name, bytes(body[: chance.randint(1, len(body))])) <= lengths.LONGEST


def media(lesson: Lesson) -> File:
    return File.objects.create(publication_id=lesson.course_id, lesson=lesson, name="Film", role=File.Role.MEDIA)


@pytest.mark.both
@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
def test_a_lesson_takes_its_length_from_what_comes_to_play_in_it(now: datetime, work: Work) -> None:
    lesson = build.lesson()
    file = media(lesson)
    first = uploaded("film.webm", (RECORDED / "film.webm").read_bytes(), now, work, of=file)
    assert first.state == FileVersion.State.READY
    lesson.refresh_from_db()
    assert lesson.seconds == 7
    uploaded("talk.m4a", (RECORDED / "talk.m4a").read_bytes(), now, work, of=file)
    lesson.refresh_from_db()
    assert lesson.seconds == 3, "a replacement is as long as it is"
    uploads.restore(first, now=now + timedelta(hours=1))
    lesson.refresh_from_db()
    assert lesson.seconds == 7
    copied = duplicate(lesson.course)
    assert copied.files.get().versions.get().seconds == 7


@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
def test_what_the_owner_wrote_stays(now: datetime, work: Work) -> None:
    lesson = build.lesson(seconds=300)
    file = media(lesson)
    for name in ("film.mp4", "talk.m4a"):
        uploaded(name, (RECORDED / name).read_bytes(), now, work, of=file)
        lesson.refresh_from_db()
        assert lesson.seconds == 300


@pytest.mark.django_db
@pytest.mark.usefixtures("bucket")
def test_what_is_taken_along_says_nothing_of_the_lessons_length(now: datetime, work: Work) -> None:
    lesson = build.lesson()
    extra = File.objects.create(publication_id=lesson.course_id, lesson=lesson, name="Extra")
    assert uploaded("film.mp4", (RECORDED / "film.mp4").read_bytes(), now, work, of=extra).seconds == 7
    lesson.refresh_from_db()
    assert lesson.seconds == 0


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["", "0"])
def test_an_owner_who_empties_the_field_gets_what_was_read(
    client_for: type[Client], owner: object, written: str
) -> None:
    lesson = build.lesson(seconds=300)
    build.file(lesson, role=File.Role.MEDIA).versions.update(seconds=42)
    form = {"title": lesson.title, "slug": lesson.slug, "section": lesson.section_id, "body": "", "chapters": ""}
    answer = client_for(owner).post(f"/admin/courses/lesson/{lesson.pk}/change/", form | {"seconds": written})  # type: ignore[arg-type]
    assert answer.status_code == 302, answer.content
    lesson.refresh_from_db()
    assert lesson.seconds == 42
