"""Smaller pictures of a cover, made in the background, so that a phone loads a phone's picture."""

import logging
import warnings
from datetime import timedelta
from io import BytesIO
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from config import background
from courses.models import Publication

logger = logging.getLogger(__name__)
# A shelf shows covers 160 to 420 CSS pixels wide, the page of a title up to 620; screens have up to three pixels for one.
WIDTHS = (240, 480, 800, 1200)
FORMATS = ("JPEG", "PNG", "WEBP")
PIXELS, BYTES = 40_000_000, 10 * 1024**2
QUALITY = 82


class BadCover(Exception):
    """The file is no picture that we take; the message is for the log."""


@background.task(tries=5, title=_("Make a cover’s sizes"))
def make_sizes(publication_id: int) -> None:
    """Make the smaller pictures of a title's cover, unless they are there already or the title has gone."""
    title = Publication.objects.filter(pk=publication_id).first()
    if title is None or not title.cover or title.cover_sizes.get("of") == title.cover.name:
        return
    name = str(title.cover.name)
    try:
        made = {width: title.cover.storage.save(sized(name, width), file) for width, file in sizes(title)}
    except BadCover as error:
        # Trying again would not mend a picture; the page goes on showing it as it is.
        logger.warning("cover left as it is publication=%s reason=%s", publication_id, error)
        made = {}
    kept = {"of": name, "files": made}
    Publication.objects.filter(pk=publication_id, cover=name).update(cover_sizes=kept)


@background.every(timedelta(hours=6), title=_("Look for covers without their sizes"))
def find_covers() -> None:
    """Enqueue what was missed: covers from before there were sizes, or loaded without a form."""
    for pk, cover, made in Publication.objects.exclude(cover="").values_list("pk", "cover", "cover_sizes"):
        if made.get("of") != cover:
            make_sizes.enqueue(pk)


def sizes(title: Publication) -> "list[tuple[int, ContentFile[bytes]]]":
    """Return the widths below the cover's own, each with its picture as WebP. Raises BadCover."""
    with title.cover.open("rb") as file:
        picture = opened(BytesIO(file.read(BYTES + 1)))
    return [(width, shrunk(picture, width)) for width in WIDTHS if width < picture.width]


def opened(file: BytesIO) -> Image.Image:
    """Decode a picture whose format and measures are allowed; nothing is unpacked before they are known. Raises BadCover."""
    if file.getbuffer().nbytes > BYTES:
        raise BadCover("too many bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(file, formats=FORMATS)
            if picture.width * picture.height > PIXELS:
                raise BadCover("too many pixels")
            picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise BadCover(type(error).__name__) from error
    return ImageOps.exif_transpose(picture)


def shrunk(picture: Image.Image, width: int) -> "ContentFile[bytes]":
    """Return the picture at this width in WebP, in plain colours and without what a camera wrote into it."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    small = picture.convert(mode).resize(
        (width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS
    )
    out = BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=4)
    return ContentFile(out.getvalue())


def sized(name: str, width: int) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-{width}.webp"))
