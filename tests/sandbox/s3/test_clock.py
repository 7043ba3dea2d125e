"""Lifetimes, with the bucket's clock moved instead of waiting."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.s3 import BucketServer
from tests.sandbox.s3.conftest import BUCKET, IDENTITIES, KEYS, REGION
from tests.sandbox.s3.scene import BODY, Engine, Scene

TTL = 120


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scene(tmp_path: Path, clock: Clock) -> Iterator[Scene]:
    with BucketServer(
        tmp_path, bucket=BUCKET, region=REGION, identities=IDENTITIES, cors_origins=[], clock=clock
    ) as server:
        yield Scene(Engine("bucket", server.endpoint, BUCKET, REGION, KEYS))


def test_a_link_lives_for_its_lifetime_and_no_longer(scene: Scene, clock: Clock) -> None:
    scene.put()
    urls = [scene.presign("GET", expires=TTL, query={"x-dl": str(number)}) for number in range(100)]
    clock.ahead = timedelta(seconds=TTL - 5)
    assert [scene.send("GET", url).status for url in urls] == [200] * 100
    clock.ahead = timedelta(seconds=TTL + 5)
    assert [scene.send("GET", url).line for url in urls] == ["403 AccessDenied"] * 100


def test_a_part_url_lives_no_longer_either(scene: Scene, clock: Clock) -> None:
    url = scene.presign("PUT", who="writer", expires=TTL)
    clock.ahead = timedelta(seconds=TTL + 5)
    assert scene.send("PUT", url, body=BODY).line == "403 AccessDenied"
    clock.ahead = timedelta()
    assert scene.stored() is None


def test_a_clock_that_is_behind_refuses_links_from_the_future(scene: Scene, clock: Clock) -> None:
    scene.put()
    url = scene.presign("GET", expires=TTL)
    clock.ahead = timedelta(minutes=-14)
    assert scene.send("GET", url).status == 200
    clock.ahead = timedelta(minutes=-16)
    assert scene.send("GET", url).line == "403 AccessDenied"
    assert scene.call("GET", scene.url()).line == "403 RequestTimeTooSkewed"
