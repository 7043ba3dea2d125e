"""The embedded Stripe's memory: one SQLite file of JSON objects, so that what was bought is still there after a restart."""

import json
import random
import sqlite3
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.filters import FILTERS, STATEMENTS

Body = dict[str, Any]
LETTERS, DICE = string.ascii_letters + string.digits, random.Random()  # Names, not secrets.
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, customer TEXT, clock TEXT, due INTEGER,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS by_customer ON objects (kind, customer, seq);
CREATE INDEX IF NOT EXISTS by_due ON objects (clock, due, seq) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, url TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL, status TEXT NOT NULL DEFAULT 'pending', answer TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS of_event ON deliveries (event, url);
CREATE INDEX IF NOT EXISTS to_send ON deliveries (due, id) WHERE status = 'pending';
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
UPSERT = (
    "INSERT INTO objects (id, kind, customer, clock, due, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
    "SET customer = excluded.customer, clock = excluded.clock, due = excluded.due, body = excluded.body"
)
FIRST_DUE = "SELECT body FROM objects WHERE clock = ? AND due <= ? ORDER BY due, seq LIMIT 1"
CHUNK, PAYMENT_REQUIRED = 200, 402


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(DICE.choices(LETTERS, k=length))}"


class Store:
    """Objects by id and kind. Every method is safe to call from any thread; `lock` and `step` make several of them one step."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(root / "stripe.sqlite3", check_same_thread=False, isolation_level=None)
        self.make_tables()
        self.due_of: Callable[[Body], tuple[str, int] | None] = lambda body: (
            None
        )  # The world's clock puts its own here.

    def make_tables(self) -> None:
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;")
        columns = {row[1] for row in self.db.execute("PRAGMA table_info(objects)")}
        # A file of an earlier version knows nothing of what falls due: the server saves everything anew then.
        self.upgraded = bool(columns) and "due" not in columns
        if self.upgraded:
            for column in ("clock TEXT", "due INTEGER"):
                self.db.execute(f"ALTER TABLE objects ADD COLUMN {column}")
        self.db.executescript(SCHEMA + ";\n".join(STATEMENTS))

    def close(self) -> None:
        with self.lock:
            self.db.close()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do several things or none. A payment that is declined has happened, and is kept; other refusals leave nothing behind."""
        with self.lock:
            if self.db.in_transaction:
                yield
                return
            self.db.execute("BEGIN")
            try:
                yield
            except BaseException as error:
                happened = isinstance(error, StripeError) and error.status == PAYMENT_REQUIRED
                self.db.execute("COMMIT" if happened else "ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def clear(self) -> None:
        with self.lock:
            for table in ("objects", "answers", "deliveries", "notes"):
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own four names

    def save(self, body: Body) -> Body:
        """Insert or replace an object under its id; `object` is its kind."""
        clock, due = self.due_of(body) or (None, None)
        row = (body["id"], body["object"], owner(body), clock, due, json.dumps(body, separators=(",", ":")))
        with self.lock:
            self.db.execute(UPSERT, row)
        return body

    def forget(self, identifier: str) -> None:
        with self.lock:
            self.db.execute("DELETE FROM objects WHERE id = ?", (identifier,))

    def find(self, kind: str, identifier: Any) -> Body | None:
        found = self.find_any(identifier)
        return found if found and found["object"] == kind else None

    def find_any(self, identifier: Any) -> Body | None:
        """Return whatever has this id: no two kinds share one."""
        if not isinstance(identifier, str):
            return None
        with self.lock:
            row = self.db.execute("SELECT body FROM objects WHERE id = ?", (identifier,)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, identifier: Any, param: str = "id") -> Body:
        found = self.find(kind, identifier)
        if found is None:
            raise missing(kind.rsplit(".", 1)[-1], str(identifier), param)
        return found

    def all(self, kind: str, customer: str | None = None, **filters: Any) -> list[Body]:
        """Return the objects of a kind, newest first. `filters` are among FILTERS[kind]."""
        if customer:
            filters["customer"] = customer
        return list(self.walk(kind, filters))

    def walk(self, kind: str, filters: Body, *, start: int | None = None, upwards: bool = False) -> Iterator[Body]:
        """Yield objects newest first from below `start` (or oldest first from above it), a chunk of the index at a time."""
        clauses, values = [f"kind = '{kind}'"], []
        for name, value in filters.items():
            column = "customer" if name == "customer" else FILTERS[kind][name]
            wanted = value if isinstance(value, list) else [value]
            clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values += wanted
        compare, order = (">", "ASC") if upwards else ("<", "DESC")
        sql = f"SELECT seq, body FROM objects WHERE {' AND '.join(clauses)} AND seq {compare} ? ORDER BY seq {order} LIMIT {CHUNK}"  # noqa: S608 - names are ours, values are bound
        edge = start if start is not None else (0 if upwards else 1 << 62)
        while True:
            with self.lock:
                rows = self.db.execute(sql, (*values, edge)).fetchall()
            yield from (json.loads(text) for _, text in rows)
            if len(rows) < CHUNK:
                return
            edge = rows[-1][0]

    def place(self, kind: str, identifier: str, param: str) -> int:
        """Return where an object stands in its kind's order. Raises StripeError (404)."""
        with self.lock:
            row = self.db.execute("SELECT seq FROM objects WHERE id = ? AND kind = ?", (identifier, kind)).fetchone()
        if row is None:
            raise missing(kind, identifier, param)
        return int(row[0])

    def first_due(self, clock: str, until: int) -> Body | None:
        """Return the object to which something happens first on this clock, until this moment."""
        with self.lock:
            row = self.db.execute(FIRST_DUE, (clock, until)).fetchone()
        return json.loads(row[0]) if row else None

    def note(self, name: str, default: Any = None) -> Any:
        with self.lock:
            row = self.db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def set_note(self, name: str, value: Any) -> None:
        with self.lock:
            self.db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))


def owner(body: Body) -> str | None:
    customer = body.get("customer")
    return customer if isinstance(customer, str) else None
