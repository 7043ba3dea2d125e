"""ListObjectsV2's walk: keys in byte order, rolled up at a delimiter, a page at a time."""

from dataclasses import dataclass, field

from .store import Object, Store, as_object

BATCH = 500


@dataclass
class Page:
    """`last` is the key or common prefix the next page begins after; empty where this page is the last."""

    objects: list[Object] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""

    @property
    def count(self) -> int:
        return len(self.objects) + len(self.prefixes)


def list_page(store: Store, prefix: str, *, delimiter: str, after: str, limit: int) -> Page:
    """Up to `limit` entries after `after`. One prefix costs one step, however many keys it hides."""
    page = Page()
    position, last = first_position(prefix, delimiter, after), ""
    while True:
        found = batch(store, position, BATCH if not delimiter else min(BATCH, limit + 1))
        for item in found:
            if not item.key.startswith(prefix):
                return page
            if page.count == limit:
                page.last = last
                return page
            rolled = common_prefix(item.key, prefix, delimiter)
            if rolled:
                page.prefixes.append(rolled)
                position, last = successor(rolled.encode()), rolled
                break
            page.objects.append(item)
            position, last = item.key.encode() + b"\0", item.key
        else:
            if not found:
                return page


def first_position(prefix: str, delimiter: str, after: str) -> bytes:
    """Where to begin: at the prefix, after the last key, or past everything a last common prefix covers."""
    start = after.encode() + b"\0" if after else b""
    if after and delimiter and common_prefix(after, prefix, delimiter) == after:
        start = successor(after.encode())
    return max(prefix.encode(), start)


def batch(store: Store, position: bytes, limit: int) -> list[Object]:
    return [
        as_object(row)
        for row in store.rows("SELECT * FROM objects WHERE key >= ? ORDER BY key LIMIT ?", position, limit)
    ]


def common_prefix(key: str, prefix: str, delimiter: str) -> str:
    if not delimiter or not key.startswith(prefix):
        return ""
    head, found, _ = key[len(prefix) :].partition(delimiter)
    return prefix + head + found if found else ""


def successor(prefix: bytes) -> bytes:
    """The first byte string that sorts after everything beginning with `prefix` (UTF-8 never ends in 0xFF)."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
