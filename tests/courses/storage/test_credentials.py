"""Temporary keys: renewed in good time, shared by threads, and no link outlives them (t5). moto stands in for Amazon's STS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from botocore.credentials import Credentials
from botocore.exceptions import ConnectTimeoutError
from django.test import Client
from moto import mock_aws

from courses import storage
from courses.models import Download, File
from courses.storage import credentials
from courses.storage.covers import CoverStorage
from courses.storage.credentials import Held, Role
from tests import build

KEY = "content/5f0e2b6c-8d0a-4f0f-9a6e-2f6f5c0f3a11"
ARN = "arn:aws:iam::123456789012:role/lectern-reader"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class Landlord(Role):
    """A role whose keys live for as long as the test says; `down` is an STS that does not answer."""

    def __init__(self) -> None:
        super().__init__(ARN, "eu-central-1")
        self.asked, self.down, self.life = 0, False, timedelta(hours=1)

    def fetch(self) -> Held:
        self.asked += 1
        if self.down:
            raise ConnectTimeoutError(endpoint_url="sts")
        return Held(Credentials(f"ASIA{self.asked}", "secret", "token"), datetime.now(UTC) + self.life)


@pytest.fixture
def landlord(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Landlord:
    settings.S3_ROLES = {"reader": ARN}
    made = Landlord()
    monkeypatch.setattr(credentials, "role", lambda arn, region: made)
    return made


def sign(ttl: int = 120) -> storage.SignedURL:
    return storage.sign_get(KEY, "a.pdf", content_type="application/pdf", ttl=ttl, trace="trace")


def query(signed: storage.SignedURL) -> dict[str, list[str]]:
    return parse_qs(urlsplit(signed.url).query)


@pytest.mark.parametrize("left", range(61, 1000, 9))
def test_no_link_outlives_the_keys_it_is_signed_with(landlord: Landlord, left: int) -> None:
    """T5, over a hundred lifetimes: a link, if there is one, ends a minute before its keys, and lives half a minute at least."""
    landlord.life = timedelta(seconds=left)
    with time_machine.travel(NOW, tick=False):
        if left < 90:
            with pytest.raises(storage.CredentialsEnding):
                sign(900)
            return
        signed = sign(900)
    assert signed.expires_at <= NOW + timedelta(seconds=left - 60)
    assert query(signed)["X-Amz-Expires"] == [str(min(900, left - 60))]
    assert signed.expires_at == NOW + timedelta(seconds=min(900, left - 60))
    assert query(signed)["X-Amz-Security-Token"] == ["token"]


def test_keys_that_do_not_end_sign_for_what_was_asked() -> None:
    assert query(sign(900))["X-Amz-Expires"] == ["900"]
    assert "X-Amz-Security-Token" not in query(sign())


def test_keys_are_renewed_a_quarter_of_an_hour_before_their_end(landlord: Landlord) -> None:
    for minutes, asked in ((0, 1), (44, 1), (46, 2), (60, 2), (92, 3)):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            assert query(sign())["X-Amz-Credential"][0].startswith(f"ASIA{asked}/")


def test_old_keys_serve_to_their_end_while_nobody_gives_new_ones(landlord: Landlord) -> None:
    with time_machine.travel(NOW, tick=False):
        sign()
    landlord.down = True
    with time_machine.travel(NOW + timedelta(minutes=58), tick=False):
        assert query(sign(900))["X-Amz-Expires"] == ["60"]
        sign()
        assert landlord.asked == 2  # Once, not for every click.
    with time_machine.travel(NOW + timedelta(minutes=59), tick=False), pytest.raises(storage.CredentialsEnding):
        sign()
    landlord.down = False
    with time_machine.travel(NOW + timedelta(minutes=70), tick=False):
        assert query(sign(900))["X-Amz-Expires"] == ["900"]


def test_threads_ask_for_new_keys_once(landlord: Landlord) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: query(sign())["X-Amz-Credential"][0].split("/")[0], range(64)))
    assert (set(found), landlord.asked) == ({"ASIA1"}, 1)


@pytest.mark.django_db
def test_d38_reader_of_a_sample_is_asked_to_wait_when_nothing_can_be_signed(landlord: Landlord, client: Client) -> None:
    """503 with Retry-After, no link, and nothing counted."""
    landlord.down = True
    sample = build.file(build.ebook(), role=File.Role.SAMPLE)
    answer = client.get(f"/files/{sample.pk}/")
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "30", "no-store, private")
    assert "X-Amz" not in answer.content.decode()
    assert not Download.objects.exists()


@pytest.fixture
def amazon(settings: Any) -> Iterator[None]:
    settings.S3_REGION = "eu-central-1"
    settings.S3_ENDPOINT_URL, settings.S3_ADDRESSING_STYLE = "https://s3.eu-central-1.amazonaws.com", "virtual"
    credentials.role.cache_clear()
    with mock_aws():
        yield
    credentials.role.cache_clear()


def test_a_role_is_taken_on_and_asked_with(amazon: None, settings: Any) -> None:
    settings.S3_ROLES = dict.fromkeys(("reader", "keeper"), ARN)
    held = credentials.credentials_of("reader")
    assert held.keys.access_key.startswith("ASIA")
    assert held.expires_at is not None
    assert timedelta(minutes=55) < held.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert query(sign())["X-Amz-Security-Token"] == [held.keys.token]
    assert CoverStorage(bucket_name="covers").connection.meta.client._request_signer._credentials.token
