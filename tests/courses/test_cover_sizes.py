"""A cover's smaller pictures: made once, in the background, in the widths that pages ask for; and what is no picture is left alone."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from django.test import Client
from PIL import Image

from courses import covers
from courses.models import Ebook
from tests import build

pytestmark = pytest.mark.django_db
Work = Callable[..., int]


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def picture(kind: str = "JPEG", size: tuple[int, int] = (1000, 1400), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, kind, **options)
    return out.getvalue()


def book(body: bytes) -> Ebook:
    made: Ebook = build.ebook()
    made.cover.save("tides.jpg", ContentFile(body), save=False)
    Ebook.objects.filter(pk=made.pk).update(cover=made.cover.name, cover_width=1000, cover_height=1400)
    made.refresh_from_db()
    return made


def test_a_cover_gets_its_sizes_in_the_background(work: Work) -> None:
    made = book(picture())
    covers.make_sizes.enqueue(made.pk)
    work()
    made.refresh_from_db()
    assert [width for width, _address in made.cover_set] == [240, 480, 800]
    for width, name in made.cover_sizes["files"].items():
        with made.cover.storage.open(name) as file, Image.open(file) as small:
            assert (small.format, small.width) == ("WEBP", int(width))
            assert abs(small.height - int(width) * 1.4) <= 1
    page = render_to_string("components/cover.html", {"title": made})
    assert 'srcset="/media/covers/' in page
    assert " 480w, " in page
    assert f"{made.cover.url} 1000w" in page


def test_doing_it_twice_does_it_once(work: Work) -> None:
    made = book(picture())
    for _ in range(2):
        covers.make_sizes.enqueue(made.pk)
    work()
    first = Ebook.objects.get().cover_sizes
    covers.make_sizes.call(made.pk)
    assert Ebook.objects.get().cover_sizes == first
    assert len(list(Path(made.cover.path).parent.iterdir())) == 4


def test_a_changed_cover_is_never_shown_with_the_old_ones_sizes(work: Work) -> None:
    made = book(picture())
    covers.make_sizes.call(made.pk)
    other = made.cover.storage.save("covers/other.png", ContentFile(picture("PNG")))
    Ebook.objects.update(cover=other)
    assert Ebook.objects.get().cover_set == []
    covers.find_covers.call()
    work()
    assert Ebook.objects.get().cover_sizes["of"] == other


def test_a_camera_tells_nothing_and_turns_nothing(work: Work) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    made = book(picture(size=(1400, 1000), exif=exif))
    covers.make_sizes.call(made.pk)
    made.refresh_from_db()
    with made.cover.storage.open(made.cover_sizes["files"]["480"]) as file, Image.open(file) as small:
        assert small.height > small.width
        assert not small.getexif()


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA", "CMYK", "L"])
def test_pictures_of_every_kind_are_made_smaller(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    body = io.BytesIO()
    Image.new(mode, (500, 700)).save(body, kind)
    covers.make_sizes.call(book(body.getvalue()).pk)
    assert list(Ebook.objects.get().cover_sizes["files"]) == ["240", "480"]


BAD = {
    "text": b"not a picture",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    "gif": picture("GIF"),
    "cut": picture()[:3000],
    "flood": picture("PNG", (8001, 5001), "1"),
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_u_what_is_no_good_picture_is_left_as_it_is(work: Work, name: str) -> None:
    made = book(BAD[name])
    covers.make_sizes.enqueue(made.pk)
    work()
    made.refresh_from_db()
    assert made.cover_sizes == {"of": made.cover.name, "files": {}}
    assert "srcset" not in render_to_string("components/cover.html", {"title": made})


def test_a_title_that_went_away_meanwhile_is_no_failure(work: Work) -> None:
    covers.make_sizes.enqueue(10**6)
    work()


def test_a_films_still_is_a_small_picture_of_the_cover_once_there_is_one(work: Work) -> None:
    made = book(picture(size=(1600, 900)))
    assert made.poster == made.cover.url
    covers.make_sizes.enqueue(made.pk)
    work()
    made.refresh_from_db()
    assert made.poster == dict(made.cover_set)[800]
    assert build.ebook().poster == ""


def test_only_the_first_cover_of_a_shelf_is_fetched_before_all_else() -> None:
    for _ in range(3):
        book(picture())
    page = Client().get("/ebooks/").content.decode()
    assert page.count('fetchpriority="high"') == 1
    assert page.count('loading="lazy"') == 2
    assert page.index('fetchpriority="high"') < page.index('loading="lazy"')
