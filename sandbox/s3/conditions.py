"""Preconditions and ranges of one request, judged against the object as it is now."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .errors import S3Error
from .store import Allow, Object


def outcome(headers: dict[str, str], found: Object) -> int:
    """200, or 304 where the client has it already; raises PreconditionFailed. Order as in RFC 9110, 13.2.2."""
    if "if-match" in headers:
        if not names(headers["if-match"], found):
            raise failed("If-Match")
    elif (unless := moment(headers.get("if-unmodified-since"))) and found.modified > unless:
        raise failed("If-Unmodified-Since")
    if "if-none-match" in headers:
        return 304 if names(headers["if-none-match"], found) else 200
    since = moment(headers.get("if-modified-since"))
    return 304 if since and found.modified <= since else 200


def byte_range(headers: dict[str, str], found: Object) -> tuple[int, int] | None:
    """The (start, end) asked for, end excluded, or None for the whole; several ranges mean the whole, as on S3."""
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", headers.get("range", "").replace(" ", ""))
    if not match or match[0] == "bytes=-" or not still_same(headers.get("if-range"), found):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, found.size - int(last)), found.size
    else:
        start, end = int(first), min(found.size, int(last) + 1 if last else found.size)
        if last and int(last) < start:
            return None
    if start >= found.size:
        details = {"RangeRequested": headers["range"], "ActualObjectSize": found.size}
        raise S3Error("InvalidRange", "The requested range is not satisfiable", **details)
    return start, end


def still_same(if_range: str | None, found: Object) -> bool:
    if if_range is None:
        return True
    when = moment(if_range)
    return when == found.modified if when else names(if_range, found)


def on_write(headers: dict[str, str]) -> Allow:
    """The check a conditional PUT makes at the moment its object would appear."""

    def allow(existing: Object | None) -> None:
        if headers.get("if-none-match", "*") != "*":
            raise S3Error("NotImplemented", "If-None-Match takes only * here.", Header="If-None-Match")
        if "if-none-match" in headers and existing:
            raise failed("If-None-Match")
        if "if-match" in headers:
            if existing is None:
                raise S3Error("NoSuchKey", "The specified key does not exist.")
            if not names(headers["if-match"], existing):
                raise failed("If-Match")

    return allow


def on_copy_source(headers: dict[str, str], source: Object) -> None:
    """x-amz-copy-source-if-…: the same rules, but a match that would be 304 fails the copy."""
    prefix = "x-amz-copy-source-"
    asked = {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix + "if-")}
    if outcome(asked, source) == 304:
        raise failed("x-amz-copy-source-If-None-Match")


def names(tags: str, found: Object) -> bool:
    """Whether a list of entity tags covers this object."""
    listed = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    return "*" in listed or found.etag in listed


def moment(value: str | None) -> datetime | None:
    """An HTTP date, or None for anything else: S3 ignores a date it cannot read."""
    try:
        when = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when


def failed(condition: str) -> S3Error:
    return S3Error(
        "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", Condition=condition
    )
