"""Put the sample library into the site: bytes into the bucket first, then every row in one transaction.

It runs at each start of the demo. Where any of its titles is in the database it has run before, and then it touches no row, so that
what the owner changed or took away stays so; it only gives back the bytes that a new bucket, or a lost folder of covers, does not have.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.models import Product
from courses.covers import make_sizes
from courses.models import Course, Ebook, File, FileVersion, Lesson, Publication, Section, Topic
from sandbox.library.bucket import Stored
from sandbox.library.catalogue import BOOKS, COURSES, PRODUCTS, TITLES, TOPICS
from sandbox.library.shapes import Book, CourseSample, FileSample, TitleSample

logger = logging.getLogger(__name__)


def load(*, now: datetime | None = None) -> None:
    """Load the library, or make good what its earlier loading has lost. `now` is when what is published was, some days ago, published.

    Raises StorageError where the bucket does not take the bytes, and LookupError where a product has not been mirrored from Stripe;
    in both cases no row has been written, and the next call begins where this one stopped.
    """
    moment = now or timezone.now()
    everything = [Stored(sample) for title in TITLES for sample in title.files]
    if _loaded().exists():
        _put(_still_wanted(everything))
        _restore_covers()
        return
    products = _products()
    _put(everything)
    with transaction.atomic():
        _write(products, {stored.sample.path: stored for stored in everything}, now=moment)
    logger.info("sample library loaded titles=%s files=%s", len(TITLES), len(everything))


def _loaded() -> QuerySet[Publication]:
    ours = Q(kind=Publication.Kind.EBOOK, slug__in=[book.slug for book in BOOKS])
    ours |= Q(kind=Publication.Kind.COURSE, slug__in=[course.slug for course in COURSES])
    return Publication.objects.filter(ours)


def _put(wanted: Iterable[Stored]) -> None:
    for stored in wanted:
        stored.put()


def _still_wanted(everything: list[Stored]) -> Iterator[Stored]:
    keys = set(
        FileVersion.objects.ready().filter(key__in=[stored.key for stored in everything]).values_list("key", flat=True)
    )
    return (stored for stored in everything if stored.key in keys)


def _restore_covers() -> None:
    covers = {title.slug: title.cover for title in TITLES}
    for publication in _loaded():
        name = publication.cover.name
        if name and PurePosixPath(name).stem.startswith(publication.slug) and not default_storage.exists(name):
            default_storage.save(name, ContentFile(covers[publication.slug].read_bytes()))


def _products() -> dict[str, Product]:
    """Find the products that open titles, by the names they were given at Stripe."""
    wanted = {key for title in TITLES for key in title.products}
    found = {}
    for sample in PRODUCTS:
        if sample.key in wanted:
            product = Product.objects.filter(name=sample.name).order_by("pk").first()
            if product is None:
                raise LookupError(
                    f"The product “{sample.name}” is not here. Make it at Stripe, mirror it, and start again."
                )
            found[sample.key] = product
    return found


def _write(products: dict[str, Product], stored: dict[str, Stored], *, now: datetime) -> None:
    topics = {
        topic.slug: Topic.objects.get_or_create(slug=topic.slug, defaults=_described(topic.name, topic.description))[0]
        for topic in TOPICS
    }
    for title in TITLES:
        publication = _publication(title, now=now)
        # The duty that looks for covers without their sizes may have been round before there were any.
        make_sizes.enqueue(publication.pk)
        publication.topics.set(topics[slug] for slug in title.topics)
        publication.products.set(products[key] for key in title.products)
        if isinstance(publication, Course) and isinstance(title, CourseSample):
            _lessons(publication, title, stored, now=now)
        else:
            _files(publication, title.files, stored, now=now)


def _described(name: str, description: str) -> dict[str, str]:
    return {"name": name, "description": description}


def _publication(title: TitleSample, *, now: datetime) -> Course | Ebook:
    names = ("slug", "title", "subtitle", "author", "summary", "description", "level", "language", "access", "state")
    fields = {name: getattr(title, name) for name in names}
    when = None if title.published_in is None else now + timedelta(days=title.published_in)
    if isinstance(title, Book):
        publication: Course | Ebook = Ebook(**fields, pages=title.pages, published_at=when)
    else:
        publication = Course(**fields, published_at=when)
    publication.cover.save(f"{title.slug}.webp", ContentFile(title.cover.read_bytes()), save=False)
    # Written out, so that no list of titles has to open its pictures to learn their size.
    publication.cover_width, publication.cover_height = publication.cover.width, publication.cover.height
    publication.save()
    return publication


def _lessons(course: Course, title: CourseSample, stored: dict[str, Stored], *, now: datetime) -> None:
    for place, part in enumerate(title.sections, 1):
        section = Section.objects.create(course=course, title=part.title, position=place)
        for position, sample in enumerate(part.lessons, 1):
            fields = {
                name: getattr(sample, name) for name in ("slug", "title", "body", "seconds", "chapters", "preview")
            }
            lesson = Lesson.objects.create(section=section, position=position, **fields)
            _files(course, sample.files, stored, now=now, lesson=lesson)


def _files(
    publication: Course | Ebook,
    samples: tuple[FileSample, ...],
    stored: dict[str, Stored],
    *,
    now: datetime,
    lesson: Lesson | None = None,
) -> None:
    for position, sample in enumerate(samples, 1):
        made = stored[sample.path]
        names = {"name": sample.name, "role": sample.role, "language": sample.language}
        file = File.objects.create(publication=publication, lesson=lesson, position=position, **names)
        FileVersion.objects.create(
            file=file,
            key=made.key,
            original_name=PurePosixPath(sample.path).name,
            size=len(made.body),
            content_type=sample.content_type,
            sha256=made.sha256,
            state=FileVersion.State.READY,
            ready_at=now,
        )
