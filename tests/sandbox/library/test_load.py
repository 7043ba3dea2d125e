"""The loader: everything is there after the first start, and no later start changes anything."""

import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import Product
from courses import storage
from courses.access import Verdict, decision
from courses.models import Course, Ebook, File, FileVersion, Lesson, Publication
from sandbox.library.bucket import Stored
from sandbox.library.catalogue import BOOKS, COURSES, PRODUCTS, TITLES
from sandbox.library.load import load
from sandbox.s3 import BucketServer
from tests import build
from tests.conftest import ClientFor


@pytest.fixture
def products(db: None) -> None:
    for product in PRODUCTS:
        Product.objects.create(stripe_id=f"prod_{product.key}", name=product.name, kind=product.kind)


@pytest.fixture
def loaded(products: None, bucket: BucketServer, settings: Any, tmp_path: Path, now: datetime) -> None:
    settings.MEDIA_ROOT = tmp_path
    load(now=now)


def rows() -> list[dict[str, Any]]:
    return [row for model in (Publication, Lesson, File, FileVersion) for row in model.objects.order_by("pk").values()]


def test_the_first_start_finds_a_whole_library(loaded: None, now: datetime) -> None:
    assert Ebook.objects.count() == len(BOOKS)
    assert Course.objects.count() == len(COURSES)
    assert FileVersion.objects.ready().count() == sum(len(title.files) for title in TITLES)
    assert Publication.objects.published(at=now).count() == 9
    assert Ebook.objects.get(slug="a-field-guide-to-fog").state == Publication.State.SCHEDULED
    assert Course.objects.get(slug="listening-walks").state == Publication.State.DRAFT
    assert set(Publication.objects.values_list("cover_width", "cover_height")) == {(1200, 1600), (1600, 900)}
    for publication in Publication.objects.all():
        assert default_storage.exists(publication.cover.name)
        assert publication.topics.exists()


def test_every_cover_gets_its_sizes_from_a_worker_that_began_before_there_was_one(
    loaded: None, work: Callable[..., int]
) -> None:
    """The duty that looks for covers goes round every six hours, and at a first start it has just been."""
    work()
    assert all(len(title.cover_set) >= 3 for title in Publication.objects.all())


def test_a_subscriber_receives_the_very_bytes(loaded: None, newcomer: User, now: datetime) -> None:
    plan = Product.objects.get(name="Membership")
    browser = ClientFor(build.subscribed(newcomer, plan, now=now))
    book = File.objects.get(publication__slug="drawing-the-stars", versions__content_type="application/epub+zip")
    url = browser.get(book.get_absolute_url())["Location"]
    assert quote(quote("星を描く 🌙.epub")) in url
    assert hashlib.sha256(_fetch(url)).hexdigest() == book.versions.get().sha256


def test_a_newcomer_opens_what_is_free_or_a_sample_and_nothing_else(
    loaded: None, newcomer: User, now: datetime
) -> None:
    files = File.objects.select_related("publication", "lesson").filter(publication__state="published")
    allowed = {file for file in files if decision(newcomer, file, now=now).allowed}
    assert {file.publication.access for file in allowed if file.role == File.Role.BOOK} == {"free"}
    refused = [file for file in files if file not in allowed]
    assert {file.publication.access for file in refused} == {"members", "restricted"}
    assert len([file for file in refused if file.publication.access == "members"]) >= 6
    assert all(decision(newcomer, file, now=now).verdict is Verdict.OFFER for file in refused)


def test_a_plan_does_not_open_the_restricted_title_and_its_item_does(
    loaded: None, newcomer: User, now: datetime
) -> None:
    title = Publication.objects.get(slug="folded-and-sewn")
    build.subscribed(newcomer, Product.objects.get(name="Membership"), now=now)
    assert not decision(newcomer, title, now=now).allowed
    newcomer.grants.create(product=Product.objects.get(name="Folded & Sewn"), reason="a gift", starts_at=now)
    assert decision(newcomer, title, now=now).allowed


def test_the_second_start_changes_no_row_and_is_quick(loaded: None, now: datetime) -> None:
    before, started = rows(), time.monotonic()
    with CaptureQueriesContext(connection) as queries:
        load(now=now)
    assert rows() == before
    assert time.monotonic() - started < 5
    assert not [query["sql"] for query in queries if query["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]


def test_what_the_owner_changed_or_took_away_stays_so(loaded: None, now: datetime) -> None:
    Ebook.objects.filter(slug="margins").update(title="Edges", access="free")
    Ebook.objects.get(slug="slack-water").delete()
    File.objects.filter(publication__slug="margins", role=File.Role.SAMPLE).delete()
    before = rows()
    load(now=now)
    assert rows() == before


def test_a_new_bucket_is_filled_again(loaded: None, bucket: BucketServer, now: datetime) -> None:
    version = FileVersion.objects.get(file__publication__slug="margins", content_type="application/epub+zip")
    bucket.store.delete(version.key)
    load(now=now)
    url = storage.sign_get(version.key, "x", content_type=version.content_type, ttl=60, trace="t").url
    assert hashlib.sha256(_fetch(url)).hexdigest() == version.sha256


def test_a_lost_folder_of_covers_is_filled_again(loaded: None, now: datetime) -> None:
    name = Ebook.objects.get(slug="margins").cover.name
    default_storage.delete(name)
    load(now=now)
    assert default_storage.exists(name)


def test_a_missing_product_is_named_and_nothing_is_written(db: None, bucket: BucketServer, now: datetime) -> None:
    with pytest.raises(LookupError, match="Folded & Sewn"):
        load(now=now)
    assert rows() == []


def test_changed_bytes_have_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = BOOKS[0].files[0]
    first = Stored(sample).key
    monkeypatch.setattr("sandbox.library.shapes.ASSETS", tmp_path)
    sample.source.parent.mkdir()
    sample.source.write_bytes(b"%PDF-1.7 another edition")
    assert Stored(sample).key != first


def _fetch(url: str) -> bytes:
    with urlopen(url) as response:
        return bytes(response.read())
