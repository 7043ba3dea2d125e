"""The floor of the webhook: a WSGI function and psycopg. It stores the event's id, commits and says 200. Served as `bench.bare`."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

mine = threading.local()


def connection() -> "psycopg.Connection[Any]":
    if not hasattr(mine, "connection"):
        mine.connection = psycopg.connect(os.environ["DATABASE_URL"])
        mine.connection.execute("CREATE TABLE IF NOT EXISTS bare_events (id text PRIMARY KEY, type text NOT NULL)")
        mine.connection.commit()
    return mine.connection


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "POST":
        event = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        row = (event["id"], event["type"])
        connection().execute("INSERT INTO bare_events VALUES (%s, %s) ON CONFLICT DO NOTHING", row)
        connection().commit()
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
