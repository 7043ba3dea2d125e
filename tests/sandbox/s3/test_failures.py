"""Failures on demand, so that what talks to a bucket can be tested when the bucket is unwell."""

import http.client
import threading
import time
from collections.abc import Iterator

import pytest

from sandbox.s3 import BucketServer
from sandbox.s3.line import Line
from tests.sandbox.s3.cases_multipart import begin, put_part
from tests.sandbox.s3.scene import BODY, Scene


@pytest.fixture(autouse=True)
def _well_again(our_bucket: BucketServer) -> Iterator[None]:
    yield
    our_bucket.chaos.clear()


@pytest.mark.parametrize(("kind", "line"), [("SlowDown", "503 SlowDown"), ("InternalError", "500 InternalError")])
def test_the_next_requests_fail_and_those_after_them_do_not(
    our_bucket: BucketServer, ours: Scene, kind: str, line: str
) -> None:
    ours.put()
    our_bucket.fail_next(2, kind=kind)  # type: ignore[arg-type]
    assert [ours.get().line for _ in range(3)] == [line, line, "200"]


def test_only_matching_requests_fail(our_bucket: BucketServer, ours: Scene) -> None:
    upload = begin(ours)
    our_bucket.fail_next(2, match=lambda request: request.parameters.get("partNumber") == "7")
    assert put_part(ours, upload, 6).status == 200
    assert [put_part(ours, upload, 7).status for _ in range(3)] == [503, 503, 200]


def test_a_line_that_drops(our_bucket: BucketServer, ours: Scene) -> None:
    ours.put()
    our_bucket.fail_next(kind="reset")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ours.get()
    assert ours.get().status == 200


def test_a_line_that_drops_in_the_middle_of_the_bytes(our_bucket: BucketServer, ours: Scene) -> None:
    ours.put()
    our_bucket.fail_next(kind="cut")
    with pytest.raises(http.client.IncompleteRead) as broken:
        ours.get()
    assert broken.value.partial == BODY[: len(BODY) // 2]
    assert ours.get().status == 200


def test_an_answer_that_is_lost_though_the_work_is_done(our_bucket: BucketServer, ours: Scene) -> None:
    our_bucket.fail_next(kind="lost")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ours.put()
    assert ours.stored() == BODY


def test_a_bucket_that_hangs_can_still_be_stopped(our_bucket: BucketServer, ours: Scene) -> None:
    ours.put()
    our_bucket.fail_next(kind="hang")
    ended: list[bool] = []

    def ask() -> None:
        try:
            ours.get()
        except (OSError, http.client.HTTPException):
            ended.append(True)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    assert not ended
    our_bucket.stop()
    thread.join(5)
    our_bucket.start()
    assert ended == [True]


def test_a_slow_line_is_one_for_all_connections(
    our_bucket: BucketServer, ours: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_bucket, "line", Line(rate=400_000))
    began = time.monotonic()
    threads = [threading.Thread(target=ours.put, args=[bytes(100_000)], kwargs={"key": f"content/{n}"}) for n in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 0.5
    assert [ours.stored(key=f"content/{n}") for n in "ab"] == [bytes(100_000)] * 2
