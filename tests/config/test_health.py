"""`/healthz/` tells a load balancer and an operator which part does not answer; `/livez/` asks nothing else."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client

from config import health
from sandbox.s3 import BucketServer
from tests import build

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


def test_while_the_database_is_away_every_page_says_to_come_again_soon(client: Client) -> None:
    def silent(execute: object, sql: str, *rest: object) -> None:
        raise OperationalError("the server closed the connection")

    client.raise_request_exception = False
    with connection.execute_wrapper(silent):
        answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "30", "no-store")
    assert "We will be back in a moment" in answer.content.decode()


@pytest.mark.parametrize("path", ["/account/login/", "/account/password/reset/", "/account/login/code/"])
def test_doors_that_count_tries_stay_closed_without_their_cache(client: Client, settings: Any, path: str) -> None:
    """A table that is not there stands for any cache that does not answer: nobody gets tries that nobody counts."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "gone"}}
    client.raise_request_exception = False
    person = build.person("nadia@example.com")
    with transaction.atomic():
        answer = client.post(path, {"login": person.email, "email": person.email, "password": build.PASSWORD})
        transaction.set_rollback(True)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_a_fault_of_our_own_is_not_said_to_pass() -> None:
    assert not health.is_away(ValueError("ours"))
    assert not health.is_away(None)
