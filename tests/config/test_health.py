"""`/healthz/` tells a load balancer and an operator which part does not answer; `/livez/` asks nothing else."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client

from sandbox.s3 import BucketServer

pytestmark = pytest.mark.django_db


def test_all_is_well_while_database_and_bucket_answer(client: Client, bucket: BucketServer) -> None:
    answer = client.get("/healthz/")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "database": True, "bucket": True})


def test_a_silent_bucket_is_named(client: Client, bucket: BucketServer) -> None:
    bucket.stop()
    try:
        answer = client.get("/healthz/")
    finally:
        bucket.start()
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "database": True, "bucket": False})


def test_a_failing_bucket_is_named(client: Client, bucket: BucketServer) -> None:
    bucket.fail_next(kind="InternalError")
    assert client.get("/healthz/").json()["bucket"] is False


def test_the_bucket_is_asked_once_in_ten_seconds(client: Client, bucket: BucketServer) -> None:
    before = len(bucket.log)
    for _ in range(5):
        assert client.get("/healthz/").status_code == 200
    assert len(bucket.log) == before + 1
    cache.clear()
    client.get("/healthz/")
    assert len(bucket.log) == before + 2


def test_a_silent_database_is_named(client: Client, bucket: BucketServer) -> None:
    def silent(execute: object, sql: str, *rest: object) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(silent):
        answer = client.get("/healthz/")
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "database": False, "bucket": None})


def test_the_process_lives_whatever_else_does_not(client: Client) -> None:
    def silent(execute: object, sql: str, *rest: object) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(silent):
        assert client.get("/livez/").json() == {"ok": True}
