"""Rotating the key that signs: old links die when it is switched off, new ones are good throughout, and each step is told."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from config.models import AuditEntry
from courses import serving
from courses.models import Download, FileVersion
from sandbox.s3 import BucketServer, Identity
from tests.courses.uploads.hands import Work, ask, uploaded
from tests.courses.uploads.samples import PDF

pytestmark = pytest.mark.django_db
SECOND = ("READERTESTKEY2", "another-secret")


@pytest.fixture
def identities(bucket: BucketServer) -> Iterator[dict[str, Identity]]:
    """The bucket's own list of keys: what the owner changes at Amazon."""
    kept = dict(bucket.identities)
    yield bucket.identities
    bucket.identities.clear()
    bucket.identities.update(kept)


def link(person: User, version: FileVersion, now: datetime) -> str:
    return serving.mint(person, version, Download.Purpose.DOWNLOAD, now=now).url


def fill_second_slot(settings: Any) -> None:
    settings.S3_SPARE_READER = SECOND
    settings.S3_READER_KEYS = settings.S3_READER_KEYS | dict([SECOND])


def change_over(settings: Any) -> None:
    first = settings.S3_IDENTITIES["reader"]
    settings.S3_SPARE_READER, settings.S3_IDENTITIES = first, settings.S3_IDENTITIES | {"reader": SECOND}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("rotate_signer")
    return capsys.readouterr().out


def test_rotation_step_by_step(
    subscriber: User,
    now: datetime,
    work: Work,
    settings: Any,
    identities: dict[str, Identity],
    capsys: pytest.CaptureFixture[str],
) -> None:
    version = uploaded("a.pdf", PDF, now, work)
    old = [link(subscriber, version, now) for _ in range(5)]
    assert "create-access-key" in said(capsys)

    fill_second_slot(settings)
    assert "The other: READERTESTKEY2, refused by the bucket" in said(capsys), "Amazon does not know it yet"
    add(identities, Identity("reader", *SECOND))
    assert "Both keys may read" in said(capsys)

    change_over(settings)
    new = [link(subscriber, version, now) for _ in range(5)]
    told = said(capsys)
    assert "another key signs now" in told
    assert "--access-key-id READERTESTKEY --status Inactive" in told
    assert "5 links that still run" in told
    assert {ask("GET", url)[0] for url in old + new} == {200}, "until the old key is switched off, all of them are good"

    remove(identities, "READERTESTKEY")
    assert {ask("GET", url)[0] for url in old} == {403}
    assert {ask("GET", url)[0] for url in [*new, link(subscriber, version, now)]} == {200}
    assert "every link that it signed is dead" in said(capsys)
    recorded = AuditEntry.objects.filter(act="signer.changed").order_by("pk")
    assert [entry.after for entry in recorded] == [{"key_id": "READERTESTKEY"}, {"key_id": "READERTESTKEY2"}]


def add(identities: dict[str, Identity], identity: Identity) -> None:
    identities[identity.key_id] = identity


def remove(identities: dict[str, Identity], key_id: str) -> None:
    for name in [name for name, one in identities.items() if one.key_id == key_id]:
        del identities[name]
