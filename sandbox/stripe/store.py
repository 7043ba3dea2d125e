"""The embedded Stripe's memory: one SQLite file of JSON objects, so that what was bought is still there after a restart."""

import json
import secrets
import sqlite3
import string
import threading
from pathlib import Path
from typing import Any

from sandbox.stripe.errors import missing

LETTERS = string.ascii_letters + string.digits
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, customer TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_kind ON objects (kind, customer, seq);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, url TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL, status TEXT NOT NULL DEFAULT 'pending', answer TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
OF_KIND = "SELECT body FROM objects WHERE kind = ? ORDER BY seq DESC"
OF_CUSTOMER = "SELECT body FROM objects WHERE kind = ? AND customer = ? ORDER BY seq DESC"


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(LETTERS) for _ in range(length))}"


class Store:
    """Objects by id and kind. Every method is safe to call from any thread; `lock` makes several of them one step."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(root / "stripe.sqlite3", check_same_thread=False, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + SCHEMA)

    def close(self) -> None:
        with self.lock:
            self.db.close()

    def clear(self) -> None:
        with self.lock:
            for table in ("objects", "answers", "deliveries", "notes"):
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own four names

    def save(self, body: dict[str, Any]) -> dict[str, Any]:
        """Insert or replace an object under its id; `object` is its kind."""
        row = (body["id"], body["object"], owner(body), json.dumps(body))
        with self.lock:
            self.db.execute(
                "INSERT INTO objects (id, kind, customer, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, body = excluded.body",
                row,
            )
        return body

    def find(self, kind: str, identifier: Any) -> dict[str, Any] | None:
        with self.lock:
            row = self.db.execute("SELECT body FROM objects WHERE id = ? AND kind = ?", (identifier, kind)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, identifier: Any, param: str = "id") -> dict[str, Any]:
        found = self.find(kind, identifier)
        if found is None:
            raise missing(kind.rsplit(".", 1)[-1], str(identifier), param)
        return found

    def all(self, kind: str, customer: str | None = None) -> list[dict[str, Any]]:
        """Return the objects of a kind, newest first."""
        with self.lock:
            rows = self.db.execute(OF_CUSTOMER, (kind, customer)) if customer else self.db.execute(OF_KIND, (kind,))
            rows = rows.fetchall()
        return [json.loads(row[0]) for row in rows]

    def note(self, name: str, default: Any = None) -> Any:
        with self.lock:
            row = self.db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def set_note(self, name: str, value: Any) -> None:
        with self.lock:
            self.db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))


def owner(body: dict[str, Any]) -> str | None:
    customer = body.get("customer")
    return customer if isinstance(customer, str) else None
